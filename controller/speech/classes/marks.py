"""Marks that are said or kept silent: dashes of ranges, strokes, signs of reckoning, bullets."""

import re
import unicodedata
from collections.abc import Callable

from controller.speech.classes.dashes import COUNTABLE, read_dash
from controller.speech.classes.numerals import NUMBER, say_number
from controller.speech.classes.ordinals import ROMAN, roman_value
from controller.speech.classes.phones import read_abroad, read_bracketed
from controller.speech.classes.strokes import read_stroke
from controller.speech.numbers import DIGITS, say_integer
from controller.speech.place import Place, Reading

_SIGNS = {"+": "cộng", "=": "bằng", "<": "nhỏ hơn", ">": "lớn hơn", "≤": "nhỏ hơn hoặc bằng",
          "≥": "lớn hơn hoặc bằng", "±": "cộng trừ", "×": "nhân", "÷": "chia", "≈": "khoảng",
          "−": "trừ", "√": "căn", "∞": "vô cùng", "·": "nhân"}  # fmt: skip
_COMPARISONS = {">=": "lớn hơn hoặc bằng", "<=": "nhỏ hơn hoặc bằng", "+-": "cộng trừ"}
_ALWAYS = {"&": "và", "%": "phần trăm", "‰": "phần nghìn", "№": "số", "€": "ơ-rô", "£": "bảng",
           "¥": "yên", "₫": "đồng", "°": "độ", "℃": "độ xê", "→": "đến", "§": "mục"}  # fmt: skip
_RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_BETWEEN = re.compile(r"(?: [^\W\d_]{1,8}){0,3} ?")
_BULLET = re.compile(r"[-+*•▪●○◦►✓✔–—➢❖·](?:[ \t]+)(?=\S)")
_PICTURE = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+")


def read_mark(place: Place) -> Reading | None:
    """Read the mark at a place, or leave it to the voice as a pause."""
    mark = place.text[place.start]
    special = _SPECIAL.get(mark)
    reading = special(place) if special else None
    if reading is not None or mark in _NOTHING_ELSE:
        return reading
    return _read_bullet(place) or _read_comparison(place) or _read_sign(place, mark)


def _read_dash_or_bullet(place: Place) -> Reading | None:
    return read_dash(place) or _read_bullet(place)


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
    counted = place.previous in COUNTABLE and place.start - place.previous_end <= 16
    if found is None or not counted or not _BETWEEN.fullmatch(place.gap):
        return None
    return Reading(found.end(), f"{'' if place.gap else ' '}nhân ", "sign")


_NOTHING_ELSE = frozenset("(-/~$")
_SPECIAL: dict[str, Callable[[Place], Reading | None]] = {
    "+": read_abroad,
    "(": read_bracketed,
    "-": _read_dash_or_bullet,
    "/": read_stroke,
    "~": _read_about,
    "$": _read_dollars,
    "*": _read_service_code,
    "#": _read_service_code,
}
