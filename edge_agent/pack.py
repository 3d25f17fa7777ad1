"""The emergency pack of this device: sirens and phrases that are here before any alert.

    desire(desired) ─> assets() ─> Library.want ─> AssetReady ─> take(sha256) ─> assets() ...

First the file that lists everything is fetched, then what it lists. The pack before it serves until
the new one is whole, also after a restart. Nothing is answered that is not whole on the disk; the
player checks the hash once more. Owned by the conductor's thread.

How to use it: call `load` once, `desire` with each desired state, `take` with each `AssetReady`;
put `assets()` behind the plan's files and ask again when `take` or `desire` returned True, or
when the library `lacks` one of them (it removes a damaged file). `check` has every file verified in
the library's thread: call it at the start and once a day.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from edge_agent.audio.sirens import BUILT_IN, WAIL
from edge_agent.audio.sources import FilePart, Part, SirenPart, TonePart
from edge_agent.errors import StorageFailed
from wire.alert import AlertStatus
from wire.down import Desired
from wire.errors import Malformed
from wire.pack import EmergencyPack, Phrase, SirenPattern, Wording, read_pack
from wire.plan import Asset

log = logging.getLogger(__name__)

FACT: Final = "emergency_pack"
ANY: Final = "any"
ALL_CLEAR: Final = "all_clear"
DRILL: Final = "drill"
LAST_LANGUAGE: Final = "vi"
MOST_BYTES: Final = 2**20


class Shelf(Protocol):
    """What a pack asks of the audio cache (see `edge_agent.library`)."""

    def path(self, sha256: str) -> Path:
        """Return where a file is, or will be."""

    def has(self, sha256: str) -> bool:
        """Return whether a file is complete and verified."""

    def suspect(self, sha256: str) -> None:
        """Have a file checked; a damaged one is removed."""


class Memory(Protocol):
    """What a pack asks of the store (see `edge_agent.store`)."""

    def fact(self, name: str) -> str | None:
        """Return a remembered value."""

    def remember(self, name: str, value: str) -> None:
        """Remember a value under a name. Raises StorageFailed."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A pack by its list file; `pack` once that could be read."""

    sha256: str
    bytes: int
    pack: EmergencyPack | None = None

    def assets(self) -> tuple[Asset, ...]:
        """Return its list, then its files, each once."""
        own = Asset(sha256=self.sha256, bytes=self.bytes, duration_ms=0)
        audio = {p.audio.sha256: p.audio for p in self.pack.phrases} if self.pack else {}
        return (own, *audio.values())


class PackHolder:
    """The pack that serves, and the one that is to take its place."""

    def __init__(self, shelf: Shelf, memory: Memory) -> None:
        self._shelf, self._memory = shelf, memory
        self._serving: _Held | None = None
        self._coming: _Held | None = None
        self._malformed = ""

    @property
    def digest(self) -> str | None:
        """The hash of the pack that serves, if all of it is here; for the status."""
        held = self._serving
        return held.sha256 if held is not None and self._is_whole(held) else None

    @property
    def fault(self) -> str:
        """A word when the wanted pack can never be read, else nothing."""
        return "emergency_pack" if self._malformed else ""

    def load(self) -> None:
        """Take up the pack that served in an earlier run."""
        sha256, _, size = (self._memory.fact(FACT) or "").partition(" ")
        if sha256 and size.isdecimal():
            self._serving = self._read(_Held(sha256, int(size)))

    def desire(self, desired: Desired) -> bool:
        """Take the wanted pack; return whether other files are needed now. None changes nothing."""
        sha256, size = desired.emergency_pack, desired.emergency_pack_bytes
        if not sha256 or not size or sha256 == self._malformed:
            return False
        before, self._malformed = self.assets(), ""
        if self._serving and sha256 == self._serving.sha256:
            self._coming = None
        elif self._coming is None or sha256 != self._coming.sha256:
            self._coming = _Held(sha256, size)
        self._read_what_is_here()
        return self.assets() != before

    def take(self, sha256: str) -> bool:
        """Take note that a file came; return whether other files are needed now."""
        before = self.assets()
        if sha256 in {asset.sha256 for asset in before}:
            self._read_what_is_here()
        return self.assets() != before

    def assets(self) -> tuple[Asset, ...]:
        """Return all files to hold, in order of need: those of the pack that serves first."""
        found = {asset.sha256: asset for held in self._held() for asset in held.assets()}
        return tuple(found.values())

    def check(self) -> None:
        """Have every file of the pack that serves verified, in the background."""
        for asset in self._serving.assets() if self._serving else ():
            self._shelf.suspect(asset.sha256)

    def phrase(self, about: str, wording: Wording, language: str) -> FilePart | None:
        """Return what to say, from a whole file; None when there is nothing fit to be said.

        `about` falls back on `any`, the language on Vietnamese, and a drill on `drill`; never a
        drill on real words or the other way round, and never an all-clear on an alarm.
        """
        for spoken in _languages(language):
            for name in _abouts(about, wording):
                for phrase in self._phrases():
                    if (phrase.about, phrase.wording, phrase.language) == (name, wording, spoken):
                        return self._part(phrase)
        return None

    def pattern(self, name: str | None) -> SirenPattern:
        """Return a siren by name: the pack's, else one made into the program, else the wail."""
        sirens = (s for held in self._held() if held.pack for s in held.pack.sirens)
        own = next((s for s in sirens if s.name == name), None)
        return own or BUILT_IN.get(name or "", WAIL)

    def attention(self, status: AlertStatus, name: str | None, for_ms: int) -> Part:
        """Return what sounds before the words: a siren when it is real, else the chime."""
        if status is AlertStatus.REAL:
            return SirenPart(self.pattern(name), for_ms)
        return TonePart("chime", for_ms)

    def _held(self) -> Iterator[_Held]:
        yield from (held for held in (self._serving, self._coming) if held is not None)

    def _phrases(self) -> Iterator[Phrase]:
        for held in self._held():
            for phrase in held.pack.phrases if held.pack else ():
                if self._shelf.has(phrase.audio.sha256):
                    yield phrase

    def _part(self, phrase: Phrase) -> FilePart:
        audio = phrase.audio
        return FilePart(self._shelf.path(audio.sha256), audio.sha256, audio.duration_ms)

    def _is_whole(self, held: _Held) -> bool:
        return held.pack is not None and all(self._shelf.has(a.sha256) for a in held.assets())

    def _read_what_is_here(self) -> None:
        """Read the lists that came, and let the new pack serve as soon as it is whole."""
        self._serving = self._read(self._serving) if self._serving else None
        self._coming = self._read(self._coming) if self._coming else None
        if self._coming is not None and self._coming.sha256 == self._malformed:
            self._coming = None
        if self._coming is not None and self._is_whole(self._coming):
            self._serving, self._coming = self._coming, None
            log.info("emergency pack %s is whole", self._serving.sha256[:12])
            try:
                self._memory.remember(FACT, f"{self._serving.sha256} {self._serving.bytes}")
            except StorageFailed as error:
                log.debug("the emergency pack is not remembered: %s", error)

    def _read(self, held: _Held) -> _Held:
        """Return it with its list if that is here and as promised; a damaged file goes."""
        if held.pack is not None or not self._shelf.has(held.sha256):
            return held
        try:
            with self._shelf.path(held.sha256).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != held.sha256:
            self._shelf.suspect(held.sha256)
            return held
        try:
            return _Held(held.sha256, held.bytes, read_pack(data))
        except Malformed as error:
            log.warning("emergency pack %s cannot be read: %s", held.sha256[:12], error)
            self._malformed = held.sha256
            return held


def _languages(language: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((language, language.partition("-")[0], LAST_LANGUAGE)))


def _abouts(about: str, wording: Wording) -> tuple[str, ...]:
    if about == ALL_CLEAR:
        return (about,)
    last = (DRILL,) if wording is Wording.DRILL else ()
    return tuple(dict.fromkeys((about, ANY, *last)))
