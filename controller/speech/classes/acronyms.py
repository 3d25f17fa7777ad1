"""Acronyms, abbreviations, names by the dictionaries; what is in none is told, not spelled."""

import re

from controller.speech.classes.dates import say_month
from controller.speech.dictionary import Dictionary, Entry
from controller.speech.numbers import say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.tokens import token_at
from controller.speech.units import units

_NAME = re.compile(r" ?(?:[^\W\d_a-zà-ỹđ]|[0-9])")
SYLLABLE = re.compile(
    r"(?:NGH|NG|NH|GH|GI|KH|PH|TH|TR|CH|QU|[BCDĐGHKLMNPRSTVX])?"
    r"(?:UYÊ|IÊ|YÊ|UÔ|ƯƠ|UYU|OAI|UÂY|OAY|OEO|UÔI|ƯƠI|IÊU|YÊU|ƯƠU|UÊ|UY|OA|OĂ|OE|UÂ|AI|AO|AU|AY|ÂU"
    r"|ÂY"
    r"|EO|ÊU|IA|IU|OI|ÔI|ƠI|UA|UI|ƯA|ƯI|ƯU|[AĂÂEÊIOÔƠUƯY])(?:NG|NH|CH|[CMNPT])?"
)
_TONED = re.compile(r"[ÀÁẢÃẠẰẮẲẴẶẦẤẨẪẬÈÉẺẼẸỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌỒỐỔỖỘỜỚỞỠỢÙÚỦŨỤỪỨỬỮỰỲÝỶỸỴ]")
_PREVIOUS_WORD = re.compile(r"([^\W\d_]+)\W*$")
_NEXT_WORD = re.compile(r"\W{1,4}([^\W\d_]{1,12})")
_ROADS = re.compile(
    r"(ĐT|ĐH|ĐX|TL|QL|HL|DT)[. ]{0,2}(?=[0-9]{1,3}[A-Z]?(?![\w]|[.,/][0-9]|[ .][0-9]{3}))"
)
ROADS = {"ĐT": "đường tỉnh", "DT": "đường tỉnh", "ĐH": "đường huyện", "ĐX": "đường xã",
               "TL": "tỉnh lộ", "QL": "quốc lộ", "HL": "hương lộ"}  # fmt: skip
_WEEKDAY = re.compile(r"T([2-7])(?=\s?(?:-|,|và|đến)\s?(?:T[2-7]|CN)\b)")
_WEEKDAY_ENDS = re.compile(r"T([2-7])(?![\w/]|[.,][0-9])")
_MONTH = re.compile(r"T(1[0-2]|0?[1-9])/((?:19|20)[0-9]{2})(?![0-9])|T(1[0-2]|0[1-9]|[89])(?![\w])")
_WEEKDAYS = {"2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}
_BARE_UNITS = words(
    "mm cm km kg kWh kW kV MW mmHg mg ml m2 m3 km2 m² m³ km² cm² cm³ kwh hPa dBA ha Km"
)
_QUANTITIES = words(
    "mỗi trăm nghìn ngàn chục vạn triệu tỷ mấy vài nhiêu từng một hai ba bốn năm sáu bảy tám "
    "chín mười mốt tư lăm mươi đơn nửa tính hàng phần per rưỡi"
)
_POST = re.compile(r"[Kk][Mm](?=\s?[0-9])")
_FIRST_OF_UNIT = re.compile(r"([A-Za-z]{1,4})[23²³]?")


class Lookup:
    """The dictionary that counts for one text, and the rule that reads by it."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._by_token = dictionary.by_token

    def knows(self, token: str) -> bool:
        """Say whether anything in the dictionary begins with this token."""
        return token.lower() in self._by_token

    def read(self, place: Place) -> Reading | None:
        """Read the longest thing in the dictionary that stands here."""
        token = token_at(place.text, place.start)
        if not place.is_free:
            return None
        for entry in self._by_token.get(token.lower(), ()):
            if reading := _entry(place, entry):
                return reading
        return None


def _entry(place: Place, entry: Entry) -> Reading | None:
    written = entry.written
    end = place.start + len(written)
    found = place.text[place.start : end]
    if found != written and not (written.islower() and found.lower() == written):
        return None
    following = place.text[end : end + 1]
    if written[-1].isalnum() and following.isalpha():
        return None
    if entry.when == "name" and not _NAME.match(place.text, end):
        return None
    if written.isalpha() and _is_capital_word(place, written, end):
        return None
    if written.endswith(".") and not place.text[end : end + 2].strip():
        end -= 1  # the full stop of the sentence stays
    return Reading(end, entry.spoken, "name" if not written[:2].isupper() else "acronym")


def read_road(place: Place) -> Reading | None:
    """Read ĐT.601, QL1A, TL 10: the kind of road; its number is read by itself."""
    found = _ROADS.match(place.text, place.start)
    if found is None or re.search(r"(?:trực|máy|số)\W*$", place.left):
        return None
    road = ROADS[found[1]]
    road = road.removeprefix("đường ") if place.last == "đường" else road
    return Reading(found.end(), f"{road} ", "road")


def read_day_letter(place: Place) -> Reading | None:
    """Read T2-T6 as days of the week, T7/2025 and T12 as months; a lone T5 stays in doubt."""
    if not place.is_free:
        return None
    found = _WEEKDAY.match(place.text, place.start)
    if found is None and place.goes_on("weekday"):
        found = _WEEKDAY_ENDS.match(place.text, place.start)
    if found:
        return Reading(found.end(), f"thứ {_WEEKDAYS[found[1]]}", "weekday")
    if month := _MONTH.match(place.text, place.start):
        said = say_month(int(month[1] or month[3]), place.settings)
        year = f" năm {say_integer(int(month[2]), place.settings)}" if month[2] else ""
        return Reading(month.end(), said + year, "date")
    return None


def read_bare_unit(place: Place) -> Reading | None:
    """Read a unit without a figure: `mỗi km`, `hàng trăm ha`, `tính bằng mm`."""
    if (post := _POST.match(place.text, place.start)) and place.is_free:
        return Reading(post.end(), "ki-lô-mét", "unit")
    found = _FIRST_OF_UNIT.match(place.text, place.start)
    if found is None or not place.is_free:
        return None
    name = found[0] if found[0] in _BARE_UNITS else found[1]
    if place.text[place.start + len(name) : place.start + len(name) + 1].isalpha():
        return None
    if name not in _BARE_UNITS or (name == "ha" and place.last not in _QUANTITIES):
        return None
    return Reading(place.start + len(name), units().by_name[name].spoken, "unit")


def is_doubtful(token: str, place: Place) -> bool:
    """Say whether an unread token is an acronym that nobody taught us."""
    capitals = sum(letter.isupper() for letter in token)
    if not token.isalpha() or capitals < 2 or len(token) < 2:
        return False
    if _TONED.search(token.upper()):
        return False
    return not _is_capital_word(place, token, place.start + len(token))


def _is_capital_word(place: Place, token: str, end: int) -> bool:
    """Say whether it is an ordinary syllable in a line of capitals: THÔNG BÁO, MỜI HỌP."""
    if not (token.isupper() and len(token) > 1 and SYLLABLE.fullmatch(token)):
        return False
    before = _PREVIOUS_WORD.search(place.text[max(0, place.start - 24) : place.start])
    after = _NEXT_WORD.match(place.text, end)
    return any(_is_shouted(word[1]) for word in (before, after) if word)


def _is_shouted(word: str) -> bool:
    return (
        len(word) > 1 and word.isupper() and bool(_TONED.search(word) or SYLLABLE.fullmatch(word))
    )
