"""Reading a plan: which slot when, what it plays from where, which files it needs first. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.audio.sources import FilePart, Part, RelayPart, TonePart
from wire.plan import AssetItem, Item, Plan, Programme, RelayItem, Slot, ToneItem

FindFile = Callable[[str], Path]
LeadOf = Callable[[Slot], timedelta]


def programme_of(plan: Plan, slot: Slot) -> Programme:
    """Return the programme of a slot; a plan always holds it."""
    return next(programme for programme in plan.programmes if programme.id == slot.programme)


def due(plan: Plan, now: datetime, lead: LeadOf) -> Iterator[Slot]:
    """Yield slots that sound now or begin within their `lead`. A plan ends with its `exp`."""
    for slot in plan.slots:
        if slot.starts_at <= now + lead(slot) and now < slot.ends_at and slot.starts_at < plan.exp:
            yield slot


def following(plan: Plan, slot: Slot) -> Slot | None:
    """Return the next slot of the same output."""
    later = (s for s in plan.slots if s.output == slot.output and s.starts_at >= slot.ends_at)
    return min(later, key=lambda one: one.starts_at, default=None)


def past(plan: Plan, now: datetime) -> Iterator[Slot]:
    """Yield slots that are over. What was over before the plan was made is nobody's debt."""
    for slot in plan.slots:
        if plan.iat < slot.ends_at <= now:
            yield slot


def next_instant(plan: Plan, now: datetime, lead: LeadOf) -> datetime | None:
    """Return when there will be something to do: a slot coming up, or one ending."""
    instants = [slot.starts_at - lead(slot) for slot in plan.slots]
    instants += [slot.ends_at for slot in plan.slots]
    return min((at for at in instants if at > now), default=None)


def parts_of(programme: Programme, find: FindFile) -> tuple[Part, ...]:
    """Return what a programme is made of, for the player."""
    return tuple(_part(item, find) for item in programme.items)


def _part(item: Item, find: FindFile) -> Part:
    match item:
        case AssetItem():
            return FilePart(find(item.sha256), item.sha256, item.duration_ms, gain_db=item.gain_db)
        case RelayItem():
            fallback = None
            if item.fallback:
                path = find(item.fallback)
                fallback = FilePart(path, item.fallback, item.fallback_duration_ms)
            return RelayPart(item.url, item.for_ms, fallback, item.source, item.gain_db)
        case ToneItem():
            return TonePart(item.tone, item.for_ms)


def place_ms(slot: Slot, now: datetime) -> int:
    """Return where in its programme a slot is at `now`; its beginning if still to come."""
    gone = max(timedelta(), now - slot.starts_at)
    return slot.offset_ms + round(gone / timedelta(milliseconds=1))


def files_from(programme: Programme, at_ms: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files needed at a place of a programme, and those needed after it."""
    here: list[str] = []
    later: list[str] = []
    begins_ms = 0
    for item in programme.items:
        ends_ms = begins_ms + (item.duration_ms if isinstance(item, AssetItem) else item.for_ms)
        if ends_ms > at_ms and isinstance(item, AssetItem):
            (here if begins_ms <= at_ms else later).append(item.sha256)
        begins_ms = ends_ms
    return tuple(here), tuple(later)


def files_by_need(plan: Plan, now: datetime) -> tuple[str, ...]:
    """Return every file of slots that are not over, the soonest needed first, each once."""
    found: dict[str, None] = {}
    for slot in sorted(plan.slots, key=lambda slot: slot.starts_at):
        if slot.ends_at > now:
            for item in programme_of(plan, slot).items:
                sha256 = (
                    item.sha256 if isinstance(item, AssetItem) else getattr(item, "fallback", None)
                )
                if sha256:
                    found[sha256] = None
    return tuple(found)


def spread_s(plan: Plan, now: datetime) -> float:
    """Return over how many seconds downloads may be spread: 0 when the next slot is near, to 60."""
    starts = (slot.starts_at for slot in plan.slots if slot.ends_at > now)
    left = min(starts, default=now) - now
    return max(0.0, min(60.0, (left.total_seconds() - 180) / 10))
