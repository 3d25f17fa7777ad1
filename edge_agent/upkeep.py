"""What has to be done now and then: storing what the disk refused, forgetting what is old."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from edge_agent.errors import StorageFailed
from edge_agent.gate import Gate
from edge_agent.receipts import ReceiptBook
from edge_agent.store import Store
from wire.down import Desired
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

RETRY_EVERY_S: Final = 5.0
PRUNE_EVERY_S: Final = 6 * 3600.0


class Upkeep:
    """Watches over the store; knows which faults the device has. `settings` made this run."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        book: ReceiptBook,
        settings: Callable[[Desired], object],
        storage_fault: str = "",
    ) -> None:
        self._store, self._gate, self._book = store, gate, book
        self._settings = settings
        self._made_for = settings(gate.desired) if gate.desired else None
        self._storage_fault = storage_fault
        self._retry_at = self._prune_at = 0.0
        self._audit_head = ""

    def faults(self) -> tuple[str, ...]:
        """Return the names of what is wrong, for the status."""
        return ("storage",) if self._storage_fault else ()

    def needs_restart(self, desired: Desired) -> bool:
        """Return whether a desired state changes what is only read at the start."""
        return self._settings(desired) != self._made_for

    def keep_audit_head(self, head: str) -> None:
        """Keep the newest head of the controller's audit chain, as a witness."""
        if head != self._audit_head:
            self._audit_head = head
            try:
                self._store.remember("audit_head", head)
            except StorageFailed as error:
                log.debug("audit head not kept: %s", error)

    def step(self, mono: float, now: datetime | None) -> None:
        """Do what is due."""
        if mono >= self._retry_at:
            self._retry_at = mono + RETRY_EVERY_S
            self._save()
        if now is not None and mono >= self._prune_at:
            self._prune_at = mono + PRUNE_EVERY_S
            try:
                self._book.prune(now)
            except StorageFailed as error:
                log.debug("nothing pruned: %s", error)

    def _save(self) -> None:
        try:
            self._gate.save()
            self._book.save()
            if self._storage_fault:
                self._store.reopen()
        except StorageFailed as error:
            if not self._storage_fault:
                self._storage_fault = error.why
                log.warning("%s", error)
                self._book.note(ReceiptKind.FAULT, code="storage", detail=error.why[:500])
            return
        if self._storage_fault:
            log.info("the disk takes data again")
            self._storage_fault = ""
            self._book.note(ReceiptKind.REPAIRED, code="storage")
