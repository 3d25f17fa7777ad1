"""`truyenthanh schedule expand`: anyone can check a rule."""

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from schedules.cli import schedule


def run(*arguments: str) -> Result:
    return CliRunner().invoke(schedule, ["expand", *arguments])


WEEK = ("--from", "2026-01-01", "--to", "2026-01-08")


def test_each_start_is_one_instant_with_its_offset_a_line() -> None:
    result = run("--dtstart", "2026-01-01T05:00", "--rule", "FREQ=WEEKLY;BYDAY=MO,TH", *WEEK)

    assert result.exit_code == 0
    assert result.output == "2026-01-01T05:00:00+07:00\n2026-01-05T05:00:00+07:00\n"


def test_the_window_takes_times_with_and_without_offset_and_is_half_open() -> None:
    window = ("--from", "2026-01-01T22:00Z", "--to", "2026-01-03T05:00")

    result = run("--dtstart", "2026-01-01T05:00", "--rule", "FREQ=DAILY", *window)

    assert result.output.split() == ["2026-01-02T05:00:00+07:00"]


def test_exceptions_and_additions_take_dates_and_times() -> None:
    result = run(
        "--dtstart", "2026-01-01T05:00", "--rule", "FREQ=DAILY", *WEEK,
        "--exdate", "2026-01-02", "--exdate", "20260103T050000", "--exdate", "2026-01-03T22:00Z",
        "--exdate", "2026-01-05", "--exdate", "2026-01-06",
        "--rdate", "2026-01-20", "--rdate", "2026-01-07T10:00Z",
    )  # fmt: skip

    assert result.output.split() == [
        "2026-01-01T05:00:00+07:00",
        "2026-01-07T05:00:00+07:00",
        "2026-01-07T17:00:00+07:00",
    ]


def test_tet_is_found_by_its_lunar_day() -> None:
    window = ("--from", "2025-01-01", "--to", "2028-01-01")

    result = run("--dtstart", "2020-01-01T06:00", "--lunar", "month=1;day=1", *window)

    assert [line[:10] for line in result.output.split()] == [
        "2025-01-29",
        "2026-02-17",
        "2027-02-06",
    ]


def test_another_zone_keeps_its_wall_time_over_a_change_of_the_clocks() -> None:
    berlin = ("--tz", "Europe/Berlin", "--from", "2026-03-28", "--to", "2026-03-31")

    result = run("--dtstart", "2026-03-28T05:00", "--rule", "FREQ=DAILY", *berlin)

    assert result.output.split() == [
        "2026-03-28T05:00:00+01:00",
        "2026-03-29T05:00:00+02:00",
        "2026-03-30T05:00:00+02:00",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--rule", "FREQ=SECONDLY"),
        ("--rule", ""),
        ("--lunar", "days=31"),
        ("--exdate", "tomorrow"),
        ("--rdate", "2026-02-30"),
        ("--dtstart", "2026-01-01T25:00"),
        ("--from", "2027-01-01"),
        ("--to", "12"),
        ("--tz", "Asia/An_Binh"),
    ],
)
def test_bad_input_is_answered_in_two_languages_and_exit_code_2(wrong: tuple[str, str]) -> None:
    result = run("--dtstart", "2026-01-01T05:00", *WEEK, *wrong)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 2


def test_the_package_itself_does_not_need_click() -> None:
    script = (
        "import sys, schedules.rules, schedules.timeline, schedules.explain,"
        " schedules.day_templates; sys.exit('click' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
