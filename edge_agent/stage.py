"""One output at work: the pure station decides, this carries it out through a player.

Owned by the conductor's thread. It writes the receipts of what sounds here.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from edge_agent import station
from edge_agent.audio import events as heard
from edge_agent.audio.sources import FilePart, Part
from edge_agent.calls import Calls, is_call
from edge_agent.claims import Claim
from edge_agent.loudness import Loudness
from edge_agent.orders import Orders
from edge_agent.output_fault import OutputFault
from edge_agent.performance import Act, Player, Volume
from edge_agent.receipts import ReceiptBook
from edge_agent.receivers import Receivers
from edge_agent.slot_word import SlotWord
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
from wire.up import OutputReport, ReceiptKind

log = logging.getLogger(__name__)

JOINED_AFTER_MS: Final = 1000


class Stage:
    """Everything about one output. `driver` is its name for the status: `silent` says so.

    `calls` wakes its clusters if they are addressed; `wake_fault` says why that cannot be done.
    `ready_at` tells from which instant on the amplifier is warm if it is switched on now. Its
    `receivers` tell how long calls take.
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
        self._ready_at, self._wake_fault = ready_at, wake_fault
        self._loudness, self._word = Loudness(player, volume), SlotWord(book)
        self.receivers = Receivers(output, calls, ready_at, monotonic)
        self._orders = Orders(player, self.receivers, self._loudness)
        self._state = Station()
        self._acts: dict[str, Act] = {}
        self._takes_over_ms = 0
        self._fault = OutputFault(output, book)

    def start(self) -> None:
        """Open the output."""
        self.player.start()
        self._loudness.start()
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
        if self.receivers.have_called(self._state.claim(claim_id)):
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
        return [self.receivers.begin_at(claim) for claim in turns]

    def set_volume(self, volume: Volume) -> None:
        """Change the volume, also of what sounds."""
        if volume != self._loudness.volume:
            self._loudness.volume = volume
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
            is_alive=not self._fault.why,
            playing=self._playing(),
            volume_db=self._loudness.volume.db,
            fault=self._fault.why or self._wake_fault,
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
                self._fault.lost(event.reason)
            case heard.DriverBack():
                self._fault.back(event.after_s)
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
        self._orders.finished(order_id)
        self._step(Ended(order_id, played_ms, reason))
        if not is_call(order_id):
            self._close_receivers()

    def _close_receivers(self) -> None:
        """Close them if nobody needs them soon; who counted on open ones calls anew."""
        turns = [claim for claim in self._state.claims if claim.turn is not None]
        if self.receivers.close(turns, self._loudness.volume.db):
            for claim in turns:
                self._sound(claim, claim.turn or "")

    def _mend_call(self, event: heard.AudioEvent) -> None:
        """Begin a turn anew whose calls did not all sound."""
        order_id = self.receivers.broken(event)
        if order_id is not None:
            self._orders.break_off(order_id)

    def _part_started(self, event: heard.PartStarted) -> None:
        claim = self._state.turn(event.id)
        act = self._acts.get(claim.id) if claim and claim.turn == event.id else None
        if act is not None and act.listener is not None and event.part < len(act.parts):
            act.listener.part_started(act.parts[event.part])

    def _part_failed(self, event: heard.PartFailed) -> None:
        claim = self._state.turn(event.id)
        act = self._acts.get(claim.id) if claim and claim.turn == event.id else None
        if act is not None and event.part < len(act.parts):
            self._word.missed_part(act.claim.id)
            part = act.parts[event.part]
            if isinstance(part, FilePart):
                self._on_bad_file(part.sha256)
            if act.listener is not None:
                act.listener.part_failed(part)
        log.warning("%s: part %d of %s: %s", self.output, event.part, event.id, event.reason)

    def _step(self, event: station.Event) -> None:
        self._state, effects = station.step(self._state, event, self._monotonic())
        for effect in effects:
            self.changed = True
            match effect:
                case Sound(claim, order_id):
                    self._sound(claim, order_id)
                case Hush(order_id):
                    self._orders.hush(order_id)
                case Over(claim, code):
                    self._over(claim, code)

    def _sound(self, claim: Claim, order_id: str) -> None:
        others = [(other, self._acts[other.id].slot) for other in self._state.claims]
        self._orders.give(self._acts[claim.id], claim, order_id, others, self._takes_over_ms)

    def _apply_volume(self) -> None:
        self._loudness.apply(self._acts.get(self.sounding() or ""))

    def _over(self, claim: Claim, code: str) -> None:
        act = self._acts.pop(claim.id)
        had_turn, has_fault = self._loudness.forget(claim.id), bool(self._fault.why)
        self._orders.forget(claim.id)
        if act.forced_db is not None:
            self._apply_volume()
        if act.listener is not None:
            act.listener.over(claim, code, had_turn=had_turn, has_fault=has_fault)
        self._word.over(act, claim, code, had_turn=had_turn, has_fault=has_fault)

    def _note(self, order_id: str, kind: ReceiptKind, **facts: Any) -> None:
        claim = self._state.turn(order_id)
        self._word.note(self._acts.get(claim.id) if claim else None, kind, **facts)
