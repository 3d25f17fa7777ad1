"""One output at work: the pure station decides, this carries it out through a player.

Owned by the conductor's thread. It writes the receipts of what sounds here.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from edge_agent import station
from edge_agent.audio import events as heard
from edge_agent.audio.sources import FilePart, Part, PlayOrder
from edge_agent.calls import Calls, is_call
from edge_agent.claims import Claim
from edge_agent.performance import Act, Player, Volume, facts_of, verdict
from edge_agent.receipts import ReceiptBook
from edge_agent.station import (
    Claimed,
    Ended,
    Hush,
    Over,
    Recast,
    Retimed,
    Sound,
    Station,
    Withdrawn,
)
from wire.down import Cluster
from wire.plan import Slot
from wire.up import OutputReport, ReceiptKind

log = logging.getLogger(__name__)

FADE_MS: Final = 20
JOINED_AFTER_MS: Final = 1000
TRIES: Final = 4
HOLD_S: Final = 4.0
"""Receivers stay open across a gap as short as this, for a slot of the same clusters."""


class Stage:
    """Everything about one output. `driver` is its name for the status: `silent` says so.

    `calls` wakes its clusters if they are addressed; `wake_fault` says why that cannot be done.
    `ready_at` tells from which instant on the amplifier is warm if it is switched on now.
    """

    def __init__(
        self,
        output: str,
        driver: str,
        player: Player,
        book: ReceiptBook,
        volume: Volume,
        monotonic: Callable[[], float],
        on_bad_file: Callable[[str], None],
        calls: Calls | None = None,
        ready_at: Callable[[float], float] = lambda now: now,
        wake_fault: str = "",
    ) -> None:
        self.output, self.driver, self.player, self.calls = output, driver, player, calls
        self.changed = True
        self._book, self._monotonic, self._on_bad_file = book, monotonic, on_bad_file
        self._volume, self._ready_at, self._wake_fault = volume, ready_at, wake_fault
        self._state = Station()
        self._acts: dict[str, Act] = {}
        self._incomplete: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._cut_db: dict[str, float] = {}
        self._live: dict[str, list[str]] = {}
        self._takes_over_ms = 0
        self._fault = ""

    def start(self) -> None:
        """Open the output."""
        self.player.start()
        self.player.set_gain(self._volume.db)
        if self._wake_fault:
            log.warning("%s: %s; its clusters are not called", self.output, self._wake_fault)
            self._book.note(ReceiptKind.FAULT, output=self.output, code=self._wake_fault)

    def stop(self) -> None:
        """End what sounds without a word in the book: after a restart it goes on."""
        self.player.stop()

    def perform(self, act: Act) -> None:
        """Let a claim take part; it sounds when it is the highest. Known ones are ignored."""
        if act.claim.id not in self._acts:
            self._acts[act.claim.id] = act
            self._step(Claimed(act.claim))

    def retime(self, claim_id: str, starts_at: float, ends_at: float) -> None:
        """Move a claim that has not begun, nor its calls; an unknown one is no error."""
        act = self._acts.get(claim_id)
        if act is None or (act.claim.starts_at, act.claim.ends_at) == (starts_at, ends_at):
            return
        if self._has_called(claim_id):
            return
        claim = replace(act.claim, starts_at=starts_at, ends_at=ends_at)
        self._acts[claim_id] = replace(act, claim=claim)
        self._step(Retimed(claim_id, starts_at, ends_at))

    def recast(
        self, claim_id: str, parts: tuple[Part, ...], after_ms: int, from_ms: int, ends_at: float
    ) -> None:
        """Let a claim consist of parts that begin `after_ms` after its start, until `ends_at`.

        What sounds goes on until `from_ms` after the start. An unknown claim is no error.
        """
        act = self._acts.get(claim_id)
        if act is not None:
            self._acts[claim_id] = replace(act, parts=parts, after_ms=after_ms)
            self._takes_over_ms = from_ms
            self._step(Recast(claim_id, ends_at))
            self._takes_over_ms = 0

    def claim(self, claim_id: str) -> Claim | None:
        """Return a claim as it stands now: one that waits in a queue moves on with the clock."""
        return self._state.claim(claim_id)

    def ceiling_db(self) -> float | None:
        """Return the lowest ceiling of the slots that want to sound now."""
        now = self._monotonic()
        acts = [a for a in self._acts.values() if a.claim.starts_at <= now < a.claim.ends_at]
        return min((a.ceiling_db for a in acts if a.ceiling_db is not None), default=None)

    def call_s(self, clusters: tuple[str, ...]) -> float:
        """Return how long calls for these clusters take if they begin now, in seconds."""
        if self.calls is None:
            return 0.0
        now = self._monotonic()
        return self.calls.soonest(now, self._ready_at(now)) - now + self.calls.lead_s(clusters)

    def warm_in_s(self) -> float:
        """Return in how many seconds sound is heard, if the amplifier is switched on now."""
        now = self._monotonic()
        return max(0.0, self._ready_at(now) - now)

    def withdraw(self, claim_id: str, code: str) -> None:
        """Take a claim back; its receipt says `code`."""
        self._step(Withdrawn(claim_id, code))

    def act(self, claim_id: str) -> Act | None:
        """Return what is performed under an id."""
        return self._acts.get(claim_id)

    def acts(self) -> tuple[Act, ...]:
        """Return everything that wants to sound here."""
        return tuple(self._acts.values())

    def sounding(self) -> str | None:
        """Return the id of the claim that sounds now."""
        claim = self._state.sounding(self._monotonic())
        return claim.id if claim else None

    def sounds_at(self) -> list[float]:
        """Return from which instants orders given to the player sound, calls first (monotonic)."""
        turns = [claim for claim in self._state.claims if claim.turn is not None]
        return [self._begin_at(claim) for claim in turns]

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

    def set_volume(self, volume: Volume) -> None:
        """Change the volume, also of what sounds."""
        if volume != self._volume:
            self._volume = volume
            self._apply_volume()
            if self.calls is not None:
                self.calls.set_gain(volume.db, self._monotonic())
            self.changed = True

    def set_clusters(self, clusters: tuple[Cluster, ...]) -> None:
        """Know whom the next calls may call."""
        if self.calls is not None:
            self.calls.know(clusters)

    def tick(self) -> None:
        """Look at the clock."""
        self._step(station.Ticked())

    def next_instant(self) -> float | None:
        """Return when `tick` should be called next (monotonic)."""
        now = self._monotonic()
        instants = [
            i for c in self._state.claims for i in (c.starts_at, c.ends_at, c.ends_at + 1.1)
        ]
        return min((instant for instant in instants if instant > now), default=None)

    def report(self) -> OutputReport:
        """Return what this output does now."""
        return OutputReport(
            id=self.output,
            driver=self.driver,
            is_alive=not self._fault,
            playing=self._playing(),
            volume_db=self._volume.db,
            fault=self._fault or self._wake_fault,
        )

    def _playing(self) -> str | None:
        name = self.sounding()
        act = self._acts.get(name or "")
        return act.title if act is not None and act.title else name

    def hear(self, event: heard.AudioEvent) -> None:
        """Take in what the player tells."""
        self.changed = True
        self._mend_call(event)
        match event:
            case heard.OrderStarted():
                self._started(event)
            case heard.OrderFinished():
                self._finished(event.id, event.played_ms, event.reason)
            case heard.OrderFailed():
                self._finished(event.id, 0, "failed")
            case heard.PartStarted():
                self._part_started(event)
            case heard.PartFailed():
                self._part_failed(event)
            case heard.RelayFellBack():
                self._note(event.id, ReceiptKind.FELL_BACK, detail=event.reason)
            case heard.RelayBack():
                self._note(event.id, ReceiptKind.CAME_BACK)
            case heard.DriverLost():
                self._lost(event.reason)
            case heard.DriverBack():
                self._back(event.after_s)
            case _:
                self.changed = False

    def _started(self, event: heard.OrderStarted) -> None:
        claim = self._state.turn(event.id)
        self._step(station.Started(event.id))
        if claim is None or claim.has_started:
            return
        late_ms = round((event.at - claim.starts_at) * 1000)
        code = "joined" if late_ms > JOINED_AFTER_MS else ""
        self._note(event.id, ReceiptKind.STARTED, late_ms=late_ms, code=code)
        self._apply_volume()
        if (listener := self._acts[claim.id].listener) is not None:
            listener.started(late_ms)

    def _finished(self, order_id: str, played_ms: int, reason: str) -> None:
        if self.calls is not None:
            self.calls.drop(order_id)
        live = self._live.get(_claim_of(order_id), [])
        if order_id in live:
            live.remove(order_id)
        self._step(Ended(order_id, played_ms, reason))
        if self.calls is not None and not is_call(order_id):
            self._close_receivers(self.calls)

    def _close_receivers(self, calls: Calls) -> None:
        """Close them unless somebody sounds or comes soon; who counted on open ones calls anew."""
        now = self._monotonic()
        turns = [claim for claim in self._state.claims if claim.turn is not None]
        if any(self._begin_at(claim) <= now + HOLD_S for claim in turns):
            return
        if calls.close(now, self._volume.db):
            for claim in turns:
                self._sound(claim, claim.turn or "")

    def _mend_call(self, event: heard.AudioEvent) -> None:
        """Begin a turn anew whose calls did not all sound: its receivers may sleep."""
        order_id = self.calls.hear(event) if self.calls else None
        if order_id is not None:
            log.warning("%s: the calls of %s were cut; calling again", self.output, order_id)
            self.player.stop_order(order_id, FADE_MS)

    def _begin_at(self, claim: Claim) -> float:
        call_at = self.calls.begin_at(claim.turn or "") if self.calls else None
        return claim.starts_at if call_at is None else call_at

    def _has_called(self, claim_id: str) -> bool:
        claim = self._state.claim(claim_id)
        if self.calls is None or claim is None:
            return False
        return self.calls.has_begun(claim.turn or "", self._monotonic())

    def _part_started(self, event: heard.PartStarted) -> None:
        claim = self._state.turn(event.id)
        act = self._acts.get(claim.id) if claim and claim.turn == event.id else None
        if act is not None and act.listener is not None and event.part < len(act.parts):
            act.listener.part_started(act.parts[event.part])

    def _part_failed(self, event: heard.PartFailed) -> None:
        claim = self._state.turn(event.id)
        act = self._acts.get(claim.id) if claim and claim.turn == event.id else None
        if act is not None and event.part < len(act.parts):
            self._incomplete.add(act.claim.id)
            part = act.parts[event.part]
            if isinstance(part, FilePart):
                self._on_bad_file(part.sha256)
            if act.listener is not None:
                act.listener.part_failed(part)
        log.warning("%s: part %d of %s: %s", self.output, event.part, event.id, event.reason)

    def _lost(self, reason: str) -> None:
        self._fault = reason or "lost"
        self._book.note(
            ReceiptKind.FAULT, output=self.output, code="no_output", detail=reason[:500]
        )

    def _back(self, after_s: float) -> None:
        if self._fault:
            self._fault = ""
            detail = f"{after_s:.1f} s"
            self._book.note(
                ReceiptKind.REPAIRED, output=self.output, code="no_output", detail=detail
            )

    def _step(self, event: station.Event) -> None:
        self._state, effects = station.step(self._state, event, self._monotonic())
        for effect in effects:
            self.changed = True
            match effect:
                case Sound(claim, order_id):
                    self._sound(claim, order_id)
                case Hush(order_id):
                    self._hush(order_id)
                case Over(claim, code):
                    self._over(claim, code)

    def _hush(self, order_id: str) -> None:
        """Stop the orders of a turn: also the one that sounds until a changed one takes over."""
        for name in (*self._live.pop(_claim_of(order_id), []), order_id):
            if self.calls is not None:
                self.calls.drop(name)
            self.player.stop_order(name, FADE_MS)

    def _sound(self, claim: Claim, order_id: str) -> None:
        act, now = self._acts[claim.id], self._monotonic()
        order = self._order(act, claim, order_id)
        goes_on = any(name != order_id for name in self._live.get(claim.id, []))
        clusters = None if goes_on or self._is_held(claim, act.slot) else act.to_call
        if self.calls is not None and clusters is not None:
            ready_at, gain_db = self._ready_at(now), self._volume.db
            order = self.calls.before(order, clusters, now, ready_at=ready_at, gain_db=gain_db)
        live = self._live.setdefault(claim.id, [])
        if order_id not in live:
            live.append(order_id)
        self.player.play(order)

    def _is_held(self, claim: Claim, slot: Slot | None) -> bool:
        """Whether the slot before leaves the receivers open for this one."""
        if slot is None:
            return False
        for other in self._state.claims:
            before = self._acts[other.id].slot
            is_next = other.turn and abs(claim.starts_at - other.ends_at) <= HOLD_S
            if is_next and before is not None and other.id != claim.id:
                return self.stays_open(before, slot)
        return False

    def _order(self, act: Act, claim: Claim, order_id: str) -> PlayOrder:
        cut_db = self._level_db(act) - self._volume.db
        self._cut_db[claim.id] = cut_db
        from_ms = max(act.after_ms, self._takes_over_ms)
        starts_at, into_ms = claim.starts_at + from_ms / 1000, from_ms - act.after_ms
        return PlayOrder(
            order_id, starts_at, claim.ends_at, act.parts, cut_db, act.offset_ms + into_ms
        )

    def _level_db(self, act: Act) -> float:
        """Return how loud an act sounds: forced, or as the output under the act's ceiling."""
        if act.forced_db is not None:
            return act.forced_db
        return min(self._volume.db, self._volume.db if act.ceiling_db is None else act.ceiling_db)

    def _apply_volume(self) -> None:
        """Set the gain; an order that sounds was made for an older volume and keeps its ceiling."""
        gain_db = self._volume.db
        act = self._acts.get(self.sounding() or "")
        if act is not None and (act.ceiling_db is not None or act.forced_db is not None):
            gain_db = self._level_db(act) - self._cut_db.get(act.claim.id, 0.0)
        self.player.set_gain(gain_db)

    def _over(self, claim: Claim, code: str) -> None:
        act = self._acts.pop(claim.id)
        had_turn = self._cut_db.pop(claim.id, None) is not None
        is_partial = claim.id in self._incomplete
        self._incomplete.discard(claim.id)
        self._live.pop(claim.id, None)
        if act.forced_db is not None:
            self._apply_volume()
        if act.listener is not None:
            has_fault = bool(self._fault)
            act.listener.over(claim, code, had_turn=had_turn, has_fault=has_fault)
        if act.slot is None or self._may_try_again(claim, code):
            return
        kind, code = verdict(claim, code, had_turn=had_turn, has_fault=bool(self._fault))
        self._book.note(
            kind,
            final=(act.slot.id, act.slot.ends_at),
            played_ms=claim.played_ms,
            code=code or ("partial" if is_partial else ""),
            **facts_of(act.slot),
        )

    def _may_try_again(self, claim: Claim, code: str) -> bool:
        """Leave a slot of which nothing sounded to the prompter, a few times: its file may mend."""
        if code != "failed" or claim.played_ms:
            return False
        self._failures[claim.id] += 1
        return self._failures[claim.id] < TRIES

    def _note(self, order_id: str, kind: ReceiptKind, **facts: Any) -> None:
        claim = self._state.turn(order_id)
        act = self._acts.get(claim.id) if claim else None
        if act is not None and act.slot is not None:
            self._book.note(kind, **(facts_of(act.slot) | facts))


def _claim_of(order_id: str) -> str:
    return order_id.rpartition("~")[0]
