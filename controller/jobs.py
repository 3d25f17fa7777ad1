"""Exactly one worker acts: it holds a lease row with expiry and a fencing number.

A frozen holder cannot renew; when it thaws, `is_held` is already False by its own clock.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import String, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.db import Base, Clock, Sessions
from controller.loop import Loop

log = logging.getLogger(__name__)

LEASE_LIVES = timedelta(seconds=6)
RENEW_EVERY_S = 2.0


class Lease(Base):
    """A right held by one process until `expires_at`; `fence` rises with every new holder."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]
    fence: Mapped[int]


def acquire(session: Session, name: str, holder: str, now: datetime) -> int | None:
    """Take or renew a lease by compare-and-set; return its fence, or None when another has it."""
    lease = session.get(Lease, name)
    if lease is None:
        session.add(Lease(name=name, holder=holder, expires_at=now + LEASE_LIVES, fence=1))
        session.flush()
        return 1
    if lease.holder != holder and lease.expires_at > now:
        return None
    fence = lease.fence if lease.holder == holder else lease.fence + 1
    won = session.execute(
        update(Lease)
        .where(Lease.name == name, Lease.fence == lease.fence, Lease.holder == lease.holder)
        .values(holder=holder, expires_at=now + LEASE_LIVES, fence=fence)
        .execution_options(synchronize_session=False)
    )
    return fence if getattr(won, "rowcount", 0) == 1 else None


def release(session: Session, name: str, holder: str, now: datetime) -> None:
    """Give a lease back early, so that another takes over at once."""
    session.execute(
        update(Lease).where(Lease.name == name, Lease.holder == holder).values(expires_at=now)
    )


class LeaseKeeper:
    """Renews the lease in a thread; tells when it is gained and when it is lost."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        holder: str,
        on_gained: Callable[[], None],
        on_lost: Callable[[], None],
        name: str = "worker",
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._holder = holder
        self._name = name
        self._on_gained = on_gained
        self._on_lost = on_lost
        self._held_until = 0.0
        self._is_active = False
        self._loop = Loop("lease", self.step, RENEW_EVERY_S)

    @property
    def is_held(self) -> bool:
        """Whether this process may act now, by its own monotonic clock."""
        return time.monotonic() < self._held_until

    def start(self) -> None:
        """Begin to ask for the lease."""
        self._loop.start()

    def stop(self) -> None:
        """Give the lease back."""
        self._loop.stop()
        if self._is_active:
            self._is_active = False
            self._held_until = 0.0
            self._on_lost()
            with self._sessions() as session:
                release(session, self._name, self._holder, self._clock())
                session.commit()

    def step(self) -> bool:
        """Renew or ask once; always returns False (wait before the next)."""
        asked_at = time.monotonic()
        try:
            with self._sessions() as session:
                fence = acquire(session, self._name, self._holder, self._clock())
                session.commit()
        except IntegrityError:
            fence = None  # another process made the row between our look and our insert
        if fence is not None:
            self._held_until = asked_at + LEASE_LIVES.total_seconds() - 1.0
        if fence is not None and not self._is_active:
            self._is_active = True
            log.info("%s holds the lease (fence %d)", self._holder, fence)
            self._on_gained()
        elif fence is None and self._is_active:
            self._is_active = False
            self._held_until = 0.0
            log.warning("%s lost the lease", self._holder)
            self._on_lost()
        return False
