"""A moment of quiet while an alert is on its way: background work leaves it the processor.

Python runs one thread at a time, and the broker shares our cores: what only computes would be felt
at ten thousand loudspeakers.
"""

import threading
import time
from collections.abc import Callable

QUIET_FOR_S = 0.3
"""As long as a broker takes to hand an alert to ten thousand devices on two quiet cores."""


class Hush:
    """`begin` it when an alert is released or sent; `wait` between units of patient work."""

    def __init__(
        self, quiet_for_s: float = QUIET_FOR_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet_for_s = quiet_for_s
        self._monotonic = monotonic
        self._until = 0.0
        self._stopping = threading.Event()

    @property
    def is_on(self) -> bool:
        """Whether an alert is on its way."""
        return self._monotonic() < self._until

    def begin(self) -> None:
        """Ask for quiet from now on."""
        self._stopping.clear()
        self._until = self._monotonic() + self._quiet_for_s

    def wait(self) -> None:
        """Wait until it is over; a flood of alerts makes no caller wait for more than one of it."""
        if (left_s := self._until - self._monotonic()) > 0:
            self._stopping.wait(left_s)

    def end(self) -> None:
        """Let nobody wait any more: we stop."""
        self._stopping.set()
