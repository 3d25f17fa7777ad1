"""What wants an output, and the order of precedence. Instants are monotonic seconds."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

SOON_S: Final = 0.05
"""Two claims that overlap by less do not meet: one ends where the other begins."""


class Rung(IntEnum):
    """The ladder of precedence; higher wins."""

    TEST_TONE = 1
    FALLBACK = 2
    PROGRAMME = 3
    DRILL = 4
    MICROPHONE = 5
    ALL_CLEAR = 6
    ALERT = 7


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """A total order: rung, level, class, origin (higher wins), then earlier start, then lower id.

    `broadcast_class` and `origin` are numbers that grow with precedence; `start` and `id` are
    compared by `beats`.
    """

    rung: Rung
    level: int = 0
    broadcast_class: int = 0
    origin: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that wants this output in `[starts_at, ends_at)`.

    `since` decides instead of `starts_at` who was first. One that `queues_until` an instant and is
    beaten before it ever had its turn moves on with the clock, and sounds whole afterwards.
    """

    id: str
    rank: Rank
    starts_at: float
    ends_at: float
    since: float | None = None
    queues_until: float | None = None
    had_turn: bool = False
    played_ms: int = 0
    has_started: bool = False
    turn: str | None = None
    leaving: str | None = None

    def beats(self, other: "Claim") -> bool:
        """Return whether this claim wins while both want to sound."""
        if self.rank != other.rank:
            return self.rank > other.rank
        return (self.first(), self.id) < (other.first(), other.id)

    def moved_on(self, at: float) -> "Claim":
        """Return it as it is when it still waits for its first turn at `at`."""
        if self.queues_until is None or self.had_turn or self.turn or self.starts_at >= at:
            return self
        ends_at = min(self.queues_until, self.ends_at + at - self.starts_at)
        return replace(self, starts_at=at, ends_at=ends_at)

    def first(self) -> float:
        """Return since when it wants to sound; earlier wins."""
        return self.starts_at if self.since is None else self.since

    def meets(self, other: "Claim") -> bool:
        """Return whether there is an instant that both want."""
        return self.starts_at < other.ends_at - SOON_S and other.starts_at < self.ends_at - SOON_S
