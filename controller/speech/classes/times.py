"""Times of the day and spans of hours: 7h30, 7:30, 7g30, 16h30', 0h, 24h, 7 giờ 30."""

import re

from controller.speech.numbers import say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.settings import Settings

_MINUTE_MARK = r"(?:\s?(?:'|phút|phut|ph|p)(?!\w))"
_CLOCK = re.compile(rf"([0-9]{{1,2}})\s?[hHgG]([0-5][0-9])(?![0-9.,]*[0-9]){_MINUTE_MARK}?")
_MARKED = re.compile(rf"([0-9]{{1,2}})\s?[hHgG]\s?([0-5]?[0-9]){_MINUTE_MARK}")
_COLON = re.compile(
    r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9:]|[.,/][0-9])(?:\s?([AaPp])\.?[Mm]\b)?"
)
_HOURS = re.compile(r"([0-9]{1,3})\s?[hH](?!\w)")
_HOURS_IN_WORDS = re.compile(
    rf"([0-9]{{1,2}})\s?giờ\s?([0-5]?[0-9])(?![0-9.,/:]*[0-9])({_MINUTE_MARK}?)"
)
_G = re.compile(r"([0-9]{1,2})\s?[gG](?!\w)")
_ENDS = re.compile(
    r"\s?(?:$|[,.;)\n-]|(?:ngày|sáng|trưa|chiều|tối|đêm|đến|và|thứ|hôm|tại|mùng|cùng)\b)"
)
_MINUTES = re.compile(r"([0-9]{1,3})\s?(?:'|ph)(?![\w'])")
_SECONDS = re.compile(r"([0-9]{1,3})\s?(?:''|s)(?!\w)")
_BEFORE_G = words("lúc từ vào đến trước sau khoảng hồi tới kết hết")
_RATES = frozenset(("tỷ lệ", "tỉ lệ", "tỷ số", "tỉ số", "pha", "trộn"))
_RATIO = re.compile(r"([0-9]{1,4}):([0-9]{1,4})(?![0-9:])")


def read_time(place: Place) -> Reading | None:
    """Read a time of the day or a number of hours, minutes, seconds."""
    return _read_clock(place) or _read_hours(place) or _read_parts(place)


def _read_clock(place: Place) -> Reading | None:
    if place.follows(_RATES, 2):
        return _read_ratio(place)
    text, start = place.text, place.start
    if found := _CLOCK.match(text, start) or _MARKED.match(text, start):
        return _time(found.end(), int(found[1]), int(found[2]), None, place.settings)
    if found := _COLON.match(text, start):
        second = int(found[3]) if found[3] else None
        reading = _time(found.end(), int(found[1]), int(found[2]), second, place.settings)
        if reading and found[4]:
            half = _half(found[4].lower(), int(found[1]))
            return Reading(reading.end, f"{reading.spoken} {half}", reading.rule)
        return reading
    found = _HOURS_IN_WORDS.match(text, start)
    if found and (found[3] or _ENDS.match(text, found.end())):
        return _time(found.end(), int(found[1]), int(found[2]), None, place.settings)
    return None


def _time(
    end: int, hour: int, minute: int, second: int | None, settings: Settings
) -> Reading | None:
    if hour > 24 or (hour == 24 and minute):
        return None
    said = f"{say_integer(hour, settings)} giờ"
    if minute or second:
        said += f" {say_integer(minute, settings)} phút"
    if second:
        said += f" {say_integer(second, settings)} giây"
    return Reading(end, said, "time")


def _read_hours(place: Place) -> Reading | None:
    found = _HOURS.match(place.text, place.start)
    if found is None and (place.last in _BEFORE_G or place.previous == "time"):
        found = _G.match(place.text, place.start)
        found = found if found and int(found[1]) <= 24 else None
    if found is None:
        return None
    return Reading(found.end(), f"{say_integer(int(found[1]), place.settings)} giờ", "time")


def _read_parts(place: Place) -> Reading | None:
    for pattern, unit in ((_SECONDS, "giây"), (_MINUTES, "phút")):
        found = pattern.match(place.text, place.start)
        if found and not _is_quoted(place):
            number = say_integer(int(found[1]), place.settings)
            return Reading(found.end(), f"{number} {unit}", "time")
    return None


def _is_quoted(place: Place) -> bool:
    """Say whether the stroke behind the number closes a quotation that was opened before it."""
    return place.text[max(0, place.start - 60) : place.start].count("'") % 2 == 1


def _read_ratio(place: Place) -> Reading | None:
    found = _RATIO.match(place.text, place.start)
    if found is None:
        return None
    first, second = (say_integer(int(found[n]), place.settings) for n in (1, 2))
    return Reading(found.end(), f"{first} trên {second}", "ratio")


def _half(letter: str, hour: int) -> str:
    if letter == "a":
        return "sáng"
    return "chiều" if hour < 6 or hour == 12 else "tối"
