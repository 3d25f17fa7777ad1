"""How a number is written, and how such a piece is said; every other class is built on it."""

import re

from controller.speech.numbers import DIGITS, say_digits, say_fraction_digits, say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.settings import Settings
from controller.speech.spoken import Doubt

# 1.234.567,89 | 1,234,567 | 1 234 567 | 12,5 | 12.5 | 12; quantifiers bounded for linear time.
NUMBER = (
    r"(?:[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,5}(?:,[0-9]{1,12})?"
    r"|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,5}"
    r"|[1-9][0-9]{0,2}(?: [0-9]{3}){2,5}"
    r"|[0-9]{1,18}[.,][0-9]{1,12}"
    r"|[0-9]{1,18})(?![0-9])"
)
NUMBER_AHEAD = re.compile(NUMBER)
_GROUPED = re.compile(r"([0-9]{1,3}(?:([., ])[0-9]{3})(?:\2[0-9]{3})*)(?:,([0-9]+))?")
_CHAIN = re.compile(r"[0-9]{1,4}(?:([.,/-])[0-9]{1,4})(?:\1[0-9]{1,4}){1,8}(?![0-9])")
_SMALL_LIST = re.compile(r"([0-9]{1,2}),([0-9]{1,2})(?![0-9,])")
_LONG = re.compile(r"[0-9]{1,100000}")

# After these a dot between numbers is said: section 1.2, version 2.0.
_DOTTED = words("mục khoản điểm điều chương bảng hình bản version android ios nghệ nghiệp lục")
# After these `1,2` is a list: the wards 1 and 2.
_LISTED = words("thôn xóm ấp khóm bản tổ đội khu lớp khối cụm làng buôn phường quận tuyến phố vực")


def say_number(written: str, settings: Settings) -> str:
    """Say one number as people write it in Vietnam: dots group thousands, a comma is `phẩy`."""
    grouped = _GROUPED.fullmatch(written)
    if grouped and not written.startswith("0") and not _is_decimal(written, grouped[2]):
        whole = say_integer(int(re.sub(r"\D", "", grouped[1])), settings)
        return whole if grouped[3] is None else _with_fraction(whole, grouped[3], settings)
    whole_digits, _, fraction = written.replace(".", ",").partition(",")
    whole = say_whole(whole_digits, settings)
    return _with_fraction(whole, fraction, settings) if fraction else whole


def say_whole(digits: str, settings: Settings) -> str:
    """Say a run of digits: `05` as five, three and more with a leading zero one by one."""
    if len(digits) > 18 or (len(digits) > 2 and digits[0] == "0"):
        return say_digits(digits)
    return say_integer(int(digits), settings)


def read_plain(place: Place) -> Reading | None:
    """Read what is a number and nothing more."""
    chain = _CHAIN.match(place.text, place.start)
    if chain and (reading := _read_chain(place, chain[0], chain[1])):
        return reading
    found = NUMBER_AHEAD.match(place.text, place.start)
    if found is None:
        run = _LONG.match(place.text, place.start)
        return Reading(run.end(), say_digits(run[0]), "digits") if run else None
    written = found[0]
    if place.last in _LISTED and (pair := _SMALL_LIST.fullmatch(written)):
        said = ", ".join(say_whole(digits, place.settings) for digits in pair.groups())
        return Reading(found.end(), said, "list")
    if _is_dotted(place, written):
        return Reading(found.end(), _dotted(written, place.settings), "version")
    rule = "decimal" if re.search(r"[.,]", written) else "number"
    return Reading(found.end(), say_number(written, place.settings), rule)


def _read_chain(place: Place, written: str, mark: str) -> Reading | None:
    """Read three and more numbers with one mark between: 1,2,3 | 1.2.3 | 5-7-9 | 3/5/7."""
    if NUMBER_AHEAD.fullmatch(written):
        return None
    parts = [say_whole(part, place.settings) for part in written.split(mark)]
    between = {".": " chấm ", "/": " trên "}.get(mark, ", ")
    doubt: Doubt | None = "no_date" if mark == "/" else None
    return Reading(place.start + len(written), between.join(parts), "list", doubt)


def _is_dotted(place: Place, written: str) -> bool:
    if not re.fullmatch(r"[0-9]{1,3}\.[0-9]{1,2}", written):
        return False
    return written.endswith(".0") or place.begins_line or place.last in _DOTTED


def _dotted(written: str, settings: Settings) -> str:
    return " chấm ".join(say_whole(part, settings) for part in written.split("."))


def _is_decimal(written: str, mark: str) -> bool:
    """`1,500` with a single comma is a decimal here, `1,500,000` is grouped the English way."""
    return mark == "," and written.count(",") == 1


def _with_fraction(whole: str, digits: str, settings: Settings) -> str:
    return f"{whole} phẩy {say_fraction_digits(digits, settings)}"


def digit_word(digit: int) -> str:
    """Return the word of a digit 0-9."""
    return DIGITS[digit]
