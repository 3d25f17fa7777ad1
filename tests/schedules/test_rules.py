"""Rules and their occurrences: examples with real days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schedules.errors import (
    LunarRefused,
    RecurrenceRefused,
    RuleRefused,
    ScheduleError,
    TooManyOccurrences,
    WindowRefused,
)
from schedules.lunar import LunarRule, parse_lunar
from schedules.rules import Occurrence, Override, Rule, expand, midnight

QUARTER = timedelta(minutes=15)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rule(dtstart: str = "2026-01-01T05:00", rrule: str | None = None, **fields: object) -> Rule:
    values: dict[str, object] = {"id": "an-binh", "duration": QUARTER, **fields}
    return Rule(dtstart=wall(dtstart), rrule=rrule, **values)  # type: ignore[arg-type] # test fields


def starts(of: Rule, first: str, last: str) -> list[str]:
    """Return local starts of the occurrences from day `first` until before day `last`."""
    window = [midnight(date.fromisoformat(day), of.zone) for day in (first, last)]
    return [
        occurrence.start.astimezone(of.zone_info).isoformat(timespec="minutes")[:16]
        for occurrence in expand(of, *window)
    ]


def days(of: Rule, first: str, last: str) -> list[str]:
    return [start[:10] for start in starts(of, first, last)]


def test_a_bulletin_plays_at_five_in_the_afternoon_every_weekday() -> None:
    bulletin = rule("2026-01-01T17:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")

    found = starts(bulletin, "2026-01-01", "2026-01-07")

    assert found == [f"2026-01-{day}T17:00" for day in ("01", "02", "05", "06")]


def test_an_occurrence_is_an_interval_of_utc_instants() -> None:
    (found,) = expand(rule(), midnight(date(2026, 1, 1)), midnight(date(2026, 1, 2)))

    start = datetime(2025, 12, 31, 22, tzinfo=UTC)
    assert found == Occurrence("an-binh", wall("2026-01-01T05:00"), start, start + QUARTER)
    assert found.id == "an-binh@2026-01-01T05:00:00"


@pytest.mark.parametrize(
    ("rrule", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO", ["2026-01-05", "2026-02-02", "2026-03-02"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ["2026-01-30", "2026-02-27", "2026-03-31"],
        ),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2026-02-13", "2026-03-13"]),
        ("FREQ=WEEKLY;INTERVAL=4", ["2026-01-01", "2026-01-29", "2026-02-26", "2026-03-26"]),
        ("FREQ=DAILY;INTERVAL=30", ["2026-01-01", "2026-01-31", "2026-03-02"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYSETPOS=2", ["2026-03-08"]),
        ("FREQ=YEARLY;BYWEEKNO=10", ["2026-03-05"]),
        ("FREQ=DAILY;COUNT=2", ["2026-01-01", "2026-01-02"]),
        ("FREQ=DAILY;UNTIL=20260103", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ("FREQ=DAILY;UNTIL=20260103T045959", ["2026-01-01", "2026-01-02"]),
        ("FREQ=DAILY;UNTIL=20260103T050000", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ("FREQ=DAILY;UNTIL=20260102T220000Z", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ("FREQ=DAILY;UNTIL=20260102T215959Z", ["2026-01-01", "2026-01-02"]),
        ("RRULE:freq=daily;count=1", ["2026-01-01"]),
    ],
)
def test_recurrence_as_rfc_5545_says(rrule: str, expected: list[str]) -> None:
    assert days(rule(rrule=rrule), "2026-01-01", "2026-04-01") == expected


def test_a_numbered_weekday_beside_a_plain_one_adds_to_it() -> None:
    mixed = rule(rrule="FREQ=MONTHLY;BYDAY=1TU,FR")

    found = days(mixed, "2026-02-01", "2026-03-01")

    assert found == ["2026-02-03", "2026-02-06", "2026-02-13", "2026-02-20", "2026-02-27"]


def test_bysetpos_counts_the_whole_first_week_also_before_dtstart() -> None:
    wednesday = rule("2026-01-07T05:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1")

    assert days(wednesday, "2026-01-01", "2026-01-20") == ["2026-01-12", "2026-01-19"]


def test_dtstart_itself_is_no_occurrence_unless_the_rule_yields_it() -> None:
    thursday = rule("2026-01-01T05:00", "FREQ=WEEKLY;BYDAY=MO;COUNT=2")

    assert days(thursday, "2026-01-01", "2026-03-01") == ["2026-01-05", "2026-01-12"]


def test_count_is_counted_from_dtstart_although_the_window_is_late() -> None:
    counted = rule(rrule="FREQ=DAILY;COUNT=100", valid_from=date(2026, 4, 9))

    assert days(counted, "2026-04-01", "2026-12-01") == ["2026-04-09", "2026-04-10"]


def test_an_occurrence_running_across_midnight_is_in_both_days() -> None:
    late = rule("2026-01-31T23:50", "FREQ=MONTHLY;BYMONTHDAY=-1")

    before = starts(late, "2026-02-28", "2026-03-01")
    after = starts(late, "2026-03-01", "2026-03-02")

    assert before == after == ["2026-02-28T23:50"]


def test_an_occurrence_that_ends_as_the_window_begins_is_not_in_it() -> None:
    until_midnight = rule("2026-01-01T23:45")

    assert starts(until_midnight, "2026-01-02", "2026-01-03") == []


def test_a_struck_day_and_a_struck_time_do_not_play_and_an_added_one_does() -> None:
    changed = rule(
        rrule="FREQ=DAILY",
        exdates=(date(2026, 1, 2), wall("2026-01-03T05:00"), wall("2026-01-04T06:00")),
        rdates=(wall("2026-01-02T09:00"), wall("2026-01-05T19:00")),
    )

    found = starts(changed, "2026-01-01", "2026-01-06")

    assert found == [
        "2026-01-01T05:00",
        "2026-01-04T05:00",
        "2026-01-05T05:00",
        "2026-01-05T19:00",
    ]


def test_a_moved_occurrence_keeps_its_identity_wherever_the_window_is() -> None:
    original, moved_to = wall("2026-01-02T05:00"), wall("2026-01-20T06:30")
    moved = rule(
        rrule="FREQ=WEEKLY", dtstart="2026-01-02T05:00", overrides=(Override(original, moved_to),)
    )

    (found,) = expand(moved, midnight(date(2026, 1, 20)), midnight(date(2026, 1, 21)))

    assert found.original == original
    assert days(moved, "2026-01-01", "2026-01-10") == ["2026-01-09"]


def test_a_cancelled_occurrence_and_a_move_of_nothing_do_not_play() -> None:
    changed = rule(
        rrule="FREQ=DAILY",
        overrides=(
            Override(wall("2026-01-02T05:00"), None),
            Override(wall("2026-01-03T08:00"), wall("2026-01-01T08:00")),
        ),
    )

    assert days(changed, "2026-01-01", "2026-01-04") == ["2026-01-01", "2026-01-03"]


def test_validity_dates_are_inclusive() -> None:
    valid = rule(rrule="FREQ=DAILY", valid_from=date(2026, 1, 3), valid_until=date(2026, 1, 4))

    assert days(valid, "2026-01-01", "2026-02-01") == ["2026-01-03", "2026-01-04"]


@pytest.mark.parametrize(
    ("year", "tet"),
    [("2025", "2025-01-29"), ("2026", "2026-02-17"), ("2027", "2027-02-06")],
)
def test_tet_is_the_first_day_of_the_first_lunar_month(year: str, tet: str) -> None:
    greeting = rule("2020-01-01T06:00", lunar=parse_lunar("month=1;day=1"))

    assert days(greeting, f"{year}-01-01", f"{year}-12-31") == [tet]


def test_new_years_eve_is_the_last_day_of_the_twelfth_month() -> None:
    eve = rule("2020-01-01T20:00", lunar=LunarRule(days=(-1,), months=(12,)))

    assert days(eve, "2025-01-01", "2027-12-31") == ["2025-01-28", "2026-02-16", "2027-02-05"]


def test_the_first_and_fifteenth_are_kept_in_a_leap_month_too() -> None:
    """2025 has a leap sixth month, 25 July to 22 August."""
    both = rule("2020-01-01T05:00", lunar=LunarRule(days=(1, 15)))
    without = rule("2020-01-01T05:00", lunar=LunarRule(days=(1, 15), leap_months=False))
    sixth = rule("2020-01-01T05:00", lunar=LunarRule(days=(1,), months=(6,)))

    found = days(both, "2025-06-25", "2025-09-01")

    assert found == ["2025-06-25", "2025-07-09", "2025-07-25", "2025-08-08", "2025-08-23"]
    assert days(without, "2025-06-25", "2025-09-01") == ["2025-06-25", "2025-07-09", "2025-08-23"]
    assert days(sixth, "2025-01-01", "2026-01-01") == ["2025-06-25"]


def test_leap_months_are_where_the_calendar_has_them() -> None:
    """2020 month 4, 2023 month 2, 2025 month 6, 2028 month 5, 2031 month 3, 2033 month 11.

    The new moon of 21 April 2031 is at 16:57 UTC: still that day in Vietnam, the next in China.
    """
    every = rule("2019-12-31T05:00", lunar=LunarRule(days=(1,)))
    ordinary = rule("2019-12-31T05:00", lunar=LunarRule(days=(1,), leap_months=False))

    leap = set(days(every, "2020-01-01", "2035-01-01")) - set(
        days(ordinary, "2020-01-01", "2035-01-01")
    )

    assert sorted(leap) == [
        "2020-05-23",
        "2023-03-22",
        "2025-07-25",
        "2028-06-23",
        "2031-04-21",
        "2033-12-22",
    ]


def test_a_lunar_rule_beside_a_recurrence_plays_on_the_union() -> None:
    union = rule(rrule="FREQ=MONTHLY;BYMONTHDAY=16", lunar=LunarRule(days=(1,)))

    assert days(union, "2026-02-01", "2026-03-01") == ["2026-02-16", "2026-02-17"]


@pytest.mark.parametrize(
    "text",
    [
        "", "FREQ", "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=NEVER", "INTERVAL=2",
        "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYEASTER=1", "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;COUNT=2;UNTIL=20260101", "FREQ=DAILY;COUNT=99999999",
        "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=WEEKLY;BYMONTHDAY=3", "FREQ=MONTHLY;BYWEEKNO=3", "FREQ=DAILY;BYYEARDAY=3",
        "FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYHOUR=-1",
        "FREQ=DAILY;BYMINUTE=x", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=DAILY;BYSETPOS=1",
        "FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;UNTIL=20260230", "FREQ=DAILY;WKST=YY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=3", "FREQ=HOURLY;INTERVAL=24;BYHOUR=7",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))),
    ],
)  # fmt: skip
def test_a_recurrence_that_cannot_be_is_refused_in_two_languages(text: str) -> None:
    with pytest.raises(RecurrenceRefused) as refused:
        rule(rrule=text)

    assert "Quy tắc lặp" in refused.value.vi
    assert "Recurrence rule" in refused.value.en


@pytest.mark.parametrize(
    "text", ["", "days=", "days=31", "days=0", "day=1;month=13", "leap=yes", "days=1;days=2", "x=1"]
)
def test_a_lunar_rule_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(LunarRefused):
        parse_lunar(text)


def test_a_lunar_rule_reads_what_it_writes() -> None:
    written = LunarRule(days=(1, 15), months=(6,), leap_months=True)

    assert parse_lunar(str(written)) == written


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"zone": "Asia/An_Binh"},
        {"zone": "../etc"},
        {"duration": timedelta(0)},
        {"duration": timedelta(days=2)},
        {"rdates": (datetime(2026, 1, 1, tzinfo=UTC),)},
        {"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)},
        {"dtstart": "1969-01-01T05:00"},
    ],
)
def test_a_field_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(RuleRefused):
        rule(**fields)  # type: ignore[arg-type] # wrong on purpose


def test_an_abusive_rule_is_stopped_instead_of_filling_the_memory() -> None:
    minutes = ",".join(map(str, range(0, 60, 5)))
    abusive = rule(rrule=f"FREQ=HOURLY;BYMINUTE={minutes}")

    with pytest.raises(TooManyOccurrences):
        starts(abusive, "2026-01-01", "2027-01-01")


def test_a_window_must_be_two_instants_in_order() -> None:
    later, sooner = midnight(date(2026, 1, 2)), midnight(date(2026, 1, 1))

    with pytest.raises(WindowRefused):
        expand(rule(), later, sooner)
    with pytest.raises(ScheduleError):
        expand(rule(), wall("2026-01-01"), later)


def test_a_skipped_wall_time_plays_with_the_offset_before_the_gap() -> None:
    """RFC 5545 section 3.3.5: 02:30 on 29 March 2026 in Berlin is 03:30 summer time."""
    nightly = rule("2026-03-28T02:30", "FREQ=DAILY", zone="Europe/Berlin")

    found = starts(nightly, "2026-03-28", "2026-03-31")

    assert found == ["2026-03-28T02:30", "2026-03-29T03:30", "2026-03-30T02:30"]


def test_a_wall_time_that_comes_twice_plays_the_first_time() -> None:
    nightly = rule("2026-10-25T02:30", zone="Europe/Berlin")

    (found,) = expand(
        nightly, datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)
    )

    assert found.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
