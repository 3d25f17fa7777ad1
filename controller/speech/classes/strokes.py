"""Strokes: `trên` of a speed, `một` of a price or share, the year of a quarter, else a pause."""

import re

from controller.speech.numbers import DIGITS, say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.units import units

_PER = re.compile(
    r"/(?:hộ|người|khẩu|nhân khẩu|tháng|năm|ngày|tuần|giờ|quý|vụ|lần|sào|công|mẫu|thửa|con|cây|suất"
    r"|em|cháu|học sinh|lớp|xã|thôn|tổ|đơn vị|lượt|chuyến|phòng|xe|bàn|đợt|phiếu|bài|buổi|tiết"
    r"|học kỳ"
    r"|đầu người|căn|tàu|hồ sơ|lít|tấn|tạ|bao|thùng|chai|hộp|mét|héc-ta|phường|ca|lao động|kỳ|đêm"
    r"|cụm"
    r"|suất|đại biểu|sản phẩm|trường|cặp|đôi|kg|nhà|trẻ)(?!\w)"
)
_NUMBER_WORDS = frozenset(
    (*DIGITS, "mười", "mươi", "mốt", "tư", "lăm", "trăm", "nghìn", "ngàn", "triệu", "tỷ", "vài",
     "mỗi", "mấy", "rưỡi")
)  # fmt: skip
_MONEY_WORDS = words("đồng triệu tỷ nghìn ngàn đô")
_YEAR = re.compile(r"/\s?((?:19|20)[0-9]{2})(?![0-9/]|[.,][0-9])")
_WORD_AHEAD = re.compile(r"/([^\W\d_]{2,8})(?!\w)")
_FIGURES = frozenset("0123456789")
_BARE = words("ha kg km m2 m3 m² m³ lít tấn kWh")
_NO_UNIT_THERE = frozenset("kKVĐW")  # letters that more often are a name behind a stroke


def read_stroke(place: Place) -> Reading | None:
    """Read the stroke between two things, never that of a date or fraction."""
    return _read_year(place) or _read_rate(place) or _read_of(place)


def _read_year(place: Place) -> Reading | None:
    """Read the year of `quý III/2025`."""
    year = _YEAR.match(place.text, place.start)
    if year is None:
        return None
    numbered = _touches(place) and place.previous in {"roman", "ordinal", "number", "month"}
    word = " năm " if numbered else ", "
    return Reading(year.end(), f"{word}{say_integer(int(year[1]), place.settings)}", "year")


def _read_rate(place: Place) -> Reading | None:
    at, is_money = place.start + 1, _is_money(place)
    unit = units().pattern.match(place.text, at)
    if unit and unit[0] not in _NO_UNIT_THERE and not place.left[-1:].isspace():
        is_share = is_money or (_touches(place) and place.previous == "percent")
        if place.start and (_touches(place) or is_money or unit[0] in _BARE):
            rate = " một " if is_share else " trên "
            return Reading(unit.end(), f"{rate}{units().by_name[unit[0]].spoken}", "per")
    word = _WORD_AHEAD.match(place.text, place.start)
    if is_money and word and word[1].islower() and word[1] not in _MONEY_WORDS:
        return Reading(at, " một ", "per")
    if _PER.match(place.text, place.start) and place.left[-1:].isalnum():
        return Reading(at, " một ", "per") if is_money or _is_counted(place) else None
    return None


def _read_of(place: Place) -> Reading | None:
    """Read mm/24h and 1.234/1.300 as `trên`; anything else as a pause."""
    at = place.start + 1
    ahead = place.text[at : at + 1]
    if _touches(place) and ahead in _FIGURES and place.previous in {"unit", "number", "decimal"}:
        return Reading(at, " trên ", "per")
    if place.left[-1:].isalnum() and ahead.strip(" \n/"):
        return Reading(at, ", ", "pause")
    return None


def _touches(place: Place) -> bool:
    return place.previous_end == place.start


def _is_money(place: Place) -> bool:
    touches = _touches(place) and place.previous == "money"
    return touches or place.last.strip("(") in _MONEY_WORDS


def _is_counted(place: Place) -> bool:
    return any(word.strip("(,") in _NUMBER_WORDS for word in place.words[-4:-1])
