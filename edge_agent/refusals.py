"""Reporting what was refused: each message once, and never more than a few a minute."""

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Final

from edge_agent.errors import StorageFailed
from edge_agent.receipts import ReceiptBook
from edge_agent.store import Store
from wire import topics
from wire.errors import Malformed, WireError
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

A_MINUTE: Final = 10
REMEMBERED: Final = 4096


class Refusals:
    """Counts every refusal; writes receipts for the first of each message."""

    def __init__(
        self, store: Store, book: ReceiptBook, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._book, self._monotonic = store, book, monotonic
        self._seen: dict[str, None] = {}
        self._minute, self._this_minute = 0.0, 0
        self.total = 0

    def report(self, topic: str, payload: bytes, error: WireError) -> None:
        """Note that a message is refused, with a receipt unless it was reported before."""
        self.total += 1
        digest = hashlib.sha256(payload).hexdigest()
        if digest in self._seen or not self._may_write():
            return
        self._seen[digest] = None
        while len(self._seen) > REMEMBERED:
            self._seen.pop(next(iter(self._seen)))
        log.warning("refused on %s: %s", topic[:100], error)
        try:
            if not self._store.refuse_once(digest):
                return
        except StorageFailed as failure:
            log.debug("the refusal is remembered in memory only: %s", failure)
        self._this_minute += 1
        self._book.note(
            ReceiptKind.REFUSED, code=error.code, object_id=_kind(topic), detail=error.detail[:500]
        )

    def _may_write(self) -> bool:
        now = self._monotonic()
        if now - self._minute >= 60:
            self._minute, self._this_minute = now, 0
        return self._this_minute < A_MINUTE


def _kind(topic: str) -> str:
    try:
        return topics.parse(topic).kind
    except Malformed:
        return "unknown"
