"""The values that a stage works with: what is performed, how loud, by whom, and how it ended."""

from dataclasses import dataclass
from typing import Any, Protocol

from edge_agent.audio.sources import Part, PlayOrder
from edge_agent.claims import Claim
from wire.plan import Slot
from wire.up import ReceiptKind


class Player(Protocol):
    """What a stage asks of an output's player (see `edge_agent.audio.player`)."""

    def start(self) -> None:
        """Open the device."""

    def stop(self) -> None:
        """End everything; at most a second."""

    def play(self, order: PlayOrder) -> None:
        """Sound an order at its instant."""

    def stop_order(self, order_id: str, fade_ms: int = 10) -> None:
        """End an order."""

    def set_gain(self, db: float) -> None:
        """Set the output's volume."""

    def progress(self) -> float:
        """Return when something last got done (monotonic)."""


class Listener(Protocol):
    """Who wants to know what became of an act that no plan asked for."""

    def started(self, late_ms: int) -> None:
        """Take note of its first sample."""

    def part_started(self, part: Part) -> None:
        """Take note that one of its parts sounds."""

    def part_failed(self, part: Part) -> None:
        """Act on a part that cannot sound: else its time passes in silence."""

    def over(self, claim: Claim, code: str, *, had_turn: bool, has_fault: bool) -> None:
        """Take note that it is over for good."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a claim sounds like: its parts, from `offset_ms` on; `slot` when a plan asked for it.

    The parts begin `after_ms` after the claim. `clusters` are called before it (None: nobody),
    `forced_db` is its volume whatever that of the output is, `title` its name for people.
    """

    claim: Claim
    parts: tuple[Part, ...]
    offset_ms: int = 0
    ceiling_db: float | None = None
    slot: Slot | None = None
    command: str | None = None
    after_ms: int = 0
    clusters: tuple[str, ...] | None = None
    forced_db: float | None = None
    title: str = ""
    listener: Listener | None = None

    @property
    def to_call(self) -> tuple[str, ...] | None:
        """Whom to call before it; empty is everyone, None nobody."""
        return self.slot.clusters if self.slot is not None else self.clusters


@dataclass(frozen=True, slots=True)
class Volume:
    """The range of a profile's volume law, and the wanted value within it."""

    min_db: float
    max_db: float
    wanted_db: float

    @property
    def db(self) -> float:
        """The wanted volume, held within the range."""
        return max(self.min_db, min(self.max_db, self.wanted_db))


def verdict(claim: Claim, code: str, *, had_turn: bool, has_fault: bool) -> tuple[ReceiptKind, str]:
    """Return the final receipt's kind and code for a claim that is over. Pure."""
    if claim.has_started or claim.played_ms:
        return ReceiptKind.FINISHED, code
    if code in {"stopped", "replanned"}:
        return ReceiptKind.SKIPPED, code
    if not code:
        code = "no_output" if has_fault else ("no_sound" if had_turn else "outranked")
    return ReceiptKind.MISSED, code


def facts_of(slot: Slot) -> dict[str, Any]:
    """Return what names a slot in a receipt."""
    return {"output": slot.output, "slot": slot.id, "programme": slot.programme}
