"""A stored schedule rule as the value that `schedules` expands, and its next occurrences."""

from datetime import date, datetime, timedelta

from controller.programmes.models import ScheduleRule
from schedules.lunar import parse_lunar
from schedules.rules import Occurrence, Override, Rule, expand

_FIRST_LOOK = timedelta(days=14)
_LAST_LOOK = timedelta(days=12 * 366)  # further than from one 29 February over a century to another


def rule_of(row: ScheduleRule, duration_ms: int) -> Rule:
    """Return the schedule rule of a row; raises `schedules` errors for a rule that is none.

    `duration_ms` is the programme's, used where the row has none of its own.
    """
    return Rule(
        id=row.id,
        dtstart=datetime.fromisoformat(row.dtstart),
        duration=timedelta(milliseconds=row.duration_ms or duration_ms),
        zone=row.zone,
        rrule=row.rrule,
        lunar=parse_lunar(row.lunar) if row.lunar else None,
        exdates=tuple(day_or_time(text) for text in row.exdates),
        rdates=tuple(datetime.fromisoformat(text) for text in row.rdates),
        overrides=tuple(
            Override(
                datetime.fromisoformat(original), datetime.fromisoformat(moved) if moved else None
            )
            for original, moved in row.moves.items()
        ),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def next_occurrences(rule: Rule, now: datetime, count: int = 10) -> tuple[Occurrence, ...]:
    """Return the next `count` occurrences that end after `now`, the one in progress included.

    Looks 12 years ahead; fewer, or none, when the rule ends before. Raises `schedules` errors.
    """
    found: dict[str, Occurrence] = {}
    start, look = now, _FIRST_LOOK
    while len(found) < count and start < now + _LAST_LOOK:
        for occurrence in expand(rule, start, start + look):
            found.setdefault(occurrence.id, occurrence)
        start, look = start + look, look * 4
    return tuple(sorted(found.values(), key=lambda one: (one.start, one.original))[:count])


def day_or_time(text: str) -> date:
    """Return a struck day, or where the text has a `T` the struck time, of `exdates`."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
