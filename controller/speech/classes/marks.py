"""Marks that are said or kept silent: dashes of ranges, strokes, signs of reckoning, bullets."""

import re
import unicodedata
from collections.abc import Callable

from controller.speech.classes.numerals import NUMBER, say_number
from controller.speech.classes.ordinals import ROMAN, roman_value
from controller.speech.classes.phones import read_abroad, read_bracketed
from controller.speech.numbers import DIGITS, say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.units import units

_SIGNS = {"+": "cộng", "=": "bằng", "<": "nhỏ hơn", ">": "lớn hơn", "≤": "nhỏ hơn hoặc bằng",
          "≥": "lớn hơn hoặc bằng", "±": "cộng trừ", "×": "nhân", "÷": "chia", "≈": "khoảng",
          "−": "trừ", "√": "căn", "∞": "vô cùng", "·": "nhân"}  # fmt: skip
_COMPARISONS = {">=": "lớn hơn hoặc bằng", "<=": "nhỏ hơn hoặc bằng", "+-": "cộng trừ"}
_ALWAYS = {"&": "và", "%": "phần trăm", "‰": "phần nghìn", "№": "số", "€": "ơ-rô", "£": "bảng",
           "¥": "yên", "₫": "đồng", "°": "độ", "℃": "độ xê", "→": "đến", "§": "mục"}  # fmt: skip
_RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_COUNTABLE = words(
    "number decimal unit money percent time date day month ordinal roman mixed fraction list "
    "version weekday ratio"
)
_NUMBER = re.compile(NUMBER)
_COUNTED_GAP = re.compile(
    r"\s(?:tháng|tuổi|năm|ngày|tuần|giờ|phút|mét|triệu|nghìn|ngàn|tỷ|độ)(?: đồng| tuổi)?\s?"
)
_AHEAD = re.compile(
    r"-\s?(?:[0-9]|[IVX]{1,5}\b|T[2-7]\b|CN\b|(?:thứ|ngày|cấp|khóa|quý|mùng|báo động"
    r"|tháng) [0-9IVX])"
)
_NAME_AND_NUMBER = re.compile(r"[^\W\d_]-[0-9]")
_BULLET = re.compile(r"[-+*•▪●○◦►✓✔–—➢❖·](?:[ \t]+)(?=\S)")
_PICTURE = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+")
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
_TIMES = frozenset(("h", "s", "giờ", "giây", "phút"))
_YEAR = re.compile(r"/\s?((?:19|20)[0-9]{2})(?![0-9/]|[.,][0-9])")
_BELOW = re.compile(rf"[-−]({NUMBER})(?=\s?(?:°|º|˚|độ|oC|℃|‰))")
_NEGATIVE = re.compile(rf"[-−]({NUMBER})")


def read_mark(place: Place) -> Reading | None:
    """Read the mark at a place, or leave it to the voice as a pause."""
    mark = place.text[place.start]
    special = _SPECIAL.get(mark)
    reading = special(place) if special else None
    if reading is not None or mark in _NOTHING_ELSE:
        return reading
    return _read_bullet(place) or _read_comparison(place) or _read_sign(place, mark)


def _read_minus_or_dash(place: Place) -> Reading | None:
    return _read_below(place) or _read_dash(place) or _read_bullet(place)


def _read_dash(place: Place) -> Reading | None:
    """Read the dash of a range: between two things that are counted; a pause between two phones."""
    touches = place.previous_end == place.start
    if place.start and not touches and _NAME_AND_NUMBER.match(place.text, place.start - 1):
        return Reading(place.start + 1, " ", "mixed")
    gap = place.gap if place.start - place.previous_end <= 12 else "?"
    near = len(gap) <= 1 and not gap.strip()
    near = near or _COUNTED_GAP.fullmatch(gap) is not None
    ahead = _AHEAD.match(place.text, place.start)
    if not (near and ahead):
        return None
    end = place.start + (2 if place.text[place.start + 1].isspace() else 1)
    if place.previous in {"phone", "plate", "code"}:
        return None if place.gap else Reading(end, ", ", "pause")
    if place.previous not in _COUNTABLE:
        return None
    before = " " if not place.gap else ""
    if re.search(r"(?:tỷ số|tỉ số|thắng|thua|hòa|kết quả)\s\S+$", place.left.lower().rstrip()):
        return Reading(end, f"{before}", "score")
    return Reading(end, f"{before}đến ", "range")


def _read_below(place: Place) -> Reading | None:
    """Read a minus: before a temperature, or where no number stands to its left."""
    if place.start - place.previous_end <= 1:
        return None
    before = place.text[place.start - 1 : place.start] if place.start else ""
    if before.isalnum():
        return None
    found = _BELOW.match(place.text, place.start)
    if found is None and not place.begins_line:
        found = _NEGATIVE.match(place.text, place.start)
    if found is None:
        return None
    return Reading(found.start(1), "âm ", "minus")


def _read_stroke(place: Place) -> Reading | None:
    """Read a stroke: `trên` of a speed, `một` of a rate, the year of a quarter, else a pause."""
    touches = place.previous_end == place.start
    if year := _YEAR.match(place.text, place.start):
        numbered = touches and place.previous in {"roman", "ordinal", "number", "month"}
        word = " năm " if numbered else ", "
        return Reading(year.end(), f"{word}{say_integer(int(year[1]), place.settings)}", "year")
    at = place.start + 1
    unit = units().pattern.match(place.text, at)
    money = place.last.strip("(") in _MONEY_WORDS or (touches and place.previous == "money")
    if unit and place.start and place.text[place.start - 1] not in " \n":
        rate = " một " if money or (touches and place.previous == "percent") else " trên "
        known = units().by_name[unit[0]]
        if unit[0] not in {"k", "K", "V", "Đ", "W"} and (touches or money or unit[0] in _BARE):
            return Reading(unit.end(), f"{rate}{known.spoken}", "per")
    if (
        not place.left[-1:].isspace()
        and _PER.match(place.text, place.start)
        and (money or _is_counted(place))
    ):
        return Reading(at, " một ", "per")
    ahead = place.text[at : at + 1]
    if touches and ahead in _FIGURES and place.previous in {"unit", "number", "decimal"}:
        return Reading(at, " trên ", "per")  # mm/24h, 1.234/1.300
    if place.left[-1:].isalnum() and ahead.strip(" \n/"):
        return Reading(at, ", ", "pause")
    return None


_FIGURES = frozenset("0123456789")
_BARE = words("ha kg km m2 m3 m² m³ lít tấn kWh")


def _is_counted(place: Place) -> bool:
    return any(word.strip("(,") in _NUMBER_WORDS for word in place.words[-4:-1])


def _read_about(place: Place) -> Reading | None:
    if re.compile(r"~\s?[0-9]").match(place.text, place.start):
        return Reading(place.start + 1, "khoảng ", "sign")
    return None


def _read_dollars(place: Place) -> Reading | None:
    found = re.compile(rf"\$\s?({NUMBER})").match(place.text, place.start)
    if found is None:
        return Reading(place.start + 1, "đô la", "sign")
    return Reading(found.end(), f"{say_number(found[1], place.settings)} đô la", "money")


def _read_service_code(place: Place) -> Reading | None:
    """Read *101# as it is keyed."""
    found = re.compile(r"[*#][0-9*#]{1,30}").match(place.text, place.start)
    if found is None:
        return None
    names = {"*": "sao", "#": "thăng"}
    said = " ".join(names.get(one) or DIGITS[int(one)] for one in found[0])
    return Reading(found.end(), said, "code")


def _read_bullet(place: Place) -> Reading | None:
    found = _BULLET.match(place.text, place.start)
    if found and place.begins_line:
        return Reading(found.end(), "", "bullet")
    picture = _PICTURE.match(place.text, place.start)
    return Reading(picture.end(), "", "picture") if picture else None


def _read_sign(place: Place, mark: str) -> Reading | None:
    end = place.start + 1
    if mark in _ALWAYS:
        word = _ALWAYS[mark].replace("nghìn", place.settings.thousand)
        return Reading(end, word, "sign")
    if mark in _SIGNS and _is_reckoned(place):
        return Reading(end, _SIGNS[mark], "plus" if mark == "+" else "sign")
    if unicodedata.category(mark) in {"No", "Nl"}:
        return _read_odd_number(place, mark)
    return None


def _read_comparison(place: Place) -> Reading | None:
    word = _COMPARISONS.get(place.text[place.start : place.start + 2])
    return Reading(place.start + 2, word, "sign") if word else None


def _is_reckoned(place: Place) -> bool:
    """Say whether a number stands on at least one side of a sign."""
    around = place.text[max(0, place.start - 2) : place.start + 3]
    return re.search("[0-9]", around) is not None or place.previous_end >= place.start - 1


def _read_odd_number(place: Place, mark: str) -> Reading | None:
    """Read ½, ², ① and Ⅳ as the numbers that they are."""
    plain = unicodedata.normalize("NFKC", mark)
    end = place.start + 1
    if roman := ROMAN.fullmatch(plain.upper()):
        return Reading(end, say_integer(roman_value(roman[0]), place.settings), "number")
    parts = [int(part) for part in re.findall("[0-9]{1,18}", plain)] or [_value(mark)]
    words = [say_integer(part, place.settings) for part in parts]
    if mark in _RAISED and place.start and place.text[place.start - 1].isalpha():
        words[0] = f"mũ {words[0]}"
    return Reading(end, " phần ".join(words), "number")


def _value(mark: str) -> int:
    return int(unicodedata.numeric(mark))


def read_by(place: Place) -> Reading | None:
    """Read the x between two numbers as `nhân`: 3x4, 2 x 1,5 m."""
    found = re.compile(r"[xX]\s?(?=[0-9])").match(place.text, place.start)
    counted = place.previous in _COUNTABLE and place.start - place.previous_end <= 1
    if found is None or not counted or place.gap.strip():
        return None
    return Reading(found.end(), f"{'' if place.gap else ' '}nhân ", "sign")


_NOTHING_ELSE = frozenset("(-/~$")
_SPECIAL: dict[str, Callable[[Place], Reading | None]] = {
    "+": read_abroad,
    "(": read_bracketed,
    "-": _read_minus_or_dash,
    "/": _read_stroke,
    "~": _read_about,
    "$": _read_dollars,
    "*": _read_service_code,
    "#": _read_service_code,
}
