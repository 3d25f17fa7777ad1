"""Expands RRULEs into local wall times with python-dateutil, from near the window.

dateutil can only walk from its dtstart. Here every part that RFC 5545 derives from DTSTART is
written out first, so that the walk may begin at any later period; a COUNT is turned once into the
last wall time it allows. Zones are no business of this file, except for an UNTIL in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule as dateutil_rrule

from schedules.errors import RecurrenceRefused
from schedules.rrule_text import RecurrenceText, parse_rrule

# dateutil ends with the year 9999; whatever does not happen in its last 400 years, one whole
# cycle of the calendar, never happens.
_LAST_CYCLE = datetime(9600, 1, 1)  # noqa: DTZ001 (wall time)
_HORIZON = datetime(2200, 1, 1)  # noqa: DTZ001 (wall time)
_MARGIN = timedelta(days=1)  # wider than any change of a zone's offset


@dataclass(frozen=True, slots=True)
class Recurrence:
    """An RRULE bound to its first wall time and its zone."""

    read: RecurrenceText
    dtstart: datetime
    zone: ZoneInfo
    walk: dict[str, Any]
    last: datetime | None

    def between(self, low: datetime, high: datetime) -> Iterator[datetime]:
        """Yield the naive local starts within `[low, high]`, ascending.

        DTSTART itself is among them only if the rule yields it, as in dateutil; COUNT counts from
        DTSTART. UNTIL is inclusive.
        """
        low = max(low, self.dtstart)
        high = high if self.last is None else min(high, self.last)
        if low > high:
            return
        until = self.read.until if self.read.until and self.read.until.tzinfo else None
        for start in self._from(low, high):
            if start >= low and (until is None or start.replace(tzinfo=self.zone) <= until):
                yield start

    def _from(self, low: datetime, high: datetime) -> dateutil_rrule.rrule:
        anchor = _anchor(self.read, self.dtstart, low)
        return dateutil_rrule.rrule(dtstart=anchor, until=high, **self.walk)


@lru_cache(maxsize=4096)
def recurrence(text: str, dtstart: datetime, zone: ZoneInfo) -> Recurrence:
    """Return the rule `text` starting at the naive local `dtstart`.

    Raises RecurrenceRefused for a text RFC 5545 does not allow, and for a rule that never happens
    (30 February): dateutil would look for it until the year 9999 at every call.
    """
    read = parse_rrule(text)
    walk = _walk(read, dtstart)
    try:
        first = next(
            iter(dateutil_rrule.rrule(dtstart=_anchor(read, dtstart, _LAST_CYCLE), **walk)), None
        )
    except ValueError:  # dateutil's "generates an empty set"
        first = None
    if first is None:
        raise RecurrenceRefused(text, "không bao giờ xảy ra", "it never happens")
    return Recurrence(read, dtstart, zone, walk, _last(read, dtstart, zone, walk))


def _walk(read: RecurrenceText, dtstart: datetime) -> dict[str, Any]:
    """Return dateutil's arguments with everything DTSTART implies written out."""
    numbers = dict(read.numbers)
    days = read.days
    if not days and not numbers.keys() & {"BYMONTHDAY", "BYYEARDAY"}:
        if read.freq == "WEEKLY" or "BYWEEKNO" in numbers:
            days = ((dtstart.weekday(), 0),)
        elif read.freq in {"MONTHLY", "YEARLY"}:
            numbers["BYMONTHDAY"] = (dtstart.day,)
            if read.freq == "YEARLY":
                numbers.setdefault("BYMONTH", (dtstart.month,))
    if read.freq != "HOURLY":
        numbers.setdefault("BYHOUR", (dtstart.hour,))
    numbers.setdefault("BYMINUTE", (dtstart.minute,))
    numbers.setdefault("BYSECOND", (dtstart.second,))
    walk: dict[str, Any] = {name.lower(): values for name, values in numbers.items()}
    walk["freq"] = getattr(dateutil_rrule, read.freq)
    walk["interval"] = read.interval
    walk["wkst"] = read.week_start
    if days:
        walk["byweekday"] = _weekdays(
            days, within_month="BYMONTH" in numbers or read.freq == "MONTHLY"
        )
    return walk


def _weekdays(days: tuple[tuple[int, int], ...], *, within_month: bool) -> list[Any]:
    """Return dateutil weekdays. It would *intersect* `MO,1TU`; numbering them all makes a union."""
    if all(n == 0 for _, n in days):
        return [day for day, _ in days]
    every = range(1, 6 if within_month else 54)
    return [
        dateutil_rrule.weekday(day, number) for day, n in days for number in ((n,) if n else every)
    ]


def _anchor(read: RecurrenceText, dtstart: datetime, low: datetime) -> datetime:
    """Return the beginning of the last period of the rule (by INTERVAL) that begins by `low`."""
    step = read.interval
    if read.freq == "YEARLY":
        return datetime(_skip(dtstart.year, low.year, step), 1, 1)  # noqa: DTZ001 (wall time)
    if read.freq == "MONTHLY":
        month = _skip(dtstart.year * 12 + dtstart.month - 1, low.year * 12 + low.month - 1, step)
        return datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001 (wall time)
    midnight = dtstart.replace(hour=0, minute=0, second=0)
    if read.freq == "WEEKLY":
        base = midnight - timedelta(days=(dtstart.weekday() - read.week_start) % 7)
        period = timedelta(weeks=step)
    elif read.freq == "DAILY":
        base, period = midnight, timedelta(days=step)
    else:
        base, period = dtstart.replace(minute=0, second=0), timedelta(hours=step)
    return base + max(0, (low - base) // period) * period


def _skip(first: int, low: int, step: int) -> int:
    return first + max(0, low - first) // step * step


def _last(
    read: RecurrenceText, dtstart: datetime, zone: ZoneInfo, walk: dict[str, Any]
) -> datetime | None:
    """Return the last wall time that UNTIL or COUNT may allow; a Z form is judged exactly later."""
    if read.until is not None:
        if read.until.tzinfo is None:
            return read.until
        return read.until.astimezone(zone).replace(tzinfo=None) + _MARGIN
    if read.count is None:
        return None
    anchor = _anchor(read, dtstart, dtstart)
    starts = dateutil_rrule.rrule(dtstart=anchor, until=_HORIZON, **walk)
    counted = islice((start for start in starts if start >= dtstart), read.count)
    return max(counted, default=dtstart - _MARGIN)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a naive local wall time.

    A wall time that the clock skips takes the offset before the gap, one that comes twice is the
    first (RFC 5545 section 3.3.5, which 3.8.5.3 applies to recurrences: a broadcast moves by an
    hour rather than being dropped in silence).
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
