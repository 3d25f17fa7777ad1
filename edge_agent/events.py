"""What the threads of the agent tell the conductor: frozen facts, posted to its inbox."""

from dataclasses import dataclass

from edge_agent.audio.events import AudioEvent
from edge_agent.device_voice import Spoken
from edge_agent.panic import PanicPressed, PanicReleased


@dataclass(frozen=True, slots=True)
class Arrived:
    """Bytes came on a topic, at the monotonic instant `at`.

    `session` and `mid` acknowledge them; `mid` 0 needs none.
    """

    topic: str
    payload: bytes
    session: int = 0
    mid: int = 0
    at: float | None = None


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker accepted us; `session` is the epoch of this connection."""

    session: int


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection ended or could not be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An output's player tells what it does."""

    output: str
    event: AudioEvent


@dataclass(frozen=True, slots=True)
class AssetReady:
    """A file is complete, verified and in its place."""

    sha256: str


@dataclass(frozen=True, slots=True)
class AssetFailed:
    """A file could not be fetched this time; the library tries again later."""

    sha256: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Pulled:
    """The answer to a pull over HTTPS: signed tokens by topic."""

    retained: dict[str, str]


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants the agent to end (a signal, a command, the watchdog)."""

    why: str


Event = (
    Arrived
    | LinkUp
    | LinkDown
    | Heard
    | AssetReady
    | AssetFailed
    | Pulled
    | Spoken
    | PanicPressed
    | PanicReleased
    | StopAsked
)
