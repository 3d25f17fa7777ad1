"""What an area's policy lets through: hours, length, validity and the night ceiling.

Hours are laid out over whole local days, so that a window never changes what they refuse. A
refusal names the filter. Emergencies pass every filter but their own validity.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from schedules.errors import ScheduleError
from schedules.recurrence import to_utc
from schedules.rules import DEFAULT_ZONE
from schedules.spans import Span, overlap, subtract


class Filter(StrEnum):
    """The filters, in the order in which they are asked."""

    VALIDITY = "validity"
    HARD_STOP = "hard_stop"
    PERMITTED_HOURS = "permitted_hours"
    LONGEST_FOR = "longest_for"


@dataclass(frozen=True, slots=True)
class Hours:
    """Local hours of every day, `[start, end)`; an `end` at or before `start` is on the next day.

    Both naive. Raises ScheduleError if they are equal: that could mean never or always.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end or self.start.tzinfo or self.end.tzinfo:
            raise ScheduleError(
                f"Khung giờ {self.start}-{self.end} phải có hai giờ địa phương khác nhau.",
                f"The hours {self.start}-{self.end} must be two different local times.",
            )


@dataclass(frozen=True, slots=True)
class Policy:
    """What an area allows. The defaults are the ones shipped (docs/design.md, “Who sounds”).

    `hard_stop` and `permitted` are for non-emergencies; `permitted` empty means all hours. `night`
    lowers the ceiling and stops nothing; its 15 dB are the distance between 70 dBA by day and
    55 dBA by night in normal zones (QCVN 26:2010/BTNMT). Ceilings are dB below full, None for none.
    `longest_for` ends one occurrence after that long.
    """

    zone: str = DEFAULT_ZONE
    hard_stop: Hours | None = Hours(time(22), time(4, 30))
    permitted: tuple[Hours, ...] = ()
    longest_for: timedelta | None = None
    night: Hours | None = Hours(time(21), time(6))
    night_ceiling_db: float | None = -15.0
    day_ceiling_db: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A filter refused this span."""

    start: datetime
    end: datetime
    by: Filter


@dataclass(frozen=True, slots=True)
class DayHours:
    """A policy laid out over whole local days, as UTC spans that are sorted and disjoint."""

    policy: Policy
    closed: tuple[tuple[Filter, tuple[Span, ...]], ...]
    night: tuple[Span, ...]

    def admit(
        self, span: Span, *, is_emergency: bool, validity: Span | None = None
    ) -> tuple[list[Span], list[Refusal]]:
        """Return what of an occurrence's whole `span` may sound, and what was refused by which."""
        pieces, refusals = [span], list[Refusal]()
        if validity is not None:
            before, after = (datetime.min.replace(tzinfo=UTC), validity[0]), (validity[1], span[1])
            outside = (before, after) if validity[0] < validity[1] else (span,)
            pieces = _refuse(pieces, outside, Filter.VALIDITY, refusals)
        if is_emergency:
            return pieces, refusals
        for by, closed in self.closed:
            pieces = _refuse(pieces, _near(closed, span), by, refusals)
        longest_for = self.policy.longest_for
        if longest_for is not None and span[1] - span[0] > longest_for:
            rest = ((span[0] + longest_for, span[1]),)
            pieces = _refuse(pieces, rest, Filter.LONGEST_FOR, refusals)
        return pieces, refusals

    def ceiling_db(self, span: Span, *, is_emergency: bool) -> float | None:
        """Return the ceiling of a whole span: the night's if any of it is at night."""
        if is_emergency:
            return None
        by_day, by_night = self.policy.day_ceiling_db, self.policy.night_ceiling_db
        if by_night is None or not _near(self.night, span):
            return by_day
        return by_night if by_day is None else min(by_day, by_night)


@lru_cache(maxsize=256)
def day_hours(policy: Policy, first: date, last: date) -> DayHours:
    """Lay `policy` out over the local days from `first` to `last` and two days around them."""
    margin = timedelta(days=2)
    days = [first - margin + timedelta(days=n) for n in range((last - first + 2 * margin).days + 1)]
    closed = []
    if policy.hard_stop is not None:
        closed.append((Filter.HARD_STOP, _spans((policy.hard_stop,), days, policy.zone)))
    if policy.permitted:
        opened = _spans(policy.permitted, days, policy.zone)
        whole = (opened[0][0], opened[-1][1])
        closed.append((Filter.PERMITTED_HOURS, tuple(subtract(whole, opened))))
    night = _spans((policy.night,), days, policy.zone) if policy.night else ()
    return DayHours(policy, tuple(closed), night)


def _spans(hours: tuple[Hours, ...], days: list[date], zone: str) -> tuple[Span, ...]:
    info = ZoneInfo(zone)
    spans = sorted(
        (
            to_utc(datetime.combine(day, of.start), info),
            to_utc(datetime.combine(day + timedelta(days=of.end <= of.start), of.end), info),
        )
        for day in days
        for of in hours
    )
    joined = spans[:1]
    for start, end in spans[1:]:
        if start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _near(spans: tuple[Span, ...], span: Span) -> tuple[Span, ...]:
    """Return those of the sorted, disjoint `spans` that overlap `span`."""
    first = bisect_right(spans, (span[0],))
    if first and spans[first - 1][1] > span[0]:
        first -= 1
    if first == len(spans) or spans[first][0] >= span[1]:
        return ()
    return spans[first : bisect_right(spans, (span[1],))]


def _refuse(
    pieces: list[Span], closed: tuple[Span, ...], by: Filter, refusals: list[Refusal]
) -> list[Span]:
    if not closed:
        return pieces
    left: list[Span] = []
    for piece in pieces:
        left += subtract(piece, closed)
        shared = (overlap(piece, span) for span in closed)
        refusals += [Refusal(start, end, by) for start, end in filter(None, shared)]
    return left
