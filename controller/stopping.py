"""Waits until the operating system asks us to stop, without a lock in a signal handler.

`Event.set()` in a handler can wait for ever for the lock that its own thread holds in `wait()`;
`SimpleQueue.put` is made for handlers (it is reentrant).
"""

import queue
import signal


class StopSignal:
    """SIGTERM or SIGINT, once asked for with `listen`."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen(self) -> None:
        """Take both signals; call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda got, _frame: self._asked.put(got))

    def wait(self, timeout_s: float | None = None) -> bool:
        """Return whether we were asked to stop, after at most `timeout_s`."""
        try:
            self._asked.put(self._asked.get(timeout=timeout_s))
        except queue.Empty:
            return False
        return True
