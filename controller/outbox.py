"""What was decided is published, once, even if we die in between (R36).

`enqueue` writes into the caller's transaction and wakes the publisher when that commits. The
publisher sends in order of urgency, only the newest revision of a retained topic. Alerts have a
lane of their own, with a thread of its own, so that they wait for nothing else (R10).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, select, true, update
from sqlalchemy.orm import Session

from controller import wake
from controller.db import Clock, Instant, Sessions, upsert
from controller.outbox_models import OutboxRow, Retained
from wire.signing import digest

NAME = "outbox"
EXPRESS = "express"
"""Who waits for this is woken when an alert waits."""
BATCH = 1000
SLICE = 100
"""So many publishes are on their way at once: an alert is behind these at most."""


class Lane(StrEnum):
    """Which rows a publisher sends. A topic keeps to one lane: there its order holds."""

    ALL = "all"
    ALERTS = "alerts"
    OTHERS = "others"


class Publishing(Protocol):
    """Where messages go: the MQTT link, or a fake in tests."""

    def publish(self, messages: Sequence[tuple[str, str, bool]], timeout_s: float) -> list[bool]:
        """Send (topic, payload, retain) at QoS 1; tell for each whether the broker took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """One publish: `urgency` 0 is an alert, 1 a command or sync, 2 a plan or desired state.

    Whatever is said on the topic of an alert is urgent, its clearing too.
    """

    topic: str
    kind: str
    owner: str
    token: str
    rev: int
    retain: bool
    urgency: int
    expires_at: datetime | None = None


def enqueue(
    session: Session,
    *,
    topic: str,
    kind: str,
    owner: str,
    token: str,
    rev: int,
    retain: bool,
    urgency: int,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Decide one publish inside the caller's transaction; nothing leaves before its commit."""
    one = Publish(
        topic=topic,
        kind=kind,
        owner=owner,
        token=token,
        rev=rev,
        retain=retain,
        urgency=urgency,
        expires_at=expires_at,
    )
    enqueue_all(session, [one], now)


def enqueue_all(session: Session, publishes: Sequence[Publish], now: datetime) -> None:
    """Decide many publishes inside the caller's transaction, in two statements."""
    if not publishes:
        return
    waiting = ("topic", "token", "rev", "retain", "urgency", "expires_at")
    session.execute(
        insert(OutboxRow),
        [{name: getattr(one, name) for name in waiting} | {"created_at": now} for one in publishes],
    )
    kept = ("topic", "kind", "owner", "rev", "token", "expires_at")
    upsert(
        session,
        Retained,
        [
            {name: getattr(one, name) for name in kept} | {"digest": digest(one.token)}
            for one in publishes
            if one.retain
        ],
    )
    _wake(session, [one.urgency for one in publishes])


def retained(session: Session, topic: str) -> Retained | None:
    """Return what is (or shall be) retained on a topic."""
    return session.get(Retained, topic)


def republish_retained(session: Session, now: datetime, lane: Lane = Lane.ALL) -> int:
    """Enqueue what is retained on a lane again, for a broker that lost its memory; return how many.

    The database copies the rows itself: a whole country's plans are a second's work.
    """
    urgency = case((Retained.kind == "alert", 0), else_=2)
    alive = (Retained.expires_at.is_(None)) | (Retained.expires_at > now)
    if lane is not Lane.ALL:
        alive &= (Retained.kind == "alert") == (lane is Lane.ALERTS)
    again = select(
        Retained.topic,
        Retained.token,
        Retained.rev,
        true(),
        urgency,
        literal(now, Instant),
        Retained.expires_at,
    ).where(alive)
    names = ["topic", "token", "rev", "retain", "urgency", "created_at", "expires_at"]
    done = session.execute(insert(OutboxRow).from_select(names, again))
    for name in (EXPRESS, NAME):
        wake.ask(session, name)
    return getattr(done, "rowcount", 0)


def forget_sent(session: Session, before: datetime) -> None:
    """Delete rows sent before an instant; the audit chain and `retained` keep what matters."""
    session.execute(delete(OutboxRow).where(OutboxRow.sent_at < before))


class Publisher:
    """Sends what waits on a lane, in order; `step` is driven by a `Loop` that commits wake.

    One worker acts at a time, so nothing is claimed before it is sent: `read_sessions` wait for no
    writer, and an alert is on its way before anything is written.
    """

    def __init__(
        self,
        sessions: Sessions,
        link: Publishing,
        clock: Clock,
        holder: str,
        may_act: Callable[[], bool] = lambda: True,
        *,
        lane: Lane = Lane.ALL,
        read_sessions: Sessions | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self._pause = pause
        self._sessions = sessions
        self._read_sessions = read_sessions or sessions
        self._link = link
        self._clock = clock
        self._holder = holder
        self._may_act = may_act
        self._lane = lane

    def step(self) -> bool:
        """Send one batch; return whether there was any and the broker took all of it."""
        if not self._may_act():
            return False
        with self._read_sessions() as session:
            rows = _waiting(session, self._lane)
        if not rows:
            return False
        due, stale = _newest_only(rows, self._clock())
        sent = self._send(due)
        with self._sessions() as session:
            _mark_sent(session, [*sent, *(row.id for row in stale)], self._holder, self._clock())
            session.commit()
        return len(sent) == len(due)

    def _send(self, due: Sequence[OutboxRow]) -> list[int]:
        """Send slice after slice while the broker takes all; return the ids of what it took."""
        sent: list[int] = []
        for at in range(0, len(due), SLICE):
            self._pause()
            some = due[at : at + SLICE]
            taken = self._link.publish([(row.topic, row.token, row.retain) for row in some], 10.0)
            sent += [row.id for row, ok in zip(some, taken, strict=True) if ok]
            if not all(taken):
                break
        return sent


def _wake(session: Session, urgencies: Sequence[int]) -> None:
    if 0 in urgencies:
        wake.ask(session, EXPRESS)
    if any(urgencies):
        wake.ask(session, NAME)


def _waiting(session: Session, lane: Lane) -> Sequence[OutboxRow]:
    rows = select(OutboxRow).where(OutboxRow.sent_at.is_(None), _is_on(lane))
    return session.scalars(rows.order_by(OutboxRow.urgency, OutboxRow.id).limit(BATCH)).all()


def _is_on(lane: Lane) -> ColumnElement[bool]:
    match lane:
        case Lane.ALL:
            return true()
        case Lane.ALERTS:
            return OutboxRow.urgency == 0
        case Lane.OTHERS:
            return OutboxRow.urgency > 0


def _newest_only(
    rows: Sequence[OutboxRow], now: datetime
) -> tuple[list[OutboxRow], list[OutboxRow]]:
    newest = {row.topic: max(row.rev, 0) for row in sorted(rows, key=lambda row: row.rev)}
    due: list[OutboxRow] = []
    stale: list[OutboxRow] = []
    seen: set[tuple[str, int]] = set()
    for row in rows:
        is_again = (row.topic, row.rev) in seen
        seen.add((row.topic, row.rev))
        outdated = row.retain and (row.rev < newest[row.topic] or is_again)
        expired = row.expires_at is not None and row.expires_at <= now
        (stale if outdated or expired else due).append(row)
    return due, stale


def _mark_sent(session: Session, ids: Sequence[int], holder: str, now: datetime) -> None:
    sent = update(OutboxRow).where(OutboxRow.id.in_(ids))
    session.execute(sent.values(sent_at=now, claimed_by=holder))


def waiting_count(session: Session) -> int:
    """Return how many publishes are decided and not yet sent."""
    unsent = select(func.count()).select_from(OutboxRow).where(OutboxRow.sent_at.is_(None))
    return session.scalar(unsent) or 0
