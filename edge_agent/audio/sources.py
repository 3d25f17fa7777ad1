"""What an order is made of: frozen values that say what should sound, never how.

A part lasts exactly as long as it says. What a file or a relay does not fill is silence, so the
parts after it keep their place on the clock.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wire.pack import SirenPattern


@dataclass(frozen=True, slots=True)
class FilePart:
    """`duration_ms` of the file `path`, from `offset_ms` on; refused unless its SHA-256 fits."""

    path: Path
    sha256: str
    duration_ms: int
    offset_ms: int = 0
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class RelayPart:
    """A live stream; while it is silent or gone, `fallback` (looped) at its clock place."""

    url: str
    for_ms: int
    fallback: FilePart | None = None
    kind: Literal["http", "icecast", "hls"] = "http"
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class TonePart:
    """A sound made by code, which needs no file, no decoder and no disk."""

    kind: Literal["test", "siren", "chime"]
    for_ms: int
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class SirenPart:
    """A siren made by code: the sweeps of `pattern`, over and over for `for_ms`."""

    pattern: SirenPattern
    for_ms: int
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class DtmfPart:
    """A call in dual tones (ITU-T Q.23), one key after the other, each followed by its gap.

    `gain_db` counts from tones of 6 dB below full scale each.
    """

    digits: str
    tone_ms: int
    gap_ms: int
    gain_db: float = 0.0

    @property
    def for_ms(self) -> int:
        """How long the call takes."""
        return len(self.digits) * (self.tone_ms + self.gap_ms)


@dataclass(frozen=True, slots=True)
class SilencePart:
    """A pause of `for_ms`."""

    for_ms: int


Part = FilePart | RelayPart | TonePart | SirenPart | DtmfPart | SilencePart


@dataclass(frozen=True, slots=True)
class PlayOrder:
    """Parts that sound one after the other, the first sample at `start_at` (monotonic seconds).

    `into_ms` is where in the parts `start_at` lies. `end_at` (monotonic) ends the sound whatever
    the parts say; without it the order ends with its last part.
    """

    id: str
    start_at: float
    end_at: float | None
    parts: tuple[Part, ...]
    gain_db: float = 0.0
    into_ms: int = 0


def length_ms(part: Part) -> int:
    """Return how long a part lasts, in milliseconds."""
    return part.duration_ms if isinstance(part, FilePart) else part.for_ms
