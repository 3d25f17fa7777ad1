"""One output's timeline: candidates in, disjoint slots out, with why each won and what lost.

Works on whole occurrences and cuts by the window last, so a window changes nothing but its edges.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from schedules.errors import WindowRefused
from schedules.filters import DayHours, Policy, day_hours
from schedules.slots import (
    Candidate,
    Conflict,
    Loss,
    LossKind,
    Reason,
    Resume,
    Slot,
    Timeline,
)
from schedules.spans import Span, overlap

__all__ = [
    "Candidate",
    "Conflict",
    "Loss",
    "LossKind",
    "Reason",
    "Resume",
    "Slot",
    "Timeline",
    "arrange",
    "concatenate",
]

_Cut = TypeVar("_Cut", bound=Slot | Loss)


@dataclass(slots=True)
class _Taken:
    start: datetime
    end: datetime
    candidate: Candidate
    over: list[Candidate] = field(default_factory=list)


def arrange(candidates: Iterable[Candidate], window: Span, policy: Policy) -> Timeline:
    """Return the timeline of `candidates` within `window` (`[start, end)`, UTC).

    At every instant the highest rank that is admitted plays; the order of input does not matter.
    Give the candidates of whole days (`expand` from a day before the window): what a `skip`
    occurrence lost before the window decides whether it plays in it.
    """
    ranked = sorted(candidates, key=lambda c: (c.rank.key, c.payload, c.occurrence.end))
    if not ranked:
        return Timeline(*window, (), ())
    first = min(candidate.occurrence.start for candidate in ranked)
    last = max(candidate.occurrence.end for candidate in ranked)
    hours = day_hours(policy, first.date(), last.date())
    board = _Board(hours)
    for candidate in ranked:
        board.place(candidate)
    return _cut(board, window)


def concatenate(first: Timeline, second: Timeline) -> Timeline:
    """Join the timelines of two windows; what was cut at their border is whole again.

    Raises WindowRefused if the second window does not begin where the first ends.
    """
    if first.end != second.start:
        raise WindowRefused(first.end, second.start)
    slots = _join(first.slots, second.slots, lambda slot: slot.candidate.id)
    losses = _join(first.losses, second.losses, _same)
    return Timeline(first.start, second.end, slots, losses)


def _join(
    first: tuple[_Cut, ...], second: tuple[_Cut, ...], name: Callable[[_Cut], Hashable]
) -> tuple[_Cut, ...]:
    """Put `second` after `first`, with what touches at the border and has one name made one."""
    border = second[0].start if second else None
    begun = {name(cut): cut.end for cut in second if cut.start == border}
    joined = [
        replace(cut, end=begun.pop(name(cut))) if cut.end == border and name(cut) in begun else cut
        for cut in first
    ]
    return (*joined, *(cut for cut in second if cut.start != border or name(cut) in begun))


class _Board:
    """What is taken so far, strongest first: who comes later gets only what is left."""

    def __init__(self, hours: DayHours) -> None:
        self.hours = hours
        self.starts: list[datetime] = []
        self.taken: list[_Taken] = []
        self.losses: list[Loss] = []

    def place(self, candidate: Candidate) -> None:
        occurrence = candidate.occurrence
        span = (occurrence.start, occurrence.end)
        admitted, refusals = self.hours.admit(
            span, is_emergency=candidate.rank.is_emergency, validity=_validity(candidate)
        )
        for refusal in refusals:
            kind = LossKind(refusal.by.value)
            self.losses.append(Loss(candidate, refusal.start, refusal.end, kind))
        free = [gap for piece in admitted for gap in list(self._free(candidate, piece))]
        if candidate.resume is Resume.SKIP:
            free = self._only_the_beginning(candidate, free)
        for start, end in free:
            at = bisect_right(self.starts, start)
            self.starts.insert(at, start)
            self.taken.insert(at, _Taken(start, end, candidate))

    def _free(self, candidate: Candidate, piece: Span) -> Iterator[Span]:
        """Yield what is left of `piece`; who holds the rest has won over the candidate."""
        at, end = piece
        index = max(0, bisect_right(self.starts, at) - 1)
        while at < end and index < len(self.taken) and self.taken[index].start < end:
            held = self.taken[index]
            index += 1
            if held.end <= at:
                continue
            if at < held.start:
                yield at, held.start
            self._lose(candidate, held, (max(at, held.start), min(end, held.end)))
            at = held.end
        if at < end:
            yield at, end

    def _lose(self, candidate: Candidate, held: _Taken, span: Span) -> None:
        held.over.append(candidate)
        part = held.candidate.rank.decided_by(candidate.rank)
        self.losses.append(Loss(candidate, *span, LossKind.OUTRANKED, held.candidate, part))

    def _only_the_beginning(self, candidate: Candidate, free: list[Span]) -> list[Span]:
        begins = free[:1] if free and free[0][0] == candidate.occurrence.start else []
        for start, end in free[len(begins) :]:
            self.losses.append(Loss(candidate, start, end, LossKind.NOT_RESUMED))
        return begins


def _cut(board: _Board, window: Span) -> Timeline:
    slots = [
        _slot(taken, shared, board.hours)
        for taken in board.taken
        if (shared := overlap((taken.start, taken.end), window))
    ]
    losses = [
        replace(loss, start=shared[0], end=shared[1])
        for loss in board.losses
        if (shared := overlap((loss.start, loss.end), window))
    ]
    losses.sort(key=lambda loss: (loss.start, loss.candidate.id, loss.end))
    return Timeline(*window, tuple(slots), tuple(losses))


def _slot(taken: _Taken, shared: Span, hours: DayHours) -> Slot:
    candidate = taken.candidate
    ceiling_db = hours.ceiling_db(
        (taken.start, taken.end), is_emergency=candidate.rank.is_emergency
    )
    offset = shared[0] - candidate.occurrence.start
    return Slot(candidate, *shared, offset, ceiling_db, _reason(taken))


def _reason(taken: _Taken) -> Reason:
    if not taken.over:
        return Reason()
    strongest = taken.over[0]
    ids = tuple(dict.fromkeys(loser.id for loser in taken.over))
    return Reason(taken.candidate.rank.decided_by(strongest.rank), ids)


def _validity(candidate: Candidate) -> Span | None:
    if candidate.not_before is None and candidate.not_after is None:
        return None
    occurrence = candidate.occurrence
    return candidate.not_before or occurrence.start, candidate.not_after or occurrence.end


def _same(loss: Loss) -> tuple[str, LossKind, str | None]:
    return loss.candidate.id, loss.kind, loss.to.id if loss.to else None
