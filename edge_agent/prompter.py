"""Follows the plan: brings each slot to its stage in time, or writes down why not.

due (10 s before its calls) --file at its place is here--> on stage --> final receipt
    |  60 s later and nothing to play  --> missed: no_audio
over without having been on stage      --> missed: off, no_clock or no_audio
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from edge_agent import timeline
from edge_agent.claims import Claim, Rank, Rung
from edge_agent.clock import Clock
from edge_agent.library import Library
from edge_agent.performance import Act, facts_of
from edge_agent.receipts import ReceiptBook
from edge_agent.stage import Stage
from wire.message import BroadcastClass, Origin
from wire.plan import Plan, Programme, Slot
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

LEAD: Final = timedelta(seconds=10)
PATIENCE: Final = timedelta(seconds=60)
TOO_SHORT: Final = timedelta(seconds=1)
CLASSES: Final = tuple(reversed(BroadcastClass))
ORIGINS: Final = tuple(reversed(Origin))


class Prompter:
    """Knows the plan and since when it could be followed. Owned by the conductor's thread."""

    def __init__(
        self,
        stages: Mapping[str, Stage],
        library: Library,
        book: ReceiptBook,
        clock: Clock,
        warm_up_s: float = 0.0,
    ) -> None:
        self._stages, self._library, self._book, self._clock = stages, library, book, clock
        self._lead = LEAD + timedelta(seconds=warm_up_s)
        self._able_since: datetime | None = None
        self.plan: Plan | None = None

    def follow(self, plan: Plan, now: datetime) -> None:
        """Take a new plan: what it changes is taken off the stage, what it keeps sounds on."""
        old, self.plan = self.plan, plan
        if old is None or self._able_since is None:
            return
        kept = {slot.id: (slot, timeline.programme_of(plan, slot)) for slot in plan.slots}
        for slot in old.slots:
            was = (slot, timeline.programme_of(old, slot))
            stage = self._stages.get(slot.output)
            if stage and stage.act(slot.id) and kept.get(slot.id) != was:
                stage.withdraw(slot.id, "replanned")
            elif slot.id not in kept and slot.starts_at <= now:
                self._miss(slot, "replanned")

    def advance(self, now: datetime) -> datetime | None:
        """Do what is due at `now`; return when to come again."""
        if self.plan is None:
            return None
        self._able_since = self._able_since or now
        for slot in timeline.past(self.plan, now):
            self._close(slot)
        retry = None
        for slot in timeline.due(self.plan, now, self._lead_of):
            self._keep_time(self.plan, slot)
            if not self._is_settled(slot) and not self._bring(self.plan, slot, now):
                retry = now + timedelta(seconds=1)
        return retry or timeline.next_instant(self.plan, now, self._lead_of)

    def _lead_of(self, slot: Slot) -> timedelta:
        stage = self._stages.get(slot.output)
        calls_s = stage.receivers.lead_s(slot.clusters) if stage else 0.0
        return self._lead + timedelta(seconds=calls_s)

    def _keep_time(self, plan: Plan, slot: Slot) -> None:
        """Move a slot that waits on its stage to where the clock, known better, puts it now."""
        if stage := self._stages.get(slot.output):
            stage.retime(slot.id, *self._span(plan, slot, stage))

    def _span(self, plan: Plan, slot: Slot, stage: Stage) -> tuple[float, float]:
        """Return when a slot sounds (monotonic): it makes room for the calls of the next one."""
        ends_at, after = slot.ends_at, timeline.following(plan, slot)
        if after is not None and not stage.receivers.stays_open(slot, after):
            calls_at = after.starts_at - timedelta(seconds=stage.receivers.lead_s(after.clusters))
            ends_at = max(slot.starts_at, min(ends_at, calls_at))
        return self._clock.mono_of(slot.starts_at), self._clock.mono_of(ends_at)

    def _is_settled(self, slot: Slot) -> bool:
        stage = self._stages.get(slot.output)
        on_stage = stage is not None and stage.act(slot.id) is not None
        return on_stage or self._book.is_closed(slot.id)

    def _bring(self, plan: Plan, slot: Slot, now: datetime) -> bool:
        """Bring a slot to its stage or close it; False while it waits for its file."""
        stage = self._stages.get(slot.output)
        if stage is None:
            self._miss(slot, "unknown_output")
            return True
        programme = timeline.programme_of(plan, slot)
        begin = max(slot.starts_at, self._able_since or now)
        waited = now - begin
        if slot.resume == "skip" and now - slot.starts_at > PATIENCE:
            self._miss(slot, "late")
            return True
        if not self._has_sound(slot, programme, now, whole=waited <= PATIENCE):
            if waited > PATIENCE or slot.ends_at - now < TOO_SHORT:
                self._miss(slot, "no_audio")
                return True
            return False
        starts_at, ends_at = self._span(plan, slot, stage)
        if ends_at <= starts_at:
            self._miss(slot, "calls")
            return True
        claim = Claim(slot.id, rank_of(slot), starts_at, ends_at)
        parts = timeline.parts_of(programme, self._library.path)
        stage.perform(Act(claim, parts, slot.offset_ms, slot.ceiling_db, slot))
        return True

    def _has_sound(self, slot: Slot, programme: Programme, now: datetime, *, whole: bool) -> bool:
        """Whether the file at the slot's place is here; when patience is over, any later one."""
        here, later = timeline.files_from(programme, timeline.place_ms(slot, now))
        if all(self._library.has(sha256) for sha256 in here):
            return True
        return not whole and any(self._library.has(sha256) for sha256 in later)

    def _close(self, slot: Slot) -> None:
        """Write down a slot that is over and never came on stage."""
        if self._is_settled(slot):
            return
        was_off = self._able_since is not None and slot.ends_at <= self._able_since
        self._miss(slot, "off" if was_off else "no_audio")

    def _miss(self, slot: Slot, code: str) -> None:
        if self._book.is_closed(slot.id):
            return
        log.warning("slot %s missed: %s", slot.id, code)
        self._book.note(
            ReceiptKind.MISSED, final=(slot.id, slot.ends_at), code=code, **facts_of(slot)
        )


def rank_of(slot: Slot) -> Rank:
    """Return a slot's place in the order of precedence."""
    return Rank(
        Rung.PROGRAMME,
        broadcast_class=CLASSES.index(slot.broadcast_class),
        origin=ORIGINS.index(slot.origin),
    )
