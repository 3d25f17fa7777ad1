"""Our own alerts as CAP documents and one Atom feed: what was released and signed, nothing else.

Read from the very tokens that went to the devices: what is published is what was said. No name of
a person, no draft and no note is in them, so none can get out. A document is written once and
remembered, because a signature differs each time and takes time.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.cap.feeds import Published, write_feed
from controller.cap.meaning import understand
from controller.cap.message import Message
from controller.cap.reading import read
from controller.cap.writing import Names, Seal, write
from controller.emergencies.models import AlertRevision, RevisionState
from controller.warnings.errors import DocumentMissing
from wire.alert import Alert
from wire.signing import read as read_payload
from wire.signing import take_apart

KEPT_FOR = timedelta(days=7)
MOST_ENTRIES = 100
REMEMBERED = 512
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LANGUAGES = {"vi": "vi-VN"}
"""What CAP calls the languages that we call by their family alone."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One CAP document: its bytes, its name in a cache, and when it was said."""

    alert_id: str
    number: int
    content: bytes
    etag: str
    at: datetime
    message: Message


@dataclass(frozen=True, slots=True)
class Feed:
    """The Atom feed of what was said in the last days, newest first."""

    content: bytes
    etag: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Sent:
    """A released revision, with the tokens of those before it."""

    alert_id: str
    number: int
    at: datetime
    token: str
    earlier: tuple[str, ...]


class Ours:
    """Writes our alerts as CAP under one sender, sealed where there is a seal. Thread-safe."""

    def __init__(self, sender: str, seal: Seal | None = None) -> None:
        self._sender = sender
        self._seal = seal
        self._written = lru_cache(maxsize=REMEMBERED)(self._write)
        self._alert = lru_cache(maxsize=REMEMBERED)(_alert)

    def document(self, session: Session, alert_id: str, number: int | None = None) -> Document:
        """Return a released revision of an alert, the newest unless said, or DocumentMissing."""
        found = [
            one for one in _sent(session, [alert_id]) if number is None or one.number == number
        ]
        if not found:
            raise DocumentMissing(id=alert_id if number is None else f"{alert_id}/{number}")
        return self._documents(session, found[-1:])[0]

    def feed(self, session: Session, base: str, title: str, author: str, now: datetime) -> Feed:
        """Return the feed, whose links begin with `base` (`https://host`)."""
        recent = session.scalars(
            select(AlertRevision.alert_id)
            .where(AlertRevision.signed_at > now - KEPT_FOR, AlertRevision.token.is_not(None))
            .order_by(AlertRevision.signed_at.desc())
            .limit(MOST_ENTRIES)
        )
        sent = _sent(session, dict.fromkeys(recent))
        newest = sorted(sent, key=lambda one: (one.at, one.number), reverse=True)[:MOST_ENTRIES]
        documents = self._documents(session, [one for one in newest if one.at > now - KEPT_FOR])
        changed_at = session.scalar(select(func.max(AlertRevision.signed_at))) or LONG_AGO
        content = write_feed(
            [Published(one.message, url_of(base, one)) for one in documents],
            address=f"{base}/cap/feed.atom",
            title=title,
            author=author,
            now=changed_at,
        )
        return Feed(content, _etag(content), changed_at)

    def _documents(self, session: Session, sent: Iterable[_Sent]) -> list[Document]:
        """Return documents, with the names and codes that their areas have now."""
        alerts = [(one, self._alert(one.token)) for one in sent]
        areas = _areas(session, {area for _, alert in alerts for area in _named(alert)})
        return [self._document(one, alert, areas) for one, alert in alerts]

    def _document(self, one: _Sent, alert: Alert, areas: Mapping[str, tuple[str, str]]) -> Document:
        known = [(area, *areas[area]) for area in _named(alert) if area in areas]
        names = tuple((area, name) for area, name, _ in known)
        codes = tuple((area, code) for area, _, code in known if code)
        content, message, etag = self._written(one.token, one.earlier, names, codes)
        return Document(one.alert_id, one.number, content, etag, one.at, message)

    def _write(
        self, token: str, earlier: tuple[str, ...], names: Pairs, codes: Pairs
    ) -> tuple[bytes, Message, str]:
        named, before = Names(dict(names), dict(codes)), [self._alert(one) for one in earlier]
        content = write(self._alert(token), self._sender, named, before, self._seal)
        return content, understand(read(content))[0], _etag(content)


def url_of(base: str, one: Document) -> str:
    """Return where a document is for ever."""
    return f"{base}/cap/{one.alert_id}/{one.number}.xml"


def _sent(session: Session, alert_ids: Iterable[str]) -> list[_Sent]:
    """Return what was released of some alerts, each in the order it went out."""
    rows = session.execute(
        select(
            AlertRevision.alert_id,
            AlertRevision.number,
            AlertRevision.signed_at,
            AlertRevision.token,
        )
        .where(
            AlertRevision.alert_id.in_(tuple(alert_ids)),
            AlertRevision.state == RevisionState.RELEASED,
            AlertRevision.token.is_not(None),
        )
        .order_by(AlertRevision.alert_id, AlertRevision.rev)
    )
    found: list[_Sent] = []
    before: dict[str, tuple[str, ...]] = {}
    for alert_id, number, at, token in rows:
        earlier = before.get(alert_id, ())
        found.append(_Sent(alert_id, number, at or LONG_AGO, token or "", earlier))
        before[alert_id] = (*earlier, token or "")
    return found


def _alert(token: str) -> Alert:
    """Return what a token of our own says; its signature is the devices' business."""
    alert = read_payload(take_apart(token).payload, Alert)
    return alert.model_copy(
        update={"texts": _told(alert.texts), "all_clear": _told(alert.all_clear)}
    )


def _told(texts: Mapping[str, str]) -> dict[str, str]:
    return {LANGUAGES.get(language, language): text for language, text in texts.items()}


def _named(alert: Alert) -> tuple[str, ...]:
    return tuple(dict.fromkeys((alert.area, *alert.target.areas)))


def _areas(session: Session, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return name and code of some areas."""
    rows = session.execute(select(Area.id, Area.name, Area.code).where(Area.id.in_(tuple(ids))))
    return {row.id: (row.name, row.code) for row in rows}


def _etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
