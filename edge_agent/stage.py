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
from edge_agent.audio.sources import FilePart, PlayOrder
from edge_agent.claims import Claim
from edge_agent.performance import Act, Player, Volume, facts_of, verdict
from edge_agent.receipts import ReceiptBook
from edge_agent.station import Claimed, Ended, Hush, Over, Retimed, Sound, Station, Withdrawn
from wire.up import OutputReport, ReceiptKind

log = logging.getLogger(__name__)

FADE_MS: Final = 20
JOINED_AFTER_MS: Final = 1000
TRIES: Final = 4


class Stage:
    """Everything about one output. `driver` is its name for the status: `silent` says so."""

    def __init__(
        self,
        output: str,
        driver: str,
        player: Player,
        book: ReceiptBook,
        volume: Volume,
        monotonic: Callable[[], float],
        on_bad_file: Callable[[str], None],
    ) -> None:
        self.output, self.driver, self.player = output, driver, player
        self.changed = True
        self._book, self._monotonic, self._on_bad_file = book, monotonic, on_bad_file
        self._volume = volume
        self._state = Station()
        self._acts: dict[str, Act] = {}
        self._incomplete: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._cut_db: dict[str, float] = {}
        self._fault = ""

    def start(self) -> None:
        """Open the output."""
        self.player.start()
        self.player.set_gain(self._volume.db)

    def stop(self) -> None:
        """End what sounds without a word in the book: after a restart it goes on."""
        self.player.stop()

    def perform(self, act: Act) -> None:
        """Let a claim take part; it sounds when it is the highest. Known ones are ignored."""
        if act.claim.id not in self._acts:
            self._acts[act.claim.id] = act
            self._step(Claimed(act.claim))

    def retime(self, claim_id: str, starts_at: float, ends_at: float) -> None:
        """Move a claim that has not begun; an unknown one is no error."""
        act = self._acts.get(claim_id)
        if act is None or (act.claim.starts_at, act.claim.ends_at) == (starts_at, ends_at):
            return
        claim = replace(act.claim, starts_at=starts_at, ends_at=ends_at)
        self._acts[claim_id] = replace(act, claim=claim)
        self._step(Retimed(claim_id, starts_at, ends_at))

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
        """Return from which instants orders given to the player sound (monotonic)."""
        return [claim.starts_at for claim in self._state.claims if claim.turn is not None]

    def set_volume(self, volume: Volume) -> None:
        """Change the volume, also of what sounds."""
        if volume != self._volume:
            self._volume = volume
            self._apply_volume()
            self.changed = True

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
            playing=self.sounding(),
            volume_db=self._volume.db,
            fault=self._fault,
        )

    def hear(self, event: heard.AudioEvent) -> None:
        """Take in what the player tells."""
        self.changed = True
        match event:
            case heard.OrderStarted():
                self._started(event)
            case heard.OrderFinished():
                self._step(Ended(event.id, event.played_ms, event.reason))
            case heard.OrderFailed():
                self._step(Ended(event.id, 0, "failed"))
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

    def _part_failed(self, event: heard.PartFailed) -> None:
        claim = self._state.turn(event.id)
        if claim is not None:
            self._incomplete.add(claim.id)
            part = self._acts[claim.id].parts[event.part]
            if isinstance(part, FilePart):
                self._on_bad_file(part.sha256)
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
                    self.player.play(self._order(self._acts[claim.id], claim, order_id))
                case Hush(order_id):
                    self.player.stop_order(order_id, FADE_MS)
                case Over(claim, code):
                    self._over(claim, code)

    def _order(self, act: Act, claim: Claim, order_id: str) -> PlayOrder:
        ceiling_db = self._volume.db if act.ceiling_db is None else act.ceiling_db
        cut_db = min(0.0, ceiling_db - self._volume.db)
        self._cut_db[claim.id] = cut_db
        return PlayOrder(order_id, claim.starts_at, claim.ends_at, act.parts, cut_db, act.offset_ms)

    def _apply_volume(self) -> None:
        """Set the gain; an order that sounds was made for an older volume and keeps its ceiling."""
        gain_db = self._volume.db
        act = self._acts.get(self.sounding() or "")
        if act is not None and act.ceiling_db is not None:
            gain_db = min(gain_db, act.ceiling_db) - self._cut_db.get(act.claim.id, 0.0)
        self.player.set_gain(gain_db)

    def _over(self, claim: Claim, code: str) -> None:
        act = self._acts.pop(claim.id)
        had_turn = self._cut_db.pop(claim.id, None) is not None
        is_partial = claim.id in self._incomplete
        self._incomplete.discard(claim.id)
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
