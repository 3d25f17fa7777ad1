"""Makes the emergency packs that areas need, in the background, never twice of the same inputs.

    words, sirens, languages of areas ─> what is due ─> a sentence a step ─> list ─> desired states

What was made already lies in the asset store under its hash; the list of a pack is put there last.
"""

import hashlib
import json
import logging
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from controller.config import Config
from controller.db import Clock, Sessions, upsert
from controller.emergencies.pack_words import OWN_WORDS, Saying, Words, WordsInvalid, load_words
from controller.library.errors import LibraryError, VoiceUnknown
from controller.library.ingest import ingest
from controller.library.speech import Manner, Reader, as_it_is
from controller.library.store import AssetStore
from controller.replan import replan
from controller.stations.models import EmergencyPack as PackRow
from controller.stations.packs import DEFAULT, languages_in_use
from wire.pack import EmergencyPack, Phrase, pack_bytes
from wire.plan import Asset

log = logging.getLogger(__name__)

FORM = 1
"""Raised when the program makes another pack of the same words."""
BITRATE_BPS = 32_000
TRY_AGAIN_AFTER = timedelta(hours=1)
TELL_EVERY = 10


@dataclass(frozen=True, slots=True)
class _Due:
    """A pack to make: its key, its sentences, and the hash of all that it is made of."""

    key: str
    sayings: tuple[Saying, ...]
    inputs: str


def inputs_of(words: Words, sayings: tuple[Saying, ...], target_lufs: float) -> str:
    """Return the hash of everything that decides how a pack sounds."""
    facts = {
        "form": FORM,
        "bitrate": BITRATE_BPS,
        "lufs": target_lufs,
        "sirens": [siren.model_dump(mode="json") for siren in words.sirens],
        "sayings": [[s.about, s.wording, s.language, s.text, s.voice, s.recorded] for s in sayings],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class PackMaker:
    """One worker's maker of packs; `step` is called by its loop while the worker acts.

    `area` is the top of what we speak for: its devices get new desired states.
    """

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        read_sessions: Sessions,
        store: AssetStore,
        reader: Reader,
        clock: Clock,
        area: str,
    ) -> None:
        self._config, self._clock = config, clock
        self._sessions, self._read_sessions = sessions, read_sessions
        self._store, self._reader, self._area = store, reader, area
        self._made: dict[Saying, Asset] = {}
        self._refused: dict[Saying, datetime] = {}
        self._unvoiced: set[Saying] = set()
        self._told = ""

    def step(self) -> bool:
        """Make the next sentence, or the list of a pack; return whether there was any work."""
        words = self._words()
        if words is None:
            return False
        now = self._clock()
        for due in self._due(words):
            todo = next((one for one in due.sayings if self._is_wanted(one, now)), None)
            if todo is not None:
                self._make(todo, now)
                self._tell(due)
                return True
            if self._finish(due, words, now):
                return True
        return False

    def _words(self) -> Words | None:
        try:
            words = load_words(self._config.data_dir / OWN_WORDS)
        except WordsInvalid as error:
            if str(error) != self._told:
                log.warning("%s; the emergency pack stays as it is", error)
            self._told = str(error)
            return None
        self._told = ""
        return words

    def _due(self, words: Words) -> list[_Due]:
        """Return the packs that are not there, or not made of what they should be made of."""
        with self._read_sessions() as session:
            keys = languages_in_use(session)
            rows = {row.languages: row for row in session.scalars(select(PackRow))}
        due = []
        for key in sorted(keys):
            sayings = words.in_languages(frozenset({*key.split(), *DEFAULT}))
            sayings = tuple(one for one in sayings if one not in self._unvoiced)
            inputs = inputs_of(words, sayings, self._config.target_lufs)
            row = rows.get(key)
            if row is None or row.inputs != inputs or not self._store.has(row.sha256):
                due.append(_Due(key, sayings, inputs))
        return due

    def _is_wanted(self, saying: Saying, now: datetime) -> bool:
        made = self._made.get(saying)
        if made is not None and self._store.has(made.sha256):
            return False
        refused_at = self._refused.get(saying)
        return refused_at is None or now - refused_at >= TRY_AGAIN_AFTER

    def _make(self, saying: Saying, now: datetime) -> None:
        name = f"{saying.language}.{saying.wording}.{saying.about}"
        try:
            self._made[saying] = self._sound(saying)
            self._refused.pop(saying, None)
        except VoiceUnknown as error:
            self._unvoiced.add(saying)
            log.warning("emergency pack: %s is left out: %s", name, error)
        except LibraryError as error:
            self._refused[saying] = now
            log.warning("emergency pack: %s could not be made: %s", name, error)

    def _sound(self, saying: Saying) -> Asset:
        if saying.file is not None:
            return self._ingested(saying.file)
        wav = self._reader.read(saying.text, Manner(voice=saying.voice), normalise=as_it_is)
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(wav)
            file.flush()
            return self._ingested(Path(file.name))

    def _ingested(self, source: Path) -> Asset:
        lufs = self._config.target_lufs
        found = ingest(source, self._store, target_lufs=lufs, bitrate_bps=BITRATE_BPS)
        return Asset(sha256=found.sha256, bytes=found.bytes, duration_ms=found.duration_ms)

    def _tell(self, due: _Due) -> None:
        done = sum(one in self._made for one in due.sayings)
        if done % TELL_EVERY == 0:
            log.info("emergency pack (%s): %d of %d sentences", due.key, done, len(due.sayings))

    def _finish(self, due: _Due, words: Words, now: datetime) -> bool:
        """Put a pack in use, if nothing of it is wanting; return whether it was."""
        if not due.sayings or not all(one in self._made for one in due.sayings):
            return False
        phrases = tuple(
            Phrase(
                about=one.about,
                wording=one.wording,
                language=one.language,
                text=one.text,
                audio=self._made[one],
            )
            for one in due.sayings
        )
        data = pack_bytes(EmergencyPack(sirens=words.sirens, phrases=phrases))
        with self._store.incoming() as incoming:
            incoming.write(data)
            sha256 = incoming.keep()
        row = {"languages": due.key, "sha256": sha256, "bytes": len(data), "inputs": due.inputs}
        with self._sessions() as session:
            upsert(session, PackRow, [{**row, "made_at": now}])
            replan(session, areas=[self._area], wants_desired=True, now=now)
            session.commit()
        log.info("emergency pack (%s) %s: %d sentences", due.key, sha256[:12], len(phrases))
        for language in sorted(set(due.key.split()) - {one.language for one in due.sayings}):
            log.warning("emergency pack: no words in %s, Vietnamese is said instead", language)
        return True
