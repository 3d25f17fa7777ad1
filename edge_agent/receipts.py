"""The device's signed word on what happened: numbered without gaps, kept until acknowledged."""

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from edge_agent.clock import Clock
from edge_agent.errors import StorageFailed
from edge_agent.store import Store
from wire.up import Receipt, ReceiptKind

log = logging.getLogger(__name__)

BATCH: Final = 50
UNSAVED_KEPT: Final = 2000
RESEND_AFTER_S: Final = 15.0

_Note = tuple[ReceiptKind, datetime, tuple[str, datetime] | None, dict[str, Any]]


class ReceiptBook:
    """Writes receipts and says which to send. While the disk refuses, they wait in memory."""

    def __init__(
        self, store: Store, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._clock, self._monotonic = store, clock, monotonic
        self._unsaved: deque[_Note] = deque(maxlen=UNSAVED_KEPT)
        self._finals: set[str] = set()
        self._sent_upto = 0
        self._sent_mono = 0.0
        self.has_news = True

    def start(self) -> None:
        """Remember which slots are closed already."""
        self._finals = self._store.finals()

    def note(
        self,
        kind: ReceiptKind,
        *,
        final: tuple[str, datetime] | None = None,
        at: datetime | None = None,
        **facts: Any,
    ) -> None:
        """Write a receipt of what happened at `at`, or now.

        `final` (a name and its end) closes a slot, or what else happens once: the next is none.
        """
        if final is not None:
            if final[0] in self._finals:
                return
            self._finals.add(final[0])
        mono = self._monotonic()
        error_s = self._clock.error_s(mono)
        facts |= {"clock": self._clock.state(mono)}
        if error_s is not None:
            facts["clock_error_ms"] = round(error_s * 1000)
        self._unsaved.append((kind, at or self._clock.best_guess(mono), final, facts))
        self.has_news = True
        try:
            self.save()
        except StorageFailed as error:
            log.warning("%d receipts wait for the disk: %s", len(self._unsaved), error)

    def save(self) -> None:
        """Store what waits. Raises StorageFailed when the disk refuses (again)."""
        while self._unsaved:
            note = self._unsaved[0]
            self._store.add_receipt(partial(_receipt, note), note[2])
            self._unsaved.popleft()

    @property
    def waiting(self) -> int:
        """How many receipts the disk has refused so far."""
        return len(self._unsaved)

    def is_closed(self, slot: str) -> bool:
        """Return whether a slot has its final receipt."""
        return slot in self._finals

    def is_any_closed(self, begin: str, end: str) -> bool:
        """Return whether anything is closed whose name begins and ends so."""
        return any(name.startswith(begin) and name.endswith(end) for name in self._finals)

    def next_batch(self) -> tuple[Receipt, ...]:
        """Return the receipts to send next, in order; empty when all are sent."""
        batch = self._store.receipts_after(self._sent_upto, BATCH)
        if batch:
            self._sent_upto = batch[-1].number
            self._sent_mono = self._monotonic()
        else:
            self.has_news = False
        return batch

    def oldest(self, batch: tuple[Receipt, ...]) -> int:
        """Return the lowest number that is still held, when `batch` was just taken."""
        first = self._store.receipts_after(0, 1)
        return first[0].number if first else batch[0].number

    def send_again(self) -> None:
        """Begin anew with the oldest unacknowledged receipt (a new connection)."""
        self._sent_upto = 0
        self.has_news = True

    def acknowledge(self, upto: int) -> None:
        """Forget what the controller has; what it should have by now and has not is sent again."""
        try:
            self._store.acknowledge(upto)
        except StorageFailed as error:
            log.debug("acknowledged receipts stay for now: %s", error)
        is_late = self._monotonic() - self._sent_mono > RESEND_AFTER_S
        if upto < self._sent_upto and is_late:
            self.send_again()

    def prune(self, now: datetime) -> None:
        """Forget closed slots of long ago."""
        self._store.prune(now)
        self._finals = self._store.finals() | {note[2][0] for note in self._unsaved if note[2]}


def _receipt(note: _Note, number: int) -> Receipt:
    kind, at, _, facts = note
    return Receipt(number=number, kind=kind, at=at, **facts)
