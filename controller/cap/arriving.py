"""What sources publish by MQTT, taken apart from what devices send, each source in its turn.

To judge a message takes many times as long as to read a heartbeat: a source that floods us delays
neither the devices nor the other sources, and what is too much of its own is dropped and told.
"""

import logging
import threading
from collections import OrderedDict, deque

from sqlalchemy.exc import InterfaceError, OperationalError

from controller.cap.sources import take_published
from controller.cap.vocabulary import Vocabulary
from controller.db import Clock, Sessions
from controller.mqtt import Arrived

log = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError)
MOST_OF_ONE = 200
"""Messages of one source that may wait: some 50 MB at worst, and seconds of work."""
MOST_SOURCES = 500


class Arriving:
    """Keeps what arrived in memory; `step` takes one message and is driven by a `Loop`."""

    def __init__(self, sessions: Sessions, clock: Clock, words: Vocabulary | None = None) -> None:
        self._sessions = sessions
        self._clock = clock
        self._words = words
        self._waiting: OrderedDict[str, deque[Arrived]] = OrderedDict()
        self._lock = threading.Lock()
        self._some = threading.Event()

    def put(self, arrived: Arrived) -> None:
        """Keep a message until its turn comes; never waits."""
        with self._lock:
            own = self._waiting.get(arrived.topic, deque())
            is_too_much = len(own) >= MOST_OF_ONE or len(self._waiting) >= MOST_SOURCES
            if not is_too_much:
                own.append(arrived)
                self._waiting[arrived.topic] = own
                self._some.set()
        if is_too_much:
            log.warning("too much comes on %s; a warning is dropped", arrived.topic)

    def step(self, wait_s: float = 0.5) -> bool:
        """Take the next message, waiting a moment for it; return whether there was one.

        One that cannot be taken is dropped and told. While the database is away nothing is lost.
        """
        self._some.wait(wait_s)
        arrived = self._next()
        if arrived is None:
            return False
        try:
            with self._sessions.begin() as session:
                take_published(session, arrived.topic, arrived.payload, self._clock(), self._words)
        except DATABASE_AWAY:
            self._put_back(arrived)
            raise
        except Exception:
            log.exception("%s could not be taken; it is dropped", arrived.topic)
        return True

    def _next(self) -> Arrived | None:
        """Return the oldest message of the source whose turn it is; its next turn is the last."""
        with self._lock:
            if not self._waiting:
                self._some.clear()
                return None
            topic, own = self._waiting.popitem(last=False)
            arrived = own.popleft()
            if own:
                self._waiting[topic] = own
            return arrived

    def _put_back(self, arrived: Arrived) -> None:
        with self._lock:
            self._waiting.setdefault(arrived.topic, deque()).appendleft(arrived)
            self._waiting.move_to_end(arrived.topic, last=False)
            self._some.set()
