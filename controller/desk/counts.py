"""How far an alert came, counted for everyone who looks at it about twice a second, not more often.

Fifty open desks ask every two seconds; what they ask is one query for all of them. An answer may be
half a second old, never older; other processes count for themselves.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.db import Sessions
from controller.emergencies.models import AlertReach, ReachState
from controller.listing import below

ANSWERS_WITHIN = timedelta(seconds=10)
NOT_REACHED = "not_reached"
ORDER = (
    ReachState.SOUNDING,
    ReachState.FINISHED,
    ReachState.RECEIVED,
    ReachState.PENDING,
    ReachState.FAILED,
    NOT_REACHED,
)
FRESH_S = 0.5
REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """Clusters by how far the alert came there; `by_state` has every state, in `ORDER`."""

    by_state: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """Return how many clusters are meant."""
        return sum(count for _, count in self.by_state)

    @property
    def heard(self) -> int:
        """Return at how many it sounds or has sounded, by signed receipts."""
        return self.of(ReachState.SOUNDING) + self.of(ReachState.FINISHED)

    @property
    def silent(self) -> int:
        """Return at how many somebody must be called."""
        return self.of(ReachState.FAILED) + self.of(NOT_REACHED)

    @property
    def version(self) -> str:
        """Return a word that changes when a count does."""
        return "-".join(str(count) for _, count in self.by_state)

    @property
    def segments(self) -> tuple[tuple[str, float, float], ...]:
        """Return state, left and width, in percent, of the parts of the bar that are not empty."""
        found, left = list[tuple[str, float, float]](), 0.0
        for state, count in self.by_state:
            width = 100 * count / max(1, self.total)
            if count:
                found.append((state, round(left, 3), round(width, 3)))
            left += width
        return tuple(found)

    def of(self, state: str) -> int:
        """Return the count of one state."""
        return dict(self.by_state)[state]


def shown_state(now: datetime) -> case[str]:
    """Return the state of a row as people see it: a pending one is not reached after 10 seconds."""
    overdue = and_(
        AlertReach.state == ReachState.PENDING, AlertReach.asked_at <= now - ANSWERS_WITHIN
    )
    return case((overdue, NOT_REACHED), else_=AlertReach.state)


def meant(alert_id: str, paths: Sequence[str]) -> Select[tuple[AlertReach]]:
    """Return the clusters that an alert means below some areas."""
    mine = select(Area.id).where(below(Area.path, paths))
    return select(AlertReach).where(
        AlertReach.alert_id == alert_id, AlertReach.is_meant, AlertReach.area_id.in_(mine)
    )


def count(session: Session, alert_id: str, paths: Sequence[str], now: datetime) -> Counts:
    """Count the clusters of an alert below some areas."""
    state = shown_state(now)
    rows = meant(alert_id, paths).with_only_columns(state, func.count()).group_by(state)
    found = {str(name): number for name, number in session.execute(rows)}
    return Counts(tuple((str(name), found.get(str(name), 0)) for name in ORDER))


class Counter:
    """Counts for many who look at the same alert. Thread-safe; one asks, the others wait for it."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float] = time.monotonic) -> None:
        self._sessions = sessions
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, tuple[str, ...]], tuple[float, Counts]] = OrderedDict()

    def counts(self, alert_id: str, paths: tuple[str, ...], now: datetime) -> Counts:
        """Return the counts of an alert below some areas, at most half a second old."""
        with self._lock:
            at, kept = self._kept.get((alert_id, paths), (float("-inf"), None))
            if kept is None or self._clock() - at >= FRESH_S:
                with self._sessions() as session:
                    kept = count(session, alert_id, paths, now)
                self._keep((alert_id, paths), kept)
            return kept

    def _keep(self, key: tuple[str, tuple[str, ...]], counts: Counts) -> None:
        self._kept[key] = (self._clock(), counts)
        self._kept.move_to_end(key)
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
