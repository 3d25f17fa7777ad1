"""The values of a timeline: what wants an output, what it gets, what it does not, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from schedules.precedence import BroadcastClass, Rank, Rung
from schedules.rules import Occurrence


class Resume(StrEnum):
    """What an interrupted occurrence does afterwards."""

    CLOCK = "clock"  # goes on where the clock is by then
    SKIP = "skip"  # is over; it plays from its beginning or not at all


@dataclass(frozen=True, slots=True)
class Candidate:
    """An occurrence that wants one output.

    `rank.id` names it and is unique among the candidates. `payload` is the caller's key of what to
    play. Outside `[not_before, not_after)` it is not valid. `settled` says that the commune has
    decided its order: no conflict is reported for it.
    """

    occurrence: Occurrence
    rank: Rank
    payload: str
    resume: Resume = Resume.CLOCK
    not_before: datetime | None = None
    not_after: datetime | None = None
    settled: bool = False

    @property
    def id(self) -> str:
        """The id of the rank."""
        return self.rank.id


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a slot won: the part of the rank that beat the strongest of `over`, or `alone`."""

    decided_by: str = "alone"
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """`[start, end)` of the timeline; `offset` is how far into the occurrence it begins.

    `ceiling_db` is that of the whole uncut piece: the night's if any of it is at night.
    """

    candidate: Candidate
    start: datetime
    end: datetime
    offset: timedelta
    ceiling_db: float | None
    reason: Reason


class LossKind(StrEnum):
    """Why something does not sound; the filters' names among them."""

    OUTRANKED = "outranked"
    NOT_RESUMED = "not_resumed"
    VALIDITY = "validity"
    HARD_STOP = "hard_stop"
    PERMITTED_HOURS = "permitted_hours"
    LONGEST_FOR = "longest_for"


@dataclass(frozen=True, slots=True)
class Loss:
    """`[start, end)` in which a candidate does not sound, and why; `to` is who sounds instead."""

    candidate: Candidate
    start: datetime
    end: datetime
    kind: LossKind
    to: Candidate | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two priority items of different origins want `[start, end)`.

    The order is the commune's to decide; until it does, `default` (the higher origin) plays.
    """

    default: Candidate
    other: Candidate
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """What one output plays in `[start, end)`: slots by start, disjoint; losses by start."""

    start: datetime
    end: datetime
    slots: tuple[Slot, ...]
    losses: tuple[Loss, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The decisions that are pending with the commune, by start."""
        return tuple(
            Conflict(loss.to, loss.candidate, loss.start, loss.end)
            for loss in self.losses
            if loss.to is not None and _is_pending(loss, loss.to)
        )


def _is_pending(loss: Loss, winner: Candidate) -> bool:
    ranks = (loss.candidate.rank, winner.rank)
    return (
        loss.decided_by == "origin"
        and all(rank.rung == Rung.PROGRAMME for rank in ranks)
        and all(rank.broadcast_class == BroadcastClass.PRIORITY for rank in ranks)
        and not (loss.candidate.settled or winner.settled)
    )
