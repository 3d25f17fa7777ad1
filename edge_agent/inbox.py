"""The one place where the conductor waits: every other thread posts here and goes on.

An alert from the network, the panic input and what the player tells go before all else, so that
1,500 bulk messages never delay or drop one (R10).
"""

import threading
from collections import deque
from typing import Final

from edge_agent.events import Arrived, Event, Heard, StopAsked
from edge_agent.panic import PanicPressed, PanicReleased

ROOM: Final = 1000
ALERTS: Final = "/alert/"


class Inbox:
    """Events in order of arrival, the urgent ones first. Posting never waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent: deque[Event] = deque()
        self._events: deque[Event] = deque()

    def post(self, event: Event) -> None:
        """Add an event."""
        with self._changed:
            (self._urgent if _is_urgent(event) else self._events).append(event)
            self._changed.notify()

    def offer(self, event: Event) -> bool:
        """Add an event from the network unless 1,000 of its kind wait; `sync` heals the loss."""
        with self._changed:
            events = self._urgent if _is_urgent(event) else self._events
            if len(events) >= ROOM:
                return False
            events.append(event)
            self._changed.notify()
            return True

    def get(self, timeout_s: float) -> Event | None:
        """Return the next event, or None after `timeout_s` seconds (0 or less: at once)."""
        with self._changed:
            self._changed.wait_for(self._has_any, max(0.0, timeout_s))
            if self._urgent:
                return self._urgent.popleft()
            return self._events.popleft() if self._events else None

    def _has_any(self) -> bool:
        return bool(self._urgent or self._events)


def _is_urgent(event: Event) -> bool:
    match event:
        case Arrived(topic):
            return ALERTS in topic
        case Heard() | PanicPressed() | PanicReleased() | StopAsked():
            return True
        case _:
            return False
