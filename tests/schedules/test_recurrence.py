"""Recurrences against two others: dateutil walked from dtstart, and RFC 5545 read day by day."""

import calendar
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from schedules.errors import RecurrenceRefused
from schedules.recurrence import recurrence
from schedules.rrule_text import WEEKDAYS, parse_rrule

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
# no deadline: the machine may be busy with anything
steady = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])

dtstarts = st.datetimes(datetime(2019, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 (wall time)
    lambda moment: moment.replace(microsecond=0)
)
lows = st.datetimes(datetime(2018, 6, 1), datetime(2031, 12, 31))  # noqa: DTZ001 (wall time)


def numbers(*values: int) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    return chosen.map(lambda some: ",".join(map(str, some)))


plain_days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join)
numbered_days = st.lists(
    st.builds("{}{}".format, st.sampled_from([1, 2, 3, 4, 5, -1, -2]), st.sampled_from(WEEKDAYS)),
    min_size=1,
    max_size=3,
    unique=True,
).map(",".join)


@st.composite
def rules(draw: st.DrawFn, *, bounded: bool = True) -> str:
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    parts = {"FREQ": freq, "INTERVAL": str(draw(st.integers(1, 5)))}
    if draw(st.booleans()):
        may_number = freq in {"YEARLY", "MONTHLY"}
        parts["BYDAY"] = draw(st.one_of(plain_days, numbered_days) if may_number else plain_days)
    if freq != "WEEKLY" and draw(st.booleans()):
        parts["BYMONTHDAY"] = draw(numbers(1, 2, 13, 28, 29, 30, 31, -1, -7))
    if draw(st.integers(0, 2)) == 0:
        parts["BYMONTH"] = draw(numbers(*range(1, 13)))
    if draw(st.integers(0, 2)) == 0:
        parts["BYHOUR"] = draw(numbers(5, 11, 17, 23))
    if parts.keys() & {"BYDAY", "BYMONTHDAY"} and freq != "DAILY" and draw(st.booleans()):
        parts["BYSETPOS"] = draw(numbers(1, 2, 3, -1, -2))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    if bounded and draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 40)))
    elif draw(st.booleans()):
        parts["UNTIL"] = f"{draw(dtstarts):%Y%m%dT%H%M%S}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def ours(text: str, dtstart: datetime, low: datetime, high: datetime) -> list[datetime]:
    try:
        return list(recurrence(text, dtstart, HANOI).between(low, high))
    except RecurrenceRefused as refused:
        assume("never happens" not in refused.en)
        raise


@steady
@given(rules(), dtstarts, lows)
@example("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", datetime(2020, 2, 29, 5), datetime(2023, 1, 1))  # noqa: DTZ001
def test_a_late_window_shows_what_dateutil_finds_from_the_beginning(
    text: str, dtstart: datetime, low: datetime
) -> None:
    high = low + timedelta(days=400)
    # dateutil counts BYSETPOS of the first week from dtstart and not from the week's beginning
    assume(not ("WEEKLY" in text and "BYSETPOS" in text))
    found = ours(text, dtstart, low, high)

    expected = rrulestr(text, dtstart=dtstart).between(low, high, inc=True)

    assert found == expected


@steady
@given(rules(bounded=False), dtstarts, lows)
def test_the_window_shows_what_rfc_5545_says_read_day_by_day(
    text: str, dtstart: datetime, low: datetime
) -> None:
    high = low + timedelta(days=200)

    assert ours(text, dtstart, low, high) == by_definition(text, dtstart, low, high)


@steady
@given(st.integers(1, 48), numbers(0, 15, 30, 45), dtstarts, lows)
def test_hours_are_counted_from_dtstart(
    interval: int, minutes: str, dtstart: datetime, low: datetime
) -> None:
    text = f"FREQ=HOURLY;INTERVAL={interval};BYMINUTE={minutes}"
    high = low + timedelta(days=4)

    found = ours(text, dtstart, low, high)

    assert found == rrulestr(text, dtstart=dtstart).between(low, high, inc=True)


@steady
@given(st.text(alphabet="FREQ=DAILYWKMO;BNTUC,0123456789-+TZ", max_size=60))
def test_no_text_is_answered_by_anything_but_values_or_a_sentence(text: str) -> None:
    with suppress(RecurrenceRefused):
        parse_rrule(text)


@pytest.mark.parametrize("freq", ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
def test_the_rfc_examples_of_every_frequency_begin_with_dtstart(freq: str) -> None:
    dtstart = datetime(2026, 1, 1, 5)  # noqa: DTZ001 (wall time)

    found = ours(f"FREQ={freq}", dtstart, dtstart, dtstart + timedelta(minutes=1))

    assert found == [dtstart]


# --- RFC 5545 section 3.3.10, read slowly: every period is a set of days, then BYSETPOS ----------


def by_definition(text: str, dtstart: datetime, low: datetime, high: datetime) -> list[datetime]:
    parts = dict(part.split("=") for part in text.split(";"))
    freq, weekstart = parts["FREQ"], WEEKDAYS.index(parts.get("WKST", "MO"))
    if freq == "WEEKLY":
        parts.setdefault("BYDAY", WEEKDAYS[dtstart.weekday()])
    elif freq != "DAILY" and not parts.keys() & {"BYDAY", "BYMONTHDAY"}:
        parts["BYMONTHDAY"] = str(dtstart.day)
        if freq == "YEARLY":
            parts.setdefault("BYMONTH", str(dtstart.month))
    hours = sorted(_integers(parts.get("BYHOUR", str(dtstart.hour))))
    periods: dict[int, list[datetime]] = {}
    first = min(dtstart, low) - timedelta(days=366)
    for ordinal in range(first.toordinal(), high.toordinal() + 367):
        day = date.fromordinal(ordinal)
        if _matches(day, parts):
            starts = [datetime.combine(day, time(h, dtstart.minute, dtstart.second)) for h in hours]
            periods.setdefault(_period(day, freq, weekstart), []).extend(starts)
    zero = _period(dtstart.date(), freq, weekstart)
    found = set[datetime]()
    for period, starts in periods.items():
        if (period - zero) % int(parts["INTERVAL"]) == 0:
            found |= _positions(starts, parts.get("BYSETPOS"))
    until = datetime.fromisoformat(parts["UNTIL"]) if "UNTIL" in parts else high
    return sorted(s for s in found if max(low, dtstart) <= s <= min(high, until))


def _integers(text: str) -> set[int]:
    return {int(piece) for piece in text.split(",")}


def _period(day: date, freq: str, weekstart: int) -> int:
    """Return the number of the period that holds `day`; Monday 1 January of year 1 is ordinal 1."""
    return {
        "YEARLY": day.year,
        "MONTHLY": day.year * 12 + day.month,
        "WEEKLY": (day.toordinal() - 1 - weekstart) // 7,
        "DAILY": day.toordinal(),
    }[freq]


def _matches(day: date, parts: dict[str, str]) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    if "BYMONTH" in parts and day.month not in _integers(parts["BYMONTH"]):
        return False
    if "BYMONTHDAY" in parts and not _integers(parts["BYMONTHDAY"]) & {
        day.day,
        day.day - length - 1,
    }:
        return False
    if "BYDAY" not in parts:
        return True
    if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts:
        place, length = day.timetuple().tm_yday, 365 + calendar.isleap(day.year)
    else:
        place = day.day
    name, from_end = WEEKDAYS[day.weekday()], (length - place) // 7 + 1
    names = {name, f"{(place - 1) // 7 + 1}{name}", f"-{from_end}{name}"}
    return bool(names & set(parts["BYDAY"].split(",")))


def _positions(starts: list[datetime], positions: str | None) -> set[datetime]:
    if positions is None:
        return set(starts)
    found = set()
    for position in _integers(positions):
        index = position - 1 if position > 0 else position
        if -len(starts) <= index < len(starts):
            found.add(starts[index])
    return found
