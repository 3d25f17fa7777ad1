"""A thread that repeats one step: again at once while there is work, else when woken."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Loop:
    """Runs `step` until stopped; `step` does one unit of work and returns whether there was any.

    `idle_s` is how long to wait for that at most, or a function that knows until when.
    A step that raises is logged once, then tried again each second: the thread never dies.
    """

    def __init__(
        self, name: str, step: Callable[[], bool], idle_s: float | Callable[[], float] = 5.0
    ) -> None:
        self._name = name
        self._step = step
        self._idle_s = idle_s
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; may be called twice."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self._name)
            self._thread.start()

    def stop(self) -> None:
        """Finish the step in hand and end; may be called twice."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout=15)
            self._thread = None

    def wake(self) -> None:
        """Say that there is work."""
        self._woken.set()

    def _run(self) -> None:
        failed = False
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                worked = self._step()
                if failed:
                    log.info("%s works again", self._name)
                failed = False
            except Exception:
                log.log(
                    logging.DEBUG if failed else logging.WARNING,
                    "%s failed; trying again each second",
                    self._name,
                    exc_info=True,
                )
                worked, failed = False, True
            if not worked:
                self._woken.wait(1.0 if failed else self._idle())

    def _idle(self) -> float:
        if not callable(self._idle_s):
            return self._idle_s
        try:
            return self._idle_s()
        except Exception:
            log.debug("%s does not know until when to wait", self._name, exc_info=True)
            return 1.0
