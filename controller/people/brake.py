"""Slows down password guessing: 5 failures a minute for an account, 20 for an address.

Kept in memory, bounded: a restart forgets a minute of it, and several web processes count apart.
"""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from controller.errors import ControllerError

WINDOW = timedelta(minutes=1)
PER_ACCOUNT, PER_ADDRESS = 5, 20
REMEMBERED = 20_000


class TooManyAttempts(ControllerError):
    """Too many failed sign-ins; fact `wait_s`."""

    code = "too_many_attempts"
    status = 429
    vi = "Sai mật khẩu quá nhiều lần, hãy đợi {wait_s} giây"
    en = "Too many failed sign-ins, wait {wait_s} seconds"


class Brake:
    """Counts failed sign-ins of the last minute, by account and by address; thread-safe."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def require_free(self, login: str, address: str, now: datetime) -> None:
        """Raise `TooManyAttempts` while the account or the address has failed too often."""
        with self._lock:
            for key, limit in self._keys(login, address):
                failed = self._recent(key, now)
                if len(failed) >= limit:
                    wait = failed[-limit] + WINDOW - now
                    raise TooManyAttempts(wait_s=max(1, round(wait.total_seconds())))

    def count_failure(self, login: str, address: str, now: datetime) -> None:
        """Remember one failure."""
        with self._lock:
            for key, _ in self._keys(login, address):
                self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        failed = self._failures.get(key, deque())
        while failed and failed[0] <= now - WINDOW:
            failed.popleft()
        return failed

    @staticmethod
    def _keys(login: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        return (f"account {login[:60].casefold()}", PER_ACCOUNT), (
            f"address {address}",
            PER_ADDRESS,
        )
