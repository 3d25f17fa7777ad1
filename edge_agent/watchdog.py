"""Tells systemd that the agent lives, as long as audio, link and conductor really get on.

When one of them hangs the process ends at once: systemd (or whoever runs us) starts it anew, and
the programme is joined at its place.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
HUNG_EXIT: Final = 70

Check = Callable[[], float]
"""Returns for how many seconds a worker has been overdue; 0 or less when it gets on."""


class Watchdog:
    """Looks each second at named checks. `give_up` ends the process and does not return."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        give_up: Callable[[int], None] = os._exit,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self._checks, self._give_up = checks, give_up
        self._notify = notify or sd_notify
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch and say that the agent is ready. May be called twice."""
        if self._thread is None:
            self._stopping.clear()
            self._notify("READY=1")
            self._thread = threading.Thread(target=self._work, name="watchdog", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop watching. May be called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._notify("STOPPING=1")
            self._thread.join(EVERY_S)
            self._thread = None

    def look(self) -> bool:
        """Check once; return whether all get on."""
        hung = [name for name, check in self._checks.items() if check() > 0]
        if hung:
            log.error("hung: %s; the agent ends and is started anew", ", ".join(hung))
            return False
        self._notify("WATCHDOG=1")
        return True

    def _work(self) -> None:
        while not self._stopping.wait(EVERY_S):
            if not self.look():
                self._give_up(HUNG_EXIT)


def sd_notify(state: str) -> None:
    """Tell systemd a state (sd_notify(3)); nothing happens without systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_systemd:
        try:
            to_systemd.sendto(state.encode(), address)
        except OSError as error:
            log.debug("systemd does not listen: %s", error)


def overdue(progress: Callable[[], float], limit_s: Callable[[], float] | float) -> Check:
    """Return a check of a progress instant (monotonic) against a limit in seconds."""
    limit = limit_s if callable(limit_s) else lambda: limit_s
    return lambda: time.monotonic() - progress() - limit()
