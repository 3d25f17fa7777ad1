"""What wants an output, and the order of precedence. Instants are monotonic seconds."""

from dataclasses import dataclass
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
    """Something that wants this output in `[starts_at, ends_at)`."""

    id: str
    rank: Rank
    starts_at: float
    ends_at: float
    played_ms: int = 0
    has_started: bool = False
    turn: str | None = None
    leaving: str | None = None

    def beats(self, other: "Claim") -> bool:
        """Return whether this claim wins while both want to sound."""
        if self.rank != other.rank:
            return self.rank > other.rank
        return (self.starts_at, self.id) < (other.starts_at, other.id)

    def meets(self, other: "Claim") -> bool:
        """Return whether there is an instant that both want."""
        return self.starts_at < other.ends_at - SOON_S and other.starts_at < self.ends_at - SOON_S
