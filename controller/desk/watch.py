"""How far an alert came, read for everyone who looks at it about twice a second, not more often.

Fifty open desks ask every two seconds; what they ask is one query for all of them. An answer may be
half a second old, never older. What is kept is known to this process only and decides nothing.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from flask import Flask, current_app

from controller.db import Sessions
from controller.emergencies.progress import ClusterReach, Progress, clusters, progress

FRESH_S = 0.5
REMEMBERED = 200
_NAME = "truyenthanh.watch"

Value = TypeVar("Value")


@dataclass(slots=True)
class _Kept(Generic[Value]):
    """What was read last of one alert; whoever holds the lock reads for all who wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    read_at: float = float("-inf")
    value: Value | None = None


class Fresh(Generic[Value]):
    """Reads a value by key at most twice a second, whoever asks. Thread-safe."""

    def __init__(
        self, read: Callable[[str, datetime], Value], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept[Value]] = OrderedDict()

    def get(self, key: str, now: datetime) -> Value:
        """Return the value, at most half a second old."""
        kept = self._slot(key)
        with kept.lock:
            if kept.value is None or self._clock() - kept.read_at >= FRESH_S:
                kept.value = self._read(key, now)
                kept.read_at = self._clock()
            return kept.value

    def _slot(self, key: str) -> _Kept[Value]:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
            return kept


class Watch:
    """Counts and clusters of alerts, for the pages of one process."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float] = time.monotonic) -> None:
        self._sessions = sessions
        self._progress = Fresh(self._read_progress, clock)
        self._clusters = Fresh(self._read_clusters, clock)

    def install(self, app: Flask) -> None:
        """Give it to an app's pages."""
        app.extensions[_NAME] = self

    def progress(self, alert_id: str, now: datetime) -> Progress:
        """Return how far an alert came, at most half a second ago."""
        return self._progress.get(alert_id, now)

    def clusters(self, alert_id: str, now: datetime) -> tuple[ClusterReach, ...]:
        """Return its clusters, as they were at most half a second ago."""
        return self._clusters.get(alert_id, now)

    def _read_progress(self, alert_id: str, now: datetime) -> Progress:
        with self._sessions() as session:
            return progress(session, alert_id, now)

    def _read_clusters(self, alert_id: str, now: datetime) -> tuple[ClusterReach, ...]:
        with self._sessions() as session:
            return clusters(session, alert_id, now)


def watch() -> Watch:
    """Return the watch of the app."""
    found: Watch = current_app.extensions[_NAME]
    return found
