"""When to speak to the controller, and the nonces that make its answers fresh."""

import secrets
from typing import Final

OUTSTANDING: Final = 4
NONCE_LIVES_S: Final = 60.0
PROBES: Final = 6
PROBE_EVERY_S: Final = 1.0
GOOD_ERROR_S: Final = 0.001


class Nonces:
    """Our questions that are not answered yet, each answered at most once."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}

    def ask(self, mono: float) -> str:
        """Return a new nonce, asked at the monotonic instant `mono`."""
        nonce = secrets.token_hex(16)
        self._asked[nonce] = mono
        while len(self._asked) > OUTSTANDING:
            self._asked.pop(next(iter(self._asked)))
        return nonce

    def answered(self, nonce: str, mono: float) -> float | None:
        """Return when a nonce was asked, and forget it; None when it is not ours or too old."""
        asked = self._asked.pop(nonce, None)
        return asked if asked is not None and mono - asked <= NONCE_LIVES_S else None

    def forget(self) -> None:
        """Give up on what was asked (the connection is gone)."""
        self._asked.clear()


class Heartbeat:
    """The rhythm: a heartbeat each `health_s`, a question each `sync_s`, a few more at the start.

    The first questions after a connection come a second apart: the quickest answer tells the time
    best.
    """

    def __init__(self) -> None:
        self._health_s, self._sync_s = 60.0, 300.0
        self._beat_at = self._ask_at = 0.0
        self._probes = 0

    def connected(self, mono: float) -> None:
        """Begin at once."""
        self._beat_at = self._ask_at = mono
        self._probes = PROBES

    def due(self, mono: float) -> tuple[bool, bool]:
        """Return whether to beat now, and whether with a question."""
        asks = mono >= self._ask_at
        return asks or mono >= self._beat_at, asks

    def has_beaten(self, mono: float, *, asked: bool, error_s: float | None) -> None:
        """Note a heartbeat that was sent; `error_s` is how wrong our clock may be."""
        self._beat_at = mono + self._health_s
        if asked:
            self._probes = max(0, self._probes - 1)
            is_rough = error_s is None or error_s > GOOD_ERROR_S
            if error_s is None:
                self._ask_at = mono + (PROBE_EVERY_S if self._probes else 5.0)
            else:
                self._ask_at = mono + (PROBE_EVERY_S if self._probes and is_rough else self._sync_s)

    def set_rhythm(self, health_s: float, sync_s: float) -> None:
        """Change the rhythm; what is due later than it says comes earlier."""
        self._ask_at -= max(0.0, self._sync_s - sync_s)
        self._beat_at -= max(0.0, self._health_s - health_s)
        self._health_s, self._sync_s = health_s, sync_s

    def ask_soon(self, at: float) -> None:
        """Ask at the monotonic instant `at`, unless the rhythm asks earlier."""
        self._ask_at = min(self._ask_at, at)

    def next_at(self) -> float:
        """Return when something is due next (monotonic)."""
        return min(self._beat_at, self._ask_at)
