"""`truyenthanh schedule`: check a rule from the command line.

The package itself never imports this file: click belongs to the controller's extra.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from schedules.errors import RuleRefused, ScheduleError
from schedules.lunar import parse_lunar
from schedules.recurrence import to_utc
from schedules.rules import DEFAULT_ZONE, Rule, expand

_DATE = re.compile(r"\d{4}-?\d\d-?\d\d")
_TIME = re.compile(_DATE.pattern + r"([T ]\d\d(:?\d\d(:?\d\d)?)?(Z|[+-]\d\d(:?\d\d)?)?)?")
_ANY_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 (wall time)


@click.group("schedule")
def schedule() -> None:
    """Lịch phát: kiểm tra quy tắc. Schedule rules: check what they say."""


@schedule.command("expand")
@click.option("--dtstart", required=True, help="First wall time, 2026-01-01T05:00")
@click.option("--rule", "rrule", help="RRULE text, FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
@click.option("--lunar", help="days=1,15 | month=1;day=1 | days=-1;month=12 | ...;leap=yes|no")
@click.option("--exdate", multiple=True, help="A time, or a whole day, that does not play")
@click.option("--rdate", multiple=True, help="One more time; a date takes the time of --dtstart")
@click.option("--from", "first", required=True, help="Date or time, inclusive")
@click.option("--to", "last", required=True, help="Date or time, exclusive")
@click.option("--tz", "zone", default=DEFAULT_ZONE, show_default=True, help="IANA time zone")
@click.pass_context
def expand_command(context: click.Context, /, **asked: Any) -> None:
    """Print the starts of a rule in [FROM, TO), one ISO 8601 instant a line.

    Recurrence is RFC 5545 in local wall time of --tz, down to FREQ=HOURLY. --dtstart is printed
    only if the rule itself yields it (as python-dateutil; without --rule and --lunar it is the one
    start), and COUNT counts from it. UNTIL is inclusive: a date means the whole local day, a time
    without Z is local. --rule and --lunar together give the union; --rdate adds, --exdate takes
    away. A wall time that the clocks skip is read with the offset before the gap, one that comes
    twice is the first (RFC 5545, 3.3.5). Times may carry an offset or Z; without one they are
    local.
    """
    try:
        lines = _starts(asked)
    except ScheduleError as refused:
        click.echo(refused.vi, err=True)
        click.echo(refused.en, err=True)
        context.exit(2)
    for line in lines:
        click.echo(line)


def _starts(asked: dict[str, Any]) -> list[str]:
    zone = _zone(asked["zone"])
    dtstart = _wall_time("--dtstart", asked["dtstart"], zone)
    rule = Rule(
        id="rule",
        dtstart=dtstart,
        duration=timedelta(seconds=1),
        zone=zone.key,
        rrule=asked["rrule"],
        lunar=None if asked["lunar"] is None else parse_lunar(asked["lunar"]),
        exdates=tuple(_exdate(text, zone) for text in asked["exdate"]),
        rdates=tuple(_rdate(text, zone, dtstart) for text in asked["rdate"]),
    )
    first = _instant("--from", asked["first"], zone)
    last = _instant("--to", asked["last"], zone)
    starts = (one.start for one in expand(rule, first, last) if one.start >= first)
    return list(dict.fromkeys(start.astimezone(zone).isoformat() for start in starts))


def _zone(name: str) -> ZoneInfo:
    checked = Rule(id="zone", dtstart=_ANY_TIME, duration=timedelta(seconds=1), zone=name)
    return checked.zone_info


def _exdate(text: str, zone: ZoneInfo) -> date:
    if _DATE.fullmatch(text.strip()):
        return _read("--exdate", text).date()
    return _wall_time("--exdate", text, zone)


def _rdate(text: str, zone: ZoneInfo, dtstart: datetime) -> datetime:
    if _DATE.fullmatch(text.strip()):
        return datetime.combine(_read("--rdate", text), dtstart.time())
    return _wall_time("--rdate", text, zone)


def _read(option: str, text: str) -> datetime:
    """Read a date or a time, extended or basic ISO 8601, with or without offset."""
    shaped = _TIME.fullmatch(text.strip())
    try:
        return datetime.fromisoformat(text.strip() if shaped else "")
    except ValueError:
        example = "2026-01-31, 2026-01-31T05:00, 2026-01-31T05:00+07:00"
        vi, en = f"“{text}” phải có dạng {example}", f"“{text}” must look like {example}"
        raise RuleRefused(option, vi, en) from None


def _wall_time(option: str, text: str, zone: ZoneInfo) -> datetime:
    moment = _read(option, text)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def _instant(option: str, text: str, zone: ZoneInfo) -> datetime:
    moment = _read(option, text)
    return moment.astimezone(UTC) if moment.tzinfo else to_utc(moment, zone)
