"""The next occurrences of a rule, for showing people before they save it."""

from datetime import UTC, datetime, timedelta

from schedules.rules import Occurrence, Rule, expand

_END = datetime(2100, 12, 31, tzinfo=UTC)
_FIRST_LOOK = timedelta(days=32)
_LAST_LOOK = timedelta(days=20 * 366)


def upcoming(rule: Rule, after: datetime, count: int) -> tuple[Occurrence, ...]:
    """Return the first `count` occurrences that start at or after `after` (aware).

    Fewer if the rule has ended or has no more of them in the next twenty years.
    """
    look = _FIRST_LOOK
    while True:
        end = max(after, min(after + look, _END))
        found = tuple(one for one in expand(rule, after, end) if one.start >= after)
        if len(found) >= count or look >= _LAST_LOOK:
            return found[:count]
        look = min(look * 4, _LAST_LOOK)
