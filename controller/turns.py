"""Whose turn it is to write to SQLite: in the order they came, patient ones behind the others.

SQLite's own busy handler is no queue: it sleeps and looks again, and who begins again at once wins.
A turn is a courtesy inside one process; the database's lock stays what keeps writers apart.
"""

import threading
from collections import deque

PROMPT_IN_A_ROW = 20
"""So many others go before one that is patient; then it has its turn."""


class Turns:
    """One writer at a time. Work in the background is patient: an alert waits for one turn only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._prompt: deque[threading.Event] = deque()
        self._patient: deque[threading.Event] = deque()
        self._in_a_row = 0

    def take(self, *, is_patient: bool, timeout_s: float) -> bool:
        """Wait for the turn; False when it did not come in time."""
        mine = threading.Event()
        queue = self._patient if is_patient else self._prompt
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            queue.append(mine)
        if mine.wait(timeout_s):
            return True
        with self._lock:
            if mine.is_set():
                return True
            queue.remove(mine)
        return False

    def give_back(self) -> None:
        """Let the next one go."""
        with self._lock:
            waiting = self._next()
            if waiting is None:
                self._is_taken = False
            else:
                waiting.set()

    def _next(self) -> threading.Event | None:
        is_prompt = self._prompt and (not self._patient or self._in_a_row < PROMPT_IN_A_ROW)
        self._in_a_row = self._in_a_row + 1 if is_prompt else 0
        if is_prompt:
            return self._prompt.popleft()
        return self._patient.popleft() if self._patient else None
