"""Numbers with what they count: money, units, temperatures, shares, coordinates."""

import re

from controller.speech.classes.numerals import NUMBER, say_number, say_whole
from controller.speech.place import Place, Reading
from controller.speech.units import Unit, units

_NUMBER = re.compile(NUMBER)
_COORDINATE = re.compile(
    r"([0-9]{1,3}(?:[.,][0-9]{1,6})?)\s?(°|º|˚|độ)?\s?"
    r"(?:([0-9]{1,2}(?:[.,][0-9]{1,4})?)\s?'\s?)?(?:([0-9]{1,2}(?:[.,][0-9]{1,4})?)\s?(?:\""
    r"|'')\s?)?"
    r"([NEBĐ])(?!\w|\.\w)"
)
_SIDES = {"N": "vĩ Bắc", "B": "vĩ Bắc", "E": "kinh Đông", "Đ": "kinh Đông"}
_MINUTES_OF_ARC = re.compile(r"([0-9]{1,3})°\s?([0-9]{1,2})'(?:\s?([0-9]{1,2})(?:\"|''))?")
_ROAD_POST = re.compile(r"([0-9]{1,4})\s?\+\s?([0-9]{3})(?![0-9])")
_HEIGHT = re.compile(r"([0-9]{1,3})m([14-9]|[1-9][0-9])(?!\w|[.,][0-9])")  # 1m5, 1m75
# Letters that more often name a house, a class or a block than a unit when a space stands before.
_ONLY_ATTACHED = frozenset(("s", "h", "k", "K", "V", "W", "L", "Đ", "$", "0C", "g"))
_AMPERES = re.compile(r"([0-9]{1,4})\s?A(?![\w])")
_ELECTRIC = frozenset(("dòng điện", "aptomat", "át tô mát", "cầu dao", "cường độ"))
_TONS = re.compile(r"([0-9]{1,3}(?:[.,][0-9])?)\s?[tT](?![\w])")
_LADEN = frozenset(("tải", "tải trọng", "trên", "xe", "dưới", "trọng tải", "quá"))


def read_measure(place: Place) -> Reading | None:
    """Read a number with its unit; a second unit behind a stroke is read by itself."""
    special = _read_coordinate(place) or _read_arc(place) or _read_special(place)
    if special:
        return special
    number = _NUMBER.match(place.text, place.start)
    if number is None:
        return None
    for writing in (number[0], _without_0c(place, number[0])):
        if writing and (reading := _with_unit(place, writing)):
            return reading
    return None


def _with_unit(place: Place, writing: str) -> Reading | None:
    end = place.start + len(writing)
    gap = 1 if place.text[end : end + 1] == " " else 0
    found = units().pattern.match(place.text, end + gap)
    if found is None or (gap and found[0] in _ONLY_ATTACHED and not _is_money(place, found[0])):
        return None
    unit = units().by_name[found[0]]
    said = f"{say_number(writing, place.settings)} {say_unit(unit, place)}"
    end = found.end()
    if unit.kind == "money" and unit.spoken.endswith("đồng"):
        end = _swallow_dong(place.text, end, found[0])
    return Reading(end, said, _rule(unit))


def _is_money(place: Place, name: str) -> bool:
    return name == "Đ" and place.text[place.start :].find("000") in range(12)


def _without_0c(place: Place, number: str) -> str | None:
    """Take the `0` of `350C`, a degree sign that lost its height, off the number before it."""
    end = place.start + len(number)
    if number.endswith("0") and len(number) == 3 and place.text[end : end + 1] == "C":
        return number[:-1] if not place.text[end + 1 : end + 2].isalnum() else None
    return None


def _swallow_dong(text: str, end: int, name: str) -> int:
    """Read `25kđ` or `5tr đồng` once: the word that the unit has in it already."""
    follows = re.compile(r"\s?(?:đồng|đ)(?![\w/])").match(text, end)
    return follows.end() if follows and name not in {"đ", "Đ", "đồng"} else end


def say_unit(unit: Unit, place: Place) -> str:
    """Say a unit with the region's word for 1,000."""
    return unit.spoken.replace("nghìn", place.settings.thousand)


def _rule(unit: Unit) -> str:
    return {"money": "money", "share": "percent", "time": "time"}.get(unit.kind, "unit")


def _read_coordinate(place: Place) -> Reading | None:
    found = _COORDINATE.match(place.text, place.start)
    if found is None or not (found[2] or re.search("[.,]", found[1])):
        return None
    said = f"{say_number(found[1], place.settings)} độ"
    for part, name in ((found[3], "phút"), (found[4], "giây")):
        said += f" {say_number(part, place.settings)} {name}" if part else ""
    return Reading(found.end(), f"{said} {_SIDES[found[5]]}", "coordinate")


def _read_arc(place: Place) -> Reading | None:
    found = _MINUTES_OF_ARC.match(place.text, place.start)
    if found is None:
        return None
    parts = zip(found.groups(), ("độ", "phút", "giây"), strict=True)
    said = " ".join(f"{say_whole(part, place.settings)} {name}" for part, name in parts if part)
    return Reading(found.end(), said, "coordinate")


def _read_special(place: Place) -> Reading | None:
    """Read kilometre posts (5+200), amperes and tons, which need their words before them."""
    if found := _ROAD_POST.match(place.text, place.start):
        parts = (say_whole(part.lstrip("0") or "0", place.settings) for part in found.groups())
        return Reading(found.end(), " cộng ".join(parts), "number")
    if found := _HEIGHT.match(place.text, place.start):
        metres, rest = (say_whole(part, place.settings) for part in found.groups())
        return Reading(found.end(), f"{metres} mét {rest}", "unit")
    if place.follows(_ELECTRIC) and (found := _AMPERES.match(place.text, place.start)):
        return Reading(found.end(), f"{say_number(found[1], place.settings)} am-pe", "unit")
    if place.follows(_LADEN) and (found := _TONS.match(place.text, place.start)):
        return Reading(found.end(), f"{say_number(found[1], place.settings)} tấn", "unit")
    return None
