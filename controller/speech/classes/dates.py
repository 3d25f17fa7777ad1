"""Days, months, years: 01/7/2025, 05/9, 10-5-2024, 10-15/8, the days 1, 2 and 3/9, 7/2025.

Only a date of the calendar is read as one; 31/2 stays a pair of numbers, with a warning.
"""

import re
from dataclasses import replace
from datetime import date

from controller.speech.classes.fractions import what_is
from controller.speech.classes.numerals import say_whole
from controller.speech.numbers import say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.settings import Settings
from controller.speech.spoken import Doubt

DAY_WORDS = words("ngày mùng mồng hôm rằm ngày: (ngày")
_FULL = re.compile(r"([0-9]{1,2})([/.\-])([0-9]{1,2})\2([0-9]{4})(?![0-9/]|[.,][0-9])")
_SHORT_YEAR = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{2})(?![0-9/]|[.,][0-9])")
_DAY_MONTH = re.compile(r"([0-9]{1,3})/([0-9]{1,3})(?![0-9/]|[.,][0-9])")
_MONTH_YEAR = re.compile(r"([0-9]{1,2})([/-])((?:19|20)[0-9]{2})(?![0-9/]|[.,][0-9])")
_AFTER_DAY = re.compile(r"([0-9]{1,2})([-.])([0-9]{1,2})(?![0-9/]|[.,\-][0-9])(?! ?- ?[0-9])")
_SPAN = re.compile(
    r"([0-9]{1,2}) ?- ?([0-9]{1,2})(?:/([0-9]{1,2})(?:/([0-9]{4}))?(?![0-9/]|-[0-9])(?= ?)"
    r"|(?= tháng ?[0-9]))"
)
_MONTH_COMES = re.compile(
    r"(?:\s?(?:,|và|đến|hoặc|hay|-|&)\s?(?:ngày )?[0-9]{1,2}){0,8}(?:\s?tháng|/[0-9]{1,2}(?![0-9]))"
)
_STREETS = words("đường phố cầu trường chợ viên trại")  # named after a day: đường 30/4
_DAY_FOLLOWS = re.compile(r"(?:, ?[0-9]{1,2}){0,4}(?:,| và) ?[0-9]{1,2}/[0-9]{1,2}(?![0-9])")
_NIGHT = words("đêm sáng chiều tối trưa")
_NIGHT_GOES_ON = re.compile(
    r"\s?(?:,|và|đến|-|rạng|sang)\s?(?:(?:rạng|ngày|sáng|đêm|chiều|tối"
    r"|trưa)\s?){0,3}[0-9]{1,2}(?:/| tháng)"
)
_A_DAY = re.compile(r"\s(?:lần|viên|bữa|buổi|giờ|liều|ca|tiếng|gói|chuyến|cữ|ly|phút)\b")
_ORDINAL_NOUNS = words("quý kỳ kì đợt lần vụ tuần khóa khoá số tập phiên đoạn vòng hạng")
_DOCUMENTS = words("luật định quyết thông tư nghị lệnh thị báo")
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_day(day: int, month: int, year: int | None = None) -> bool:
    """Say whether the calendar has such a day, in any year or in this one."""
    if year is None:
        return 1 <= month <= 12 and 1 <= day <= _DAYS_IN_MONTH[month - 1]
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def say_day(day: int, settings: Settings) -> str:
    """Say a day of the month: 1-10 with `mùng`."""
    word = say_integer(day, settings)
    return f"{settings.early_day} {word}" if 1 <= day <= 10 else word


def say_month(month: int, settings: Settings) -> str:
    """Say a month: the fourth is `tháng tư`."""
    return "tháng tư" if month == 4 else f"tháng {say_integer(month, settings)}"


def say_date(day: int, month: int, year: int | None, settings: Settings) -> str:
    """Say a date without the word `ngày`."""
    said = f"{say_day(day, settings)} {say_month(month, settings)}"
    return said if year is None else f"{said} năm {say_integer(year, settings)}"


def read_date(place: Place) -> Reading | None:
    """Read a date in figures, a span of days with their month, a month with its year."""
    return (
        _read_span(place)
        or _read_full(place)
        or _read_month_year(place)
        or _read_day_month(place)
        or _read_after_day(place)
    )


def _read_full(place: Place) -> Reading | None:
    full = _FULL.match(place.text, place.start)
    short = None if full else _SHORT_YEAR.match(place.text, place.start)
    if full:
        day, month, year = int(full[1]), int(full[3]), int(full[4])
    elif short:
        day, month, year = int(short[1]), int(short[2]), _century(int(short[3]))
    else:
        return None
    end = (full or short).end()  # type: ignore[union-attr] # one of them matched
    if is_day(day, month, year):
        return _dated(place, end, say_date(day, month, year, place.settings))
    return None  # a chain of numbers, which says that it is no date


def _read_span(place: Place) -> Reading | None:
    """Read 10-15/8: both days are of the month that stands behind the second."""
    found = _SPAN.match(place.text, place.start)
    if found is None or place.previous_end == place.start:
        return None
    first, last = int(found[1]), int(found[2])
    month = int(found[3]) if found[3] else None
    year = int(found[4]) if found[4] else None
    known = month or 1
    if not (first < last and is_day(first, known, year) and is_day(last, known, year)):
        return None
    if month is None and not place.follows(DAY_WORDS, 1):
        return None
    days = f"{say_day(first, place.settings)} đến {say_day(last, place.settings)}"
    if month is not None:
        days += f" {say_month(month, place.settings)}"
    if year is not None:
        days += f" năm {say_integer(year, place.settings)}"
    return _dated(place, found.end(), days)


def _read_month_year(place: Place) -> Reading | None:
    found = _MONTH_YEAR.match(place.text, place.start)
    if found is None:
        return None
    if found[2] == "-" and not place.follows(frozenset({"tháng"}), 1):
        return None
    first, year = int(found[1]), say_integer(int(found[3]), place.settings)
    if place.last in _ORDINAL_NOUNS or place.last in _DOCUMENTS:
        number = say_whole(found[1], place.settings)
        return Reading(found.end(), f"{number} năm {year}", "date")
    if not 1 <= first <= 12:
        return None
    month = say_month(first, place.settings)
    if place.last in {"tháng", "(tháng", "tháng:"}:
        month = month.removeprefix("tháng ")
    return Reading(found.end(), f"{month} năm {year}", "date")


def _read_day_month(place: Place) -> Reading | None:
    found = _DAY_MONTH.match(place.text, place.start)
    if found is None:
        return None
    day, month = int(found[1]), int(found[2])
    if not is_day(day, month) or what_is(place, found) != "date":
        return None
    in_list = place.goes_on("day", gaps=r"\s?(?:,|và|đến|hoặc|hay|-|&)\s?")
    said = say_date(day, month, None, place.settings)
    return Reading(found.end(), said, "date") if in_list else _dated(place, found.end(), said)


def _read_after_day(place: Place) -> Reading | None:
    """Read `ngày 2-9` as newspapers of the south write it; 10-15 has no such month: a span."""
    found = _AFTER_DAY.match(place.text, place.start)
    if found is None or not place.follows(frozenset({"ngày", "hôm", "sáng", "chiều", "tối"}), 1):
        return None
    first, second = int(found[1]), int(found[3])
    many = len(place.words) > 1 and place.words[-2] in {"các", "những", "mấy", "hai", "2"}
    if not many and is_day(first, second):
        doubt: Doubt | None = "two_ways" if found[2] == "-" and first < second else None
        said = say_date(first, second, None, place.settings)
        return replace(_dated(place, found.end(), said), doubt=doubt)
    if found[2] == "-" and first < second <= 31:
        days = f"{say_day(first, place.settings)} đến {say_day(second, place.settings)}"
        return Reading(found.end(), days, "date")
    return None


def read_day_of_month(place: Place) -> Reading | None:
    """Read the number after `ngày`, and of a list of days whose month comes behind."""
    found = re.compile(r"([0-9]{1,2})(?![0-9]|[.,/:][0-9])").match(place.text, place.start)
    if found is None or not 1 <= (day := int(found[1])) <= 31:
        return None
    text, end = place.text, found.end()
    if place.last in {"ngày", "ngày:", "(ngày"} and not _A_DAY.match(text, end):
        return Reading(end, say_day(day, place.settings), "day")
    if place.left.endswith("(") and _DAY_FOLLOWS.match(text, end):
        return Reading(end, f"ngày {say_day(day, place.settings)}", "day")
    if place.last in _NIGHT and _NIGHT_GOES_ON.match(text, end):
        return Reading(end, say_day(day, place.settings), "day")
    if place.goes_on("day") and (_MONTH_COMES.match(text, end) or place.gap.strip() in {"-", "–"}):
        return Reading(end, say_day(day, place.settings), "day")
    return None


def read_month(place: Place) -> Reading | None:
    """Read the number after `tháng`: the fourth is `tư`; a range that ends in May says so."""
    found = re.compile(r"(0?[1-9]|1[0-2])(?![0-9]|[.,/:][0-9])").match(place.text, place.start)
    if found is None:
        return None
    said = say_month(int(found[1]), place.settings)
    if place.last in {"tháng", "tháng:", "(tháng"}:
        return Reading(found.end(), said.removeprefix("tháng "), "month")
    if place.goes_on("month") and re.search(r"[-,]|và|đến", place.gap):
        comes = re.compile(r"\s?(?:năm|/|,|\.|;|\)|$|hằng|hàng|âm|tới|và|đến|-)")
        if int(found[1]) in {4, 5} and comes.match(place.text, found.end()):
            return Reading(found.end(), said if int(found[1]) == 5 else "tư", "month")
    return None


def _dated(place: Place, end: int, said: str) -> Reading:
    """Add `ngày` where it is not already there, and no second `mùng`."""
    if place.last in {"mùng", "mồng"}:
        return Reading(end, said.removeprefix(f"{place.settings.early_day} "), "date")
    if place.last in _STREETS or place.follows(DAY_WORDS, 1) or place.goes_on("day"):
        return Reading(end, said, "date")
    return Reading(end, f"ngày {said}", "date")


def _century(year: int) -> int:
    return year + (2000 if year < 50 else 1900)
