"""Speaks the words of an alert once and encodes them once, before the first statement of a session.

Seconds of work, so it is done outside of every transaction; `Studio` is made in the web process.
"""

import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies.announcer import is_vietnamese
from controller.emergencies.errors import LanguageUnspoken
from controller.errors import Invalid
from controller.library.ingest import IngestedAsset, ingest
from controller.library.models import Asset as AssetRow
from controller.library.service import keep_asset, usable_asset
from controller.library.speech import Manner, Reader, as_it_is
from controller.library.store import AssetStore
from controller.pronunciation.noting import UnreadNotes
from controller.speech import Spoken as Read

Spoken = dict[str, IngestedAsset]
_AT_ONCE = 2
_USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Studio:
    """Turns words into sounds of the store, with the voices of the library.

    What it is given is spoken as it is: `announcer.py` has put it in words, so that what is read
    on a page, what is signed and what is heard are the same. `notes` keeps what could not be read.
    """

    store: AssetStore
    reader: Reader
    target_lufs: float = -16.0
    notes: UnreadNotes | None = None

    def voice_of(self, language: str) -> str | None:
        """Return the voice for a language, None when there is none."""
        known = (voice.id for voice in self.reader.voices())
        return next((v for v in known if v.partition("-")[0] == language.partition("-")[0]), None)

    def speak(self, *texts: Mapping[str, str], manner: Manner = _USUAL) -> tuple[Spoken, ...]:
        """Speak words by language, several sets at once; LanguageUnspoken, or what voices raise.

        `manner` is that of the area that speaks; its voice is for Vietnamese. Two at a time: the
        words of an alert and its all-clear take as long as the longer one.
        """
        wanted = [
            (self._manner(language, manner), text)
            for some in texts
            for language, text in some.items()
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            sounds = iter(list(pool.map(self._sound, wanted)))
        return tuple({language: next(sounds) for language in some} for some in texts)

    def note(self, area_id: str, read: Iterable[Read], now: datetime) -> None:
        """Note what the texts of an area held that could not be read; returns at once."""
        if self.notes is not None:
            self.notes.note(area_id, read, now)

    def _manner(self, language: str, manner: Manner) -> Manner:
        """Never let an alert wait for a voice that the site has taken away: then any other."""
        if is_vietnamese(language) and self.reader.offers(manner.voice):
            return manner
        voice = self.voice_of(language)
        if voice is None:
            raise LanguageUnspoken(language=language)
        return replace(manner, voice=voice)

    def _sound(self, one: tuple[Manner, str]) -> IngestedAsset:
        manner, words = one
        wav = self.reader.read(words, manner, normalise=as_it_is)
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(wav)
            file.flush()
            return ingest(Path(file.name), self.store, target_lufs=self.target_lufs)


def keep(session: Session, spoken: Spoken, now: datetime) -> dict[str, Any]:
    """Note the sounds, and return them by language as an alert's column holds them."""
    for asset in spoken.values():
        keep_asset(session, asset, now)
    return {
        language: {"sha256": one.sha256, "bytes": one.bytes, "duration_ms": one.duration_ms}
        for language, one in spoken.items()
    }


def recorded(session: Session, recordings: Mapping[str, str], area: Area) -> dict[str, Any]:
    """Return the recordings by language, each usable in the area, or raise Invalid."""
    found = {language: _usable(session, sha256, area) for language, sha256 in recordings.items()}
    return {
        language: {"sha256": row.sha256, "bytes": row.bytes, "duration_ms": row.duration_ms}
        for language, row in found.items()
    }


def _usable(session: Session, sha256: str, area: Area) -> AssetRow:
    row = usable_asset(session, sha256, area)
    if row is None:
        raise Invalid(
            field="recordings",
            why_vi="không có bản ghi này trong thư viện của địa bàn",
            why_en="the library of the area has no such recording",
        )
    return row
