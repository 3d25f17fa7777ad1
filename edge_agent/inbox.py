"""The one place where the conductor waits: every other thread posts here and goes on."""

import queue
from typing import Final

from edge_agent.events import Event

ROOM: Final = 1000


class Inbox:
    """Events in order of arrival. Posting never waits."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def post(self, event: Event) -> None:
        """Add an event."""
        self._events.put(event)

    def offer(self, event: Event) -> bool:
        """Add an event from the network unless 1,000 wait already; `sync` heals what is dropped."""
        if self._events.qsize() >= ROOM:
            return False
        self._events.put(event)
        return True

    def get(self, timeout_s: float) -> Event | None:
        """Return the next event, or None after `timeout_s` seconds (0 or less: at once)."""
        try:
            return self._events.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            return None
