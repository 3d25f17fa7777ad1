"""The receivers of an output's clusters: open in time, held open across a gap, closed after it.

Without calls (nobody is addressed) there is nothing to open. Owned by the conductor's thread.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Final

from edge_agent.audio import events as heard
from edge_agent.audio.sources import PlayOrder
from edge_agent.calls import Calls
from edge_agent.claims import Claim
from wire.plan import Slot

log = logging.getLogger(__name__)

HOLD_S: Final = 4.0
"""Receivers stay open across a gap as short as this, for a slot of the same clusters."""


class Receivers:
    """Whom the calls of one output wake, and when; `ready_at` is when the amplifier is warm."""

    def __init__(
        self,
        output: str,
        calls: Calls | None,
        ready_at: Callable[[float], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._output, self.calls = output, calls
        self._ready_at, self._monotonic = ready_at, monotonic

    def call_s(self, clusters: tuple[str, ...]) -> float:
        """Return how long calls for these clusters take if they begin now, in seconds."""
        if self.calls is None:
            return 0.0
        now = self._monotonic()
        return self.calls.soonest(now, self._ready_at(now)) - now + self.calls.lead_s(clusters)

    def lead_s(self, clusters: tuple[str, ...]) -> float:
        """Return how long before a slot of these clusters their calls begin, in seconds."""
        return self.calls.lead_s(clusters) if self.calls else 0.0

    def stays_open(self, slot: Slot, after: Slot) -> bool:
        """Return whether the calls of a slot do for the one after it."""
        if self.calls is None:
            return True
        gap_s = (after.starts_at - slot.ends_at).total_seconds()
        is_same = self.calls.addresses(slot.clusters) == self.calls.addresses(after.clusters)
        return is_same and gap_s <= HOLD_S

    def are_held(
        self, claim: Claim, slot: Slot | None, others: Iterable[tuple[Claim, Slot | None]]
    ) -> bool:
        """Whether the slot just before a claim's leaves them open for it."""
        if slot is None:
            return False
        for other, before in others:
            is_next = other.turn and abs(claim.starts_at - other.ends_at) <= HOLD_S
            if is_next and before is not None and other.id != claim.id:
                return self.stays_open(before, slot)
        return False

    def begin_at(self, claim: Claim) -> float:
        """Return from when a claim's turn is on the air (monotonic), calls first."""
        call_at = self.calls.begin_at(claim.turn or "") if self.calls else None
        return claim.starts_at if call_at is None else call_at

    def have_called(self, claim: Claim | None) -> bool:
        """Return whether the calls of a claim can no longer be moved."""
        if self.calls is None or claim is None:
            return False
        return self.calls.has_begun(claim.turn or "", self._monotonic())

    def open(self, order: PlayOrder, clusters: tuple[str, ...] | None, gain_db: float) -> PlayOrder:
        """Call clusters (None: nobody) before an order; return it as it can sound then."""
        if self.calls is None or clusters is None:
            return order
        now = self._monotonic()
        ready_at = self._ready_at(now)
        return self.calls.before(order, clusters, now, ready_at=ready_at, gain_db=gain_db)

    def close(self, turns: Iterable[Claim], gain_db: float) -> bool:
        """Close them unless one of these turns sounds or comes soon; return whether they were."""
        if self.calls is None:
            return False
        now = self._monotonic()
        if any(self.begin_at(claim) <= now + HOLD_S for claim in turns):
            return False
        return self.calls.close(now, gain_db)

    def drop(self, order_id: str) -> None:
        """Forget the calls of an order."""
        if self.calls is not None:
            self.calls.drop(order_id)

    def broken(self, event: heard.AudioEvent) -> str | None:
        """Return the order that must begin anew: its calls did not all sound, they may sleep."""
        order_id = self.calls.hear(event) if self.calls else None
        if order_id is not None:
            log.warning("%s: the calls of %s were cut; calling again", self._output, order_id)
        return order_id
