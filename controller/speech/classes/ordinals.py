"""Numbers that a word before them turns into something else: `thứ 4`, `báo động III`, `A1`."""

import re

from controller.speech.classes.numerals import say_whole
from controller.speech.numbers import say_integer
from controller.speech.place import Place, Reading, words

ROMAN = re.compile(r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_BEFORE_ROMAN = words(
    "tuýp type khóa khoá quý kỳ kì loại hạng cấp thứ chương phần mục tập đợt vùng nhóm bậc thiên "
    "kỷ mức độ nhiệm quyển cột giai hội đoàn bđ tuyến vòng khu quân ban kỳ: quý: độ"
)
_BEFORE_ROMAN_PHRASES = frozenset((
    "báo động", "khu vực", "thế kỷ", "giai đoạn", "đại hội", "kỳ họp", "phụ lục", "học kỳ",
    "quân khu", "quân đoàn", "báo động cấp", "báo động số", "mức báo động", "báo động lũ", "cấp độ",
    "báo động:", "trung học phổ thông", "chuyên khoa", "la mã", "khu phố", "tiểu khu", "nhà máy",
))  # fmt: skip
_NOT_ROMAN_ALONE = frozenset("CDLM")
_NEVER = frozenset(("hội", "đoàn", "khu", "ban", "thiên", "nhiệm", "giai", "quân"))
_HEADING = re.compile(r"[.)](?:\s)(?!\s*[A-ZĐ]\.)")
_ORDINAL = re.compile(r"(0?[0-9]{1,3})(?![0-9]|[.,/][0-9])")
_RANGE_OF_WEEKDAYS = words("2 3 4 5 6 7 02 03 04 05 06 07")


def read_ordinal(place: Place) -> Reading | None:
    """Read the number after `thứ`: nhất, tư; and what goes on with it (thứ 2, 4, 6 | thứ 2-6)."""
    found = _ORDINAL.match(place.text, place.start)
    if found is None:
        return None
    number = int(found[1])
    if place.last.lstrip("(") == "thứ":
        word = {1: "nhất", 4: "tư"}.get(number) or say_integer(number, place.settings)
        return Reading(found.end(), word, "ordinal")
    if found[1] not in _RANGE_OF_WEEKDAYS or not place.goes_on("ordinal"):
        return None
    word = "tư" if number == 4 else say_integer(number, place.settings)
    if place.gap.strip() in {"-", "–", "—"}:
        return Reading(found.end(), f"thứ {word}", "ordinal")
    listed = re.compile(r"\s?(?:,|và|hàng|hằng|trong|tuần|$|\.|;|\)|-)")
    return Reading(found.end(), word, "ordinal") if listed.match(place.text, found.end()) else None


def read_roman(place: Place) -> Reading | None:
    """Read a Roman numeral where a word before it says that it is one; never elsewhere."""
    found = ROMAN.match(place.text, place.start)
    if found is None or place.text[found.end() : found.end() + 1].isalpha():
        return None
    letters = found[0]
    if not letters or (letters in _NOT_ROMAN_ALONE):
        return None
    if not (_is_numbered(place) or _begins_part(place, found.end(), letters)):
        return None
    value = roman_value(letters)
    if place.last == "thứ" and value in {1, 4}:
        return Reading(found.end(), "nhất" if value == 1 else "tư", "roman")
    return Reading(found.end(), say_integer(value, place.settings), "roman")


def roman_value(letters: str) -> int:
    """Return the value of a Roman numeral."""
    total = 0
    for letter, following in zip(letters, [*letters[1:], "I"], strict=True):
        value = _VALUES[letter]
        total += -value if value < _VALUES[following] else value
    return total


def _is_numbered(place: Place) -> bool:
    if place.goes_on("roman", gaps=r"\s?(?:,|và|hoặc|hay|đến|-|\+|/|&)\s?"):
        return True
    if place.follows(_BEFORE_ROMAN_PHRASES, 3):
        return True
    return place.last.lstrip("(") in _BEFORE_ROMAN - _NEVER


def _begins_part(place: Place, end: int, letters: str) -> bool:
    """Say whether it is the number of a heading: `II. Nhiệm vụ` at the start of a line."""
    follows = _HEADING.match(place.text, end)
    return place.begins_line and follows is not None and set(letters) <= set("IVX")


_GLUED = re.compile(r"[0-9]{1,18}(?![0-9]|[.,][0-9])")


def read_glued(place: Place) -> Reading | None:
    """Read the number within a name of letters and digits: A1, 12A3, H5N1, QL1A, 4G."""
    found = _GLUED.match(place.text, place.start)
    if found is None:
        return None
    before = place.text[place.start - 1 : place.start]
    after = place.text[found.end() : found.end() + 1]
    if before.isalpha() or after.isalpha():
        return Reading(found.end(), say_whole(found[0], place.settings), "mixed")
    return None
