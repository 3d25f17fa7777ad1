"""Dashes: of a range, of a temperature below zero, within a name; else they are a pause."""

import re

from controller.speech.classes.numerals import NUMBER
from controller.speech.place import Place, Reading, words

COUNTABLE = words(
    "number decimal unit money percent time date day month ordinal roman mixed fraction list "
    "version weekday ratio"
)
_NUMBERED = frozenset({"phone", "plate", "code"})
_COUNTED_GAP = re.compile(
    r"\s(?:tháng|tuổi|năm|ngày|tuần|giờ|phút|mét|triệu|nghìn|ngàn|tỷ|độ)(?: đồng| tuổi)?\s?"
)
_AHEAD = re.compile(
    r"-\s?(?:[0-9]|[IVX]{1,5}\b|T[2-7]\b|CN\b|(?:thứ|ngày|cấp|khóa|quý|mùng|báo động"
    r"|tháng) [0-9IVX])"
)
_SAME_SIDE = re.compile(r"([NE]) ?- ?[0-9.,]{1,8}°?\1\b|.([NE])- ?[0-9.,]{1,8}°?\2\b")
_SCORED = re.compile(r"(?:tỷ số|tỉ số|thắng|thua|hòa|kết quả)(?: đội| \w{1,8}){0,4} \S+$")
_NAME_AND_NUMBER = re.compile(r"[^\W\d_]-[0-9]")
_BELOW = re.compile(rf"[-−]({NUMBER})(?=\s?(?:°|º|˚|độ|oC|℃|‰))")
_NEGATIVE = re.compile(rf"[-−]({NUMBER})")


def read_dash(place: Place) -> Reading | None:
    """Read a dash as a minus, as `đến` of a range, or as the joint of a name (Covid-19)."""
    return _read_below(place) or _read_joint(place) or _read_range(place)


def _read_joint(place: Place) -> Reading | None:
    touches = place.previous_end == place.start
    if place.start and not touches and _NAME_AND_NUMBER.match(place.text, place.start - 1):
        return Reading(place.start + 1, " ", "mixed")
    return None


def _read_range(place: Place) -> Reading | None:
    """Read what stands between two things that are counted; a pause between two phones."""
    if not _is_near(place):
        return None
    ahead = _AHEAD.match(place.text, place.start) or _same_noun(place)
    if place.previous == "coordinate" and _SAME_SIDE.match(place.text, place.start - 2):
        return Reading(place.start + 1, "đến " if place.gap else " đến ", "range")
    is_range = place.previous in COUNTABLE and not _is_grade(place)
    if not ahead or not (is_range or place.previous in _NUMBERED):
        return None
    end = place.start + (2 if place.text[place.start + 1].isspace() else 1)
    if place.previous in _NUMBERED:
        return None if place.gap else Reading(end, ", ", "pause")
    before = " " if not place.gap else ""
    if _SCORED.search(place.left.lower().rstrip()):
        return Reading(end, before, "score")
    return Reading(end, f"{before}đến ", "range")


def _is_near(place: Place) -> bool:
    """Say whether something read stands right before, or with its noun: `6 tháng - 5 tuổi`."""
    gap = place.gap if place.start - place.previous_end <= 12 else "?"
    return not gap.strip() or _COUNTED_GAP.fullmatch(gap) is not None


def _is_grade(place: Place) -> bool:
    """Say whether a Roman numeral hangs on a plain number: RON 95-III is no range."""
    roman = re.compile(r"-[IVX]").match(place.text, place.start)
    return roman is not None and place.previous != "roman"


def _same_noun(place: Place) -> re.Match[str] | None:
    """Find the second half of `thôn 1 - thôn 5`."""
    found = re.compile(r"-\s?([^\W\d_]{2,10}) [0-9IVX]").match(place.text, place.start)
    alike = found and len(place.words) > 1 and found[1].lower() in place.words[-4:-1]
    return found if alike else None


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
