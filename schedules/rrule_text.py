"""Reads and checks the text of an RRULE (RFC 5545 section 3.3.10); expands nothing.

Stricter than dateutil's own parser, and it says in a sentence what is wrong.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

from schedules.errors import RecurrenceRefused

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
MAX_COUNT = 10_000
MAX_INTERVAL = 999
MAX_STARTS_A_DAY = 288  # one each five minutes

# part: (lowest, highest, whether negative numbers count from the end)
_NUMBERS = {
    "BYSECOND": (0, 59, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
_OTHERS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")


@dataclass(frozen=True, slots=True)
class RecurrenceText:
    """An RRULE as values. `until` is aware (Z form) or naive local; both bound inclusively.

    A date-only UNTIL is the last second of that local day. `days` are (weekday 0-6 from Monday,
    n or 0); `numbers` maps BYMONTH, BYHOUR and the like to their sorted values.
    """

    freq: str
    interval: int
    count: int | None
    until: datetime | None
    week_start: int
    days: tuple[tuple[int, int], ...]
    numbers: dict[str, tuple[int, ...]]


@lru_cache(maxsize=4096)
def parse_rrule(text: str) -> RecurrenceText:
    """Return the checked values of `text`; a leading `RRULE:` is allowed.

    Raises RecurrenceRefused with a sentence naming the part that is wrong.
    """
    parts = _split(text)
    numbers = {
        name: _numbers(text, name, value) for name, value in parts.items() if name in _NUMBERS
    }
    read = RecurrenceText(
        freq=_freq(text, parts.get("FREQ")),
        interval=_positive(text, parts, "INTERVAL", MAX_INTERVAL) or 1,
        count=_positive(text, parts, "COUNT", MAX_COUNT),
        until=_until(text, parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_week_start(text, parts.get("WKST", "MO")),
        days=_days(text, parts["BYDAY"]) if "BYDAY" in parts else (),
        numbers=numbers,
    )
    _check_together(text, read)
    return read


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value:
            raise _refused(
                text, f"“{piece}” không có dạng TÊN=GIÁ TRỊ", f"“{piece}” is not NAME=VALUE"
            )
        if name not in _NUMBERS and name not in _OTHERS:
            raise _refused(text, f"không có phần {name}", f"there is no part {name}")
        if name in parts:
            raise _refused(text, f"{name} có hai lần", f"{name} is given twice")
        parts[name] = value
    return parts


def _freq(text: str, value: str | None) -> str:
    if value in {"SECONDLY", "MINUTELY"}:
        raise _refused(
            text,
            f"FREQ={value} quá dày cho phát thanh; dày nhất là HOURLY",
            f"FREQ={value} is too often for broadcasts; HOURLY is the most frequent",
        )
    if value not in FREQUENCIES:
        allowed = ", ".join(FREQUENCIES)
        raise _refused(text, f"FREQ phải là một trong {allowed}", f"FREQ must be one of {allowed}")
    return value


def _positive(text: str, parts: dict[str, str], name: str, highest: int) -> int | None:
    if name not in parts:
        return None
    value = parts[name]
    if not re.fullmatch(r"[0-9]{1,6}", value) or not 1 <= int(value) <= highest:
        raise _refused(
            text,
            f"{name}={value} phải là số từ 1 đến {highest}",
            f"{name}={value} must be a number from 1 to {highest}",
        )
    return int(value)


def _numbers(text: str, name: str, value: str) -> tuple[int, ...]:
    lowest, highest, signed = _NUMBERS[name]
    numbers = set()
    for piece in value.split(","):
        number = int(piece) if re.fullmatch(r"[+-]?[0-9]{1,3}", piece) else None
        size = None if number is None else abs(number) if signed else number
        if number is None or size is None or not lowest <= size <= highest:
            sign = "±" if signed else ""
            raise _refused(
                text,
                f"{name}={piece} phải là số từ {sign}{lowest} đến {sign}{highest}",
                f"{name}={piece} must be a number from {sign}{lowest} to {sign}{highest}",
            )
        numbers.add(number)
    return tuple(sorted(numbers))


def _days(text: str, value: str) -> tuple[tuple[int, int], ...]:
    days = set()
    for piece in value.split(","):
        match = _BYDAY.fullmatch(piece)
        if match is None or (match[1] is not None and not 1 <= abs(int(match[1])) <= 53):
            raise _refused(
                text,
                f"BYDAY={piece} phải là thứ như MO, hoặc thứ có số như 1MO, -1FR",
                f"BYDAY={piece} must be a weekday such as MO, or a numbered one such as 1MO, -1FR",
            )
        days.add((WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(sorted(days))


def _week_start(text: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise _refused(text, f"WKST={value} không phải là thứ", f"WKST={value} is not a weekday")
    return WEEKDAYS.index(value)


def _until(text: str, value: str) -> datetime:
    match = _UNTIL.fullmatch(value)
    try:
        day = date.fromisoformat(match[1] if match else "")
        clock = time.fromisoformat(match[2]) if match and match[2] else time(23, 59, 59)
    except ValueError:
        example = "20261231, 20261231T170000, 20261231T100000Z"
        raise _refused(
            text, f"UNTIL={value} phải có dạng {example}", f"UNTIL={value} must look like {example}"
        ) from None
    is_utc = match is not None and match[3] == "Z"
    return datetime.combine(day, clock, tzinfo=UTC if is_utc else None)


def _check_together(text: str, read: RecurrenceText) -> None:
    """Refuse what RFC 5545 says MUST NOT stand together."""
    names = read.numbers.keys()
    numbered = any(n for _, n in read.days)
    if read.count and read.until:
        raise _refused(
            text, "COUNT và UNTIL không đi cùng nhau", "COUNT and UNTIL exclude each other"
        )
    wrong = {
        "BYDAY (1MO, -1FR)": numbered and read.freq not in {"YEARLY", "MONTHLY"},
        "BYDAY (1MO, -1FR) + BYWEEKNO": numbered and "BYWEEKNO" in names,
        "BYWEEKNO": "BYWEEKNO" in names and read.freq != "YEARLY",
        "BYMONTHDAY": "BYMONTHDAY" in names and read.freq == "WEEKLY",
        "BYYEARDAY": "BYYEARDAY" in names and read.freq in {"DAILY", "WEEKLY", "MONTHLY"},
    }
    for part, refused in wrong.items():
        if refused:
            raise _refused(
                text,
                f"{part} không dùng được với FREQ={read.freq}",
                f"{part} cannot be used with FREQ={read.freq}",
            )
    if _starts_a_day(read) > MAX_STARTS_A_DAY:
        raise _refused(
            text,
            f"phát hơn {MAX_STARTS_A_DAY} lần một ngày",
            f"it plays more than {MAX_STARTS_A_DAY} times a day",
        )
    if "BYSETPOS" in names and len(names) == 1 and not read.days:
        raise _refused(
            text, "BYSETPOS cần thêm một phần BY khác", "BYSETPOS needs another BY part beside it"
        )


def _starts_a_day(read: RecurrenceText) -> int:
    hours = 24 if read.freq == "HOURLY" else len(read.numbers.get("BYHOUR", (0,)))
    return hours * math.prod(len(read.numbers.get(name, (0,))) for name in ("BYMINUTE", "BYSECOND"))


def _refused(text: str, vi: str, en: str) -> RecurrenceRefused:
    return RecurrenceRefused(text, vi, en)
