"""Reaching the sources: a folder where files are dropped, one file, an address that is polled.

A step asks one source that is due. What cannot be reached is tried again, later each time, and
says why at the source; it never stops the next. Network and files are waited for outside of
every transaction, and the files of this machine never wait for somebody's server.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from controller.cap.feeds import MAX_INDEX_BYTES, Entry, read_feed
from controller.cap.fetching import Fetched, Fetcher, FetchFailed, FetchRefused, Freshness, pause
from controller.cap.inbox import take
from controller.cap.judging import Outcome
from controller.cap.models import CapSource, SourceKind
from controller.cap.reasons import CapRefused
from controller.cap.vocabulary import Vocabulary
from controller.cap.xml import MAX_BYTES
from controller.db import Clock, Sessions
from controller.errors import ControllerError
from wire import topics

log = logging.getLogger(__name__)

DONE, REFUSED = "done", "refused"
DATABASE_AWAY = (OperationalError, InterfaceError)
SUFFIXES = frozenset({".cap", ".xml"})
FILES_A_STEP = 50
FEED_S = 10.0
"""A feed is read for so long at a time; what is left of it is read in the next step."""
AGAIN_SOON = timedelta(seconds=1)
HERE = (SourceKind.FILE, SourceKind.FOLDER)
AWAY = (SourceKind.HTTP,)


class Fetches(Protocol):
    """Gets what is at an address; `fetching.Fetcher`, or a table in a test."""

    def fetch(self, url: str, *, known: Freshness | None = None) -> Fetched:
        """Return what is there, or raise `FetchRefused` or `FetchFailed`."""


def fetcher_for(source: CapSource) -> Fetches:
    """Return a fetcher for the host of a source and those that it lists."""
    host = urlsplit(source.place).netloc
    return Fetcher(frozenset([host, *source.hosts]), max_bytes=MAX_INDEX_BYTES)


@dataclass(frozen=True, slots=True)
class _Got:
    """What a poll brought: messages, the files that they were, and what the server said of it.

    `is_partial` when there was more than there was time for.
    """

    messages: tuple[tuple[bytes, Path | None], ...] = ()
    freshness: Freshness = field(default_factory=Freshness)
    is_partial: bool = False


class Sources:
    """Asks what is due of some kinds; `step` is driven by a `Loop`, and by tests."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        fetchers: Callable[[CapSource], Fetches] = fetcher_for,
        words: Vocabulary | None = None,
        *,
        kinds: Collection[SourceKind] = (*HERE, *AWAY),
        ticks: Callable[[], float] = time.monotonic,
        reading: Sessions | None = None,
    ) -> None:
        self._sessions = sessions
        self._reading = reading or sessions
        self._clock = clock
        self._fetchers = fetchers
        self._words = words
        self._kinds = kinds
        self._ticks = ticks
        self._read_at: dict[str, dict[str, float]] = {}

    def step(self) -> bool:
        """Ask the source that is due the longest; return whether there was one."""
        now = self._clock()
        with self._reading() as session:  # each second: it waits for no writer, and holds up none
            source = session.scalar(_due(now, self._kinds))
        if source is None:
            return False
        try:
            self._take(source.id, self._ask(source), now)
        except DATABASE_AWAY:
            raise
        except (FetchFailed, FetchRefused, CapRefused, OSError) as error:
            self._failed(source.id, error, now)
        except Exception as error:
            log.exception("%s could not be taken", source.id)
            self._failed(source.id, error, now)
        return True

    def _ask(self, source: CapSource) -> _Got:
        if source.kind == SourceKind.HTTP:
            return self._fetch(source)
        place = Path(source.place)
        if source.kind == SourceKind.FILE:
            return _Got(((_read(place), None),))
        found = sorted(one for one in place.iterdir() if _is_dropped(one))
        return _Got(tuple((_read(one), one) for one in found[:FILES_A_STEP]))

    def _fetch(self, source: CapSource) -> _Got:
        """Ask the feed, then each message that it names; one that fails is asked again next time.

        The feed is then not remembered as read, so that "not modified" hides nothing.
        """
        fetcher = self._fetchers(source)
        answer = fetcher.fetch(source.place, known=Freshness(source.etag, source.last_modified))
        if answer.content is None:
            return _Got(freshness=answer.freshness)
        entries = self._in_turn(source.id, read_feed(answer.content, source.place))
        contents, missed, until = [], 0, self._ticks() + FEED_S
        while entries and self._ticks() < until:
            entry = entries.pop(0)
            try:
                contents.append(entry.content or fetcher.fetch(entry.url).content or b"")
            except (FetchFailed, FetchRefused) as error:
                missed += 1
                log.warning("%s: %s", source.id, error)
            self._read_at[source.id][entry.url] = self._ticks()
        freshness = Freshness() if missed or entries else answer.freshness
        messages = tuple((content, None) for content in contents)
        return _Got(messages, freshness, is_partial=bool(entries))

    def _in_turn(self, source_id: str, entries: Iterable[Entry]) -> list[Entry]:
        """Return what was never read first, as the feed has it, then what was read long ago."""
        named = list(entries)
        before = self._read_at.get(source_id, {})
        kept = {one.url: before[one.url] for one in named if one.url in before}
        self._read_at[source_id] = kept
        return sorted(named, key=lambda one: kept.get(one.url, 0.0))

    def _take(self, source_id: str, got: _Got, now: datetime) -> None:
        """Keep each message in a transaction of its own, then put its file away."""
        for content, file in got.messages:
            with self._sessions.begin() as session:
                source = session.get_one(CapSource, source_id)
                row = take(session, content, source, now, self._words)
                outcome = row.outcome
            if file is not None:
                _put_away(file, REFUSED if outcome == Outcome.REFUSED else DONE)
        with self._sessions.begin() as session:
            source = session.get_one(CapSource, source_id)
            source.etag, source.last_modified = got.freshness.etag, got.freshness.last_modified
            source.failures, source.trouble_vi, source.trouble_en = 0, "", ""
            wait = AGAIN_SOON if got.is_partial else timedelta(seconds=source.poll_s)
            source.asked_at, source.due_at = now, now + wait

    def _failed(self, source_id: str, error: Exception, now: datetime) -> None:
        with self._sessions.begin() as session:
            source = session.get_one(CapSource, source_id)
            source.failures += 1
            source.asked_at, source.due_at = now, now + pause(source.failures)
            source.trouble_vi, source.trouble_en = _told(error)
            level = logging.WARNING if source.failures == 1 else logging.DEBUG
            log.log(level, "%s cannot be read: %s; again at %s", source.id, error, source.due_at)


def take_published(
    session: Session,
    topic: str,
    content: bytes,
    now: datetime,
    words: Vocabulary | None = None,
) -> None:
    """Take what came by MQTT; on the topic of no MQTT source it is logged and dropped.

    The broker lets only the client certificate of the source's own name write to its topic.
    """
    if not content:
        return  # a retained message was cleared: that says nothing
    source = session.get(CapSource, topics.parse(topic).owner)
    if source is None or source.kind != SourceKind.MQTT or not source.is_on:
        log.warning("%s is no source of warnings; a message is dropped", topic)
        return
    take(session, content, source, now, words)
    source.asked_at = now


def _told(error: Exception) -> tuple[str, str]:
    """Return what went wrong for people, in Vietnamese and in English."""
    if isinstance(error, ControllerError):
        vi, en = error.sentence("vi"), error.sentence("en")
    elif isinstance(error, CapRefused):
        vi, en = error.reason.vi, error.reason.en
    else:
        vi, en = f"Không mở được: {error}", f"Cannot be opened: {error}"
    return vi[:500], en[:500]


def _due(now: datetime, kinds: Collection[SourceKind]) -> Select[CapSource]:
    return (
        select(CapSource)
        .where(CapSource.is_on, CapSource.kind.in_([kind.value for kind in kinds]))
        .where(or_(CapSource.due_at.is_(None), CapSource.due_at <= now))
        .order_by(CapSource.due_at, CapSource.id)
        .limit(1)
    )


def _is_dropped(file: Path) -> bool:
    """Whether a file is whole: what is being written has another name until it is renamed.

    A link is none: who may write into the folder would show us any file that we can read.
    """
    is_named = file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    return is_named and file.is_file() and not file.is_symlink()


def _read(file: Path) -> bytes:
    """Return a file, one byte more than is ever read at most: its verdict says that it is big."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _put_away(file: Path, where: str) -> None:
    folder = file.parent / where
    folder.mkdir(exist_ok=True)
    file.replace(folder / file.name)
