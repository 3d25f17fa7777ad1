"""What the console shows before a rule is saved."""

from datetime import UTC, datetime, timedelta

from schedules.lunar import LunarRule
from schedules.rules import Rule
from schedules.upcoming import upcoming

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def rule(rrule: str | None = None, lunar: LunarRule | None = None) -> Rule:
    start = datetime(2020, 1, 1, 5)  # noqa: DTZ001 (wall time)
    quarter = timedelta(minutes=15)
    return Rule(id="an-binh", dtstart=start, duration=quarter, rrule=rrule, lunar=lunar)


def test_the_next_ten_of_a_daily_rule_are_the_next_ten_days() -> None:
    found = upcoming(rule("FREQ=DAILY"), NOW, 10)

    assert [one.original.day for one in found] == list(range(2, 12))


def test_rare_occurrences_are_found_however_far_apart() -> None:
    tet = upcoming(rule(lunar=LunarRule(days=(1,), months=(1,))), NOW, 3)
    leap_days = upcoming(rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), NOW, 3)

    assert [f"{one.original:%Y-%m-%d}" for one in tet] == ["2026-02-17", "2027-02-06", "2028-01-26"]
    assert [one.original.year for one in leap_days] == [2028, 2032, 2036]


def test_a_rule_that_has_ended_has_none() -> None:
    assert upcoming(rule("FREQ=DAILY;COUNT=3"), NOW, 10) == ()
    assert upcoming(rule(), NOW, 10) == ()


def test_at_the_end_of_the_calendar_there_are_fewer() -> None:
    late = datetime(2100, 12, 30, tzinfo=UTC)

    assert len(upcoming(rule("FREQ=DAILY"), late, 10)) == 1
