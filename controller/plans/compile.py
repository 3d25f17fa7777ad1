"""From rules to the plan of each device. Pure: values in, values out; `now` is an argument.

Devices of one commune mostly share their rules, so the work of one timeline is done once a
distinct set of rules and reused; that is what makes 10,000 devices a matter of seconds.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from controller.plans.network import Chain, DeviceView, Network, OutputView, Refused, RuleView
from schedules.errors import ScheduleError
from schedules.filters import Policy
from schedules.precedence import BroadcastClass, Origin, programme_rank
from schedules.rules import expand
from schedules.timeline import Candidate, Resume, Timeline, arrange
from schedules.timeline import Slot as TimelineSlot
from wire.plan import Asset, Item, Programme, Slot

_ITEMS: TypeAdapter[tuple[Item, ...]] = TypeAdapter(tuple[Item, ...])
_SLOTS: TypeAdapter[tuple[Slot, ...]] = TypeAdapter(tuple[Slot, ...])
_PROGRAMMES: TypeAdapter[tuple[Programme, ...]] = TypeAdapter(tuple[Programme, ...])

Subset = tuple[str, ...]
"""The clusters of an output that a rule asks for; empty means all of them."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a plan says, before it has a revision; `hash` changes only when that changes."""

    device_id: str
    chain: Chain
    from_at: datetime
    until_at: datetime
    slots: tuple[Slot, ...]
    programmes: tuple[Programme, ...]
    assets: tuple[Asset, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """The slots of one output and what they need, with the hash of all of it."""

    slots: tuple[Slot, ...]
    programmes: frozenset[str]
    hash: str


class Compiler:
    """Compiles devices of one network for one window; keeps what they share.

    A rule that cannot be expanded plays nowhere, is in `refused`, and stops no other.
    """

    def __init__(self, network: Network, now: datetime, days: int, zone: str) -> None:
        self._network = network
        self._now = now
        self.from_at, self.until_at = window(now, days, zone)
        self.refused: list[Refused] = list(network.refused)
        self._views = {programme_key(view): view for view in network.rules}
        self._by_place: dict[str, list[RuleView]] = {}
        for view in network.rules:
            for place in (*view.areas, *view.clusters):
                self._by_place.setdefault(place, []).append(view)
        self._rules_of_chain: dict[Chain, tuple[RuleView, ...]] = {}
        self._expanded: dict[str, tuple[Candidate, ...]] = {}
        self._pieces: dict[tuple[object, ...], _Piece] = {}
        self._programmes: dict[str, Programme] = {}
        self._assets: dict[frozenset[str], tuple[tuple[Programme, ...], tuple[Asset, ...]]] = {}

    def compile_all(self) -> Iterator[Content]:
        """Compile every device of the network."""
        return (self.compile(device) for device in self._network.devices)

    def compile(self, device: DeviceView) -> Content:
        """Return what one device shall play in the window."""
        policy = self._network.policies[device.chain[-1]]
        pieces = [self._piece(output, policy) for output in device.outputs]
        needed = frozenset[str]().union(*(piece.programmes for piece in pieces))
        programmes, assets = self._material(needed)
        names = "\n".join(piece.hash for piece in pieces)
        return Content(
            device_id=device.id,
            chain=device.chain,
            from_at=self.from_at,
            until_at=self.until_at,
            slots=tuple(slot for piece in pieces for slot in piece.slots),
            programmes=programmes,
            assets=assets,
            hash=hashlib.sha256(f"{self.until_at.isoformat()}\n{names}".encode()).hexdigest(),
        )

    def timeline(self, output: OutputView, policy: Policy) -> Timeline:
        """Return the whole timeline of an output with reasons and losses, for people."""
        span = (self.from_at - timedelta(days=1), self.until_at)
        wanted = self._wanted(output)
        return arrange(self._candidates(wanted), span, policy)

    def _piece(self, output: OutputView, policy: Policy) -> _Piece:
        wanted = self._wanted(output)
        key = (output.name, policy, tuple((view.rule.id, subset) for view, subset in wanted))
        if key not in self._pieces:
            self._pieces[key] = self._make_piece(output, wanted, policy)
        return self._pieces[key]

    def _wanted(self, output: OutputView) -> list[tuple[RuleView, Subset]]:
        """Return the rules that concern an output, each with the clusters that it asks for."""
        asked: dict[str, tuple[RuleView, list[str]]] = {}
        for cluster, chain in output.clusters:
            own = self._by_place.get(cluster, ())
            for view in {v.rule.id: v for v in (*self._of_chain(chain), *own)}.values():
                asked.setdefault(view.rule.id, (view, []))[1].append(cluster)
        everyone = len(output.clusters)
        return [
            (view, () if len(clusters) == everyone else tuple(clusters))
            for view, clusters in (asked[name] for name in sorted(asked))
        ]

    def _of_chain(self, chain: Chain) -> tuple[RuleView, ...]:
        if chain not in self._rules_of_chain:
            found = {v.rule.id: v for area in chain for v in self._by_place.get(area, ())}
            self._rules_of_chain[chain] = tuple(found.values())
        return self._rules_of_chain[chain]

    def _make_piece(
        self, output: OutputView, wanted: list[tuple[RuleView, Subset]], policy: Policy
    ) -> _Piece:
        views = {view.rule.id: (view, subset) for view, subset in wanted}
        timeline = self.timeline_of(wanted, policy)
        slots = tuple(
            _slot(output.name, number, slot, *views[slot.candidate.occurrence.rule_id])
            for number, slot in _numbered(timeline)
            if slot.end > self._now
        )
        needed = frozenset(slot.programme for slot in slots)
        programmes, _ = self._material(needed)
        said = _SLOTS.dump_json(slots) + _PROGRAMMES.dump_json(programmes)
        return _Piece(slots, needed, hashlib.sha256(said).hexdigest())

    def timeline_of(self, wanted: list[tuple[RuleView, Subset]], policy: Policy) -> Timeline:
        """Arrange the occurrences of rules; a day earlier, so that what runs now is whole."""
        span = (self.from_at - timedelta(days=1), self.until_at)
        return arrange(self._candidates(wanted), span, policy)

    def _candidates(self, wanted: list[tuple[RuleView, Subset]]) -> Iterator[Candidate]:
        for view, _ in wanted:
            yield from self._candidates_of(view)

    def _candidates_of(self, view: RuleView) -> tuple[Candidate, ...]:
        """Return a rule's occurrences with their rank; made once for all who share the rule."""
        if view.rule.id not in self._expanded:
            try:
                self._programme(programme_key(view))
                self._expanded[view.rule.id] = self._expand(view)
            except (ScheduleError, ValidationError) as error:
                self.refused.append(Refused(view.rule.id, view.programme_id, str(error)))
                self._expanded[view.rule.id] = ()
        return self._expanded[view.rule.id]

    def _expand(self, view: RuleView) -> tuple[Candidate, ...]:
        ranked = BroadcastClass(view.broadcast_class), Origin(view.origin)
        resume = Resume(view.resume)
        return tuple(
            Candidate(one, programme_rank(one, *ranked), view.programme_id, resume)
            for one in expand(view.rule, self.from_at - timedelta(days=1), self.until_at)
        )

    def _programme(self, name: str) -> Programme:
        if name not in self._programmes:
            self._programmes[name] = _programme(self._views[name])
        return self._programmes[name]

    def _material(self, needed: frozenset[str]) -> tuple[tuple[Programme, ...], tuple[Asset, ...]]:
        if needed not in self._assets:
            programmes = tuple(self._programme(name) for name in sorted(needed))
            shas = sorted({sha for programme in programmes for sha in assets_of(programme)})
            known = self._network.assets
            self._assets[needed] = programmes, tuple(known[sha] for sha in shas if sha in known)
        return self._assets[needed]


def window(now: datetime, days: int, zone: str) -> tuple[datetime, datetime]:
    """Return from today's local midnight until that of the day after `days` whole days."""
    today = now.astimezone(ZoneInfo(zone)).date()
    ends = (today, today + timedelta(days=days + 1))
    first, last = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in ends)
    return first, last


def programme_key(view: RuleView) -> str:
    """Return the id of a programme in a plan: it names the version, so a new one is news."""
    return f"{view.programme_id}.{view.version}"


def assets_of(programme: Programme) -> Iterator[str]:
    """Yield the hashes of all audio that a programme may need."""
    for item in programme.items:
        if item.kind == "asset":
            yield item.sha256
        elif item.kind == "relay" and item.fallback:
            yield item.fallback


def _programme(view: RuleView) -> Programme:
    items = _ITEMS.validate_python(view.items)
    return Programme(id=programme_key(view), title=view.title, items=items)


def _numbered(timeline: Timeline) -> Iterator[tuple[int, TimelineSlot]]:
    """Yield slots with their number among those of the same occurrence."""
    seen: dict[str, int] = {}
    for slot in timeline.slots:
        number = seen.get(slot.candidate.id, 0)
        seen[slot.candidate.id] = number + 1
        yield number, slot


def _slot(output: str, number: int, slot: TimelineSlot, view: RuleView, subset: Subset) -> Slot:
    begun = slot.candidate.occurrence.original
    part = f".{number}" if number else ""
    return Slot(
        id=f"{output}.{view.rule.id}.{begun:%Y%m%dT%H%M%S}{part}",
        output=output,
        programme=programme_key(view),
        starts_at=slot.start,
        ends_at=slot.end,
        offset_ms=int(slot.offset / timedelta(milliseconds=1)),
        origin=view.origin,
        broadcast_class=view.broadcast_class,
        clusters=subset,
        ceiling_db=slot.ceiling_db,
        resume="skip" if view.resume == "skip" else "clock",
        reason=slot.reason.decided_by,
    )
