"""A schedule rule and its expansion: rule + window -> occurrences.

Rules live in local wall time with their zone; occurrences are UTC instants. Expansion happens on
the controller only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.errors import RuleRefused, TooManyOccurrences, WindowRefused
from schedules.lunar import LunarRule
from schedules.recurrence import Recurrence, recurrence, to_utc

DEFAULT_ZONE = "Asia/Ho_Chi_Minh"
MAX_OCCURRENCES = 100_000
LONGEST_FOR = timedelta(days=1)
_DAY = timedelta(days=1)
_FIRST_YEAR, _LAST_YEAR = 1970, 2100


@dataclass(frozen=True, slots=True)
class Override:
    """One occurrence, named by its original naive local start, moved or (None) cancelled."""

    original: datetime
    moved_to: datetime | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a rule plays, `[start, end)` in UTC.

    Its identity is (rule id, original naive local start) and survives being moved.
    """

    rule_id: str
    original: datetime
    start: datetime
    end: datetime

    @property
    def id(self) -> str:
        """The identity as one text, `rule@2026-01-01T05:00:00`."""
        return f"{self.rule_id}@{self.original.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a programme plays.

    `dtstart` is naive wall time in `zone`, whole seconds, 1970-2100. Without `rrule` and `lunar`
    the rule plays once, at `dtstart`; with both it plays on the union. Lunar days play at the time
    of day of `dtstart`, never before it. `rdates` add naive wall times; `exdates` strike naive wall
    times, or with a plain date that whole local day, from all of these. `valid_from` and
    `valid_until` are local dates, both inclusive, judged by the original start. COUNT counts from
    `dtstart`, struck and invalid occurrences included. `duration` is over 0 and at most a day.
    Raises RuleRefused, RecurrenceRefused or LunarRefused.
    """

    id: str
    dtstart: datetime
    duration: timedelta
    zone: str = DEFAULT_ZONE
    rrule: str | None = None
    lunar: LunarRule | None = None
    exdates: tuple[date, ...] = ()
    rdates: tuple[datetime, ...] = ()
    overrides: tuple[Override, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    zone_info: ZoneInfo = field(init=False, repr=False, compare=False)
    recurrence: Recurrence | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        zone = _zone(self.zone)
        # frozen: the two derived values are set once, here
        object.__setattr__(self, "zone_info", zone)
        bound = None if self.rrule is None else recurrence(self.rrule, self.dtstart, zone)
        object.__setattr__(self, "recurrence", bound)


def expand(rule: Rule, window_start: datetime, window_end: datetime) -> tuple[Occurrence, ...]:
    """Return the occurrences that sound within `[window_start, window_end)`, by start.

    One that began before the window and still runs in it is included, uncut. Raises WindowRefused,
    and TooManyOccurrences above 100,000 in one window.
    """
    _check_window(window_start, window_end)
    zone = rule.zone_info
    low = (window_start - rule.duration).astimezone(zone).replace(tzinfo=None) - _DAY
    high = window_end.astimezone(zone).replace(tzinfo=None) + _DAY
    found = [
        occurrence
        for original, local in _moved(rule, low, high)
        if (occurrence := _occurrence(rule, original, local)).start < window_end
        and occurrence.end > window_start
    ]
    found.sort(key=lambda occurrence: (occurrence.start, occurrence.original))
    return tuple(found)


def _occurrence(rule: Rule, original: datetime, local: datetime) -> Occurrence:
    start = to_utc(local, rule.zone_info)
    return Occurrence(rule.id, original, start, start + rule.duration)


def _moved(rule: Rule, low: datetime, high: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield (original, actual) wall times that may touch `[low, high]`, overrides applied."""
    originals = _originals(rule, low, high)
    moved = {override.original: override.moved_to for override in rule.overrides}
    for original in originals:
        local = moved.pop(original, original)
        if local is not None:
            yield original, local
    for original, local in moved.items():
        if local is not None and low <= local <= high and _originals(rule, original, original):
            yield original, local


def _originals(rule: Rule, low: datetime, high: datetime) -> set[datetime]:
    """Return the rule's wall times in `[low, high]` after EXDATE and validity."""
    starts = {start for start in rule.rdates if low <= start <= high}
    for start in _generated(rule, low, high):
        starts.add(start)
        if len(starts) > MAX_OCCURRENCES:
            raise TooManyOccurrences(rule.id, MAX_OCCURRENCES)
    first, last = rule.valid_from or date.min, rule.valid_until or date.max
    return {
        start
        for start in starts
        if start not in rule.exdates
        and (day := start.date()) not in rule.exdates
        and first <= day <= last
    }


def _generated(rule: Rule, low: datetime, high: datetime) -> Iterator[datetime]:
    if rule.recurrence is not None:
        yield from rule.recurrence.between(low, high)
    if rule.lunar is not None:
        yield from _lunar_starts(rule.lunar, rule.dtstart, low, high)
    if rule.rrule is None and rule.lunar is None and low <= rule.dtstart <= high:
        yield rule.dtstart


def _lunar_starts(
    lunar: LunarRule, dtstart: datetime, low: datetime, high: datetime
) -> Iterator[datetime]:
    low = max(low, dtstart)
    for ordinal in range(low.toordinal(), high.toordinal() + 1):
        day = date.fromordinal(ordinal)
        start = datetime.combine(day, dtstart.time())
        if day.year <= _LAST_YEAR and low <= start <= high and lunar.falls_on(day):
            yield start


def _check(rule: Rule) -> None:
    if not rule.id:
        raise RuleRefused("id", "không được trống", "it must not be empty")
    moves = [start for o in rule.overrides for start in (o.original, o.moved_to) if start]
    exact = [start for start in rule.exdates if isinstance(start, datetime)]
    for start in (rule.dtstart, *rule.rdates, *moves, *exact):
        _check_wall_time(start)
    if not timedelta(0) < rule.duration <= LONGEST_FOR:
        raise RuleRefused(
            "duration", "phải hơn 0 và không quá 24 giờ", "it must be over 0 and at most 24 hours"
        )
    if rule.valid_from and rule.valid_until and rule.valid_from > rule.valid_until:
        raise RuleRefused(
            "valid_until", "phải không sớm hơn ngày bắt đầu hiệu lực", "it is before valid_from"
        )


def _check_wall_time(start: datetime) -> None:
    if start.tzinfo or start.microsecond or not _FIRST_YEAR <= start.year <= _LAST_YEAR:
        raise RuleRefused(
            "dtstart/rdates/exdates/overrides",
            f"{start.isoformat()} phải là giờ địa phương không múi giờ, tròn giây, năm 1970-2100",
            f"{start.isoformat()} must be local wall time without offset, whole seconds, 1970-2100",
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # zoneinfo raises each of them for a wrong name
        vi, en = f"không có múi giờ “{name}”", f"there is no time zone “{name}”"
        raise RuleRefused("zone", vi, en) from None


def _check_window(start: datetime, end: datetime) -> None:
    if start.tzinfo is None or end.tzinfo is None or start > end:
        raise WindowRefused(start, end)
    if start.astimezone(UTC).year < _FIRST_YEAR or end.astimezone(UTC).year > _LAST_YEAR:
        raise WindowRefused(start, end)


def midnight(day: date, zone: str = DEFAULT_ZONE) -> datetime:
    """Return the UTC instant at which the local `day` begins in `zone`; windows of whole days."""
    return to_utc(datetime.combine(day, time()), _zone(zone))
