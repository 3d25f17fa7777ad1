"""What was decided is published, once, even if we die in between (R36).

`enqueue` writes into the caller's transaction and wakes the publisher when that commits. The
publisher sends in order of urgency, only the newest revision of a retained topic.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from controller import wake
from controller.db import Clock, Sessions, upsert
from controller.outbox_models import OutboxRow, Retained
from wire.signing import digest

NAME = "outbox"
BATCH = 1000


class Publishing(Protocol):
    """Where messages go: the MQTT link, or a fake in tests."""

    def publish(self, messages: Sequence[tuple[str, str, bool]], timeout_s: float) -> list[bool]:
        """Send (topic, payload, retain) at QoS 1; tell for each whether the broker took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """One publish: `urgency` 0 is an alert, 1 a command or sync, 2 a plan or desired state."""

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
    wake.ask(session, NAME)


def retained(session: Session, topic: str) -> Retained | None:
    """Return what is (or shall be) retained on a topic."""
    return session.get(Retained, topic)


def republish_retained(session: Session, now: datetime) -> int:
    """Enqueue everything retained again, for a broker that lost its memory; return how many."""
    alive = select(Retained).where((Retained.expires_at.is_(None)) | (Retained.expires_at > now))
    again = [
        OutboxRow(
            topic=row.topic,
            token=row.token,
            rev=row.rev,
            retain=True,
            urgency=0 if row.kind == "alert" else 2,
            created_at=now,
            expires_at=row.expires_at,
        )
        for row in session.scalars(alive)
    ]
    session.add_all(again)
    wake.ask(session, NAME)
    return len(again)


def forget_sent(session: Session, before: datetime) -> None:
    """Delete rows sent before an instant; the audit chain and `retained` keep what matters."""
    session.execute(delete(OutboxRow).where(OutboxRow.sent_at < before))


class Publisher:
    """Sends what waits, in order; `step` is driven by a `Loop` that commits wake."""

    def __init__(
        self,
        sessions: Sessions,
        link: Publishing,
        clock: Clock,
        holder: str,
        may_act: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sessions = sessions
        self._link = link
        self._clock = clock
        self._holder = holder
        self._may_act = may_act

    def step(self) -> bool:
        """Send one batch; return whether there was any and the broker took all of it."""
        if not self._may_act():
            return False
        with self._sessions() as session:
            rows = _claim(session, self._holder)
            session.commit()
        if not rows:
            return False
        due, stale = _newest_only(rows, self._clock())
        taken = self._link.publish([(row.topic, row.token, row.retain) for row in due], 10.0)
        sent = [row.id for row, ok in zip(due, taken, strict=True) if ok]
        with self._sessions() as session:
            _mark_sent(session, [*sent, *(row.id for row in stale)], self._clock())
            session.commit()
        return all(taken)


def _claim(session: Session, holder: str) -> Sequence[OutboxRow]:
    waiting = (
        select(OutboxRow)
        .where(OutboxRow.sent_at.is_(None))
        .order_by(OutboxRow.urgency, OutboxRow.id)
        .limit(BATCH)
    )
    if session.get_bind().dialect.name == "postgresql":
        waiting = waiting.with_for_update(skip_locked=True)
    rows = session.scalars(waiting).all()
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_([row.id for row in rows]), OutboxRow.sent_at.is_(None))
        .values(claimed_by=holder)
        .execution_options(synchronize_session=False)
    )
    return rows


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


def _mark_sent(session: Session, ids: Sequence[int], now: datetime) -> None:
    session.execute(update(OutboxRow).where(OutboxRow.id.in_(ids)).values(sent_at=now))


def waiting_count(session: Session) -> int:
    """Return how many publishes are decided and not yet sent."""
    unsent = select(func.count()).select_from(OutboxRow).where(OutboxRow.sent_at.is_(None))
    return session.scalar(unsent) or 0
