"""Numbers of documents, read as a presenter does: the number, the year, and of whom.

49/2024/NĐ-CP, 18/2021/QĐ-TTg, 123/UBND-VX, 15-CT/TW, 10/2022/QH15. The kind of document is said
only where the text does not name it, the issuer only where the text does not: `... của Chính phủ`.
"""

import re
from functools import cache
from pathlib import Path

from controller.speech.classes.numerals import say_whole
from controller.speech.numbers import say_digits, say_integer
from controller.speech.place import Place, Reading
from controller.speech.settings import Settings
from controller.speech.spoken import Doubt

_FILE = Path(__file__).parents[1] / "data" / "documents.tsv"
_PART = r"[A-ZĐƯÂÔ][A-Za-zĐđƯưÂâÔô]{0,11}[0-9]{0,2}"
_NUMBER = re.compile(
    rf"([0-9]{{1,6}})[a-zA-Z]?(?:/((?:19"
    rf"|20)[0-9]{{2}}))?[/-]({_PART}(?:[-/.&]{_PART}){{0,4}})(?![^\W_])"
)
_PLAIN = re.compile(r"([0-9]{1,5})/((?:19|20)[0-9]{2})(?![0-9/]|[.,-][0-9])")
_NAMED = re.compile(
    r"(?:nghị định|quyết định|thông tư|nghị quyết|chỉ thị|công điện|thông báo|kế hoạch|báo cáo"
    r"|công văn"
    r"|hướng dẫn|tờ trình|luật|pháp lệnh|giấy mời|giấy phép|quy chế|quy định|kết luận|đề án"
    r"|phương án"
    r"|biên bản|chương trình|văn bản|lệnh|liên tịch|quy chuẩn|hợp đồng|giấy chứng nhận|tiêu chuẩn"
    r"|sửa đổi"
    r"|việt nam)(?: (?:thông tư|số|hỏa tốc|khẩn|liên tịch))*[: ]*$|\bsố[: ]*$"
)
_JOINT = frozenset({"TTLT", "NQLT"})  # issued by several together
_OF_WHOM = re.compile(
    r"(?:,? ?\(?ngày (?:[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}"
    r"|[0-9]{1,2} tháng [0-9]{1,2} năm [0-9]{4})\)?)?"
    r",? (?:của|do)\b"
)
_STANDARD = re.compile(
    r"([0-9]{1,5}(?:-[0-9]{1,3})?):((?:19|20)[0-9]{2})(?:/([A-ZĐ]{2,10}))?(?![\w])"
)
_CONGRESS = re.compile(r"(QH|UBTVQH|HĐND)([0-9]{1,2})")


def read_document(place: Place) -> Reading | None:
    """Read the number of a document, from its first digit on."""
    return _read_standard(place) or _read_lettered(place) or _read_plain(place)


def _read_standard(place: Place) -> Reading | None:
    """Read the number of a technical standard: QCVN 01-1:2018/BYT, TCVN 11930:2017."""
    found = _STANDARD.match(place.text, place.start)
    if found is None or not place.left.lower().rstrip().endswith("chuẩn việt nam"):
        return None
    number = " gạch ngang ".join(
        _say_number(part, None, place.settings) for part in found[1].split("-")
    )
    said = f"{number} năm {say_integer(int(found[2]), place.settings)}"
    whom = issuer(found[3] or "", place.settings)
    return Reading(
        found.end() if whom else found.end(2), f"{said} của {whom}" if whom else said, "document"
    )


def _read_lettered(place: Place) -> Reading | None:
    found = _NUMBER.match(place.text, place.start)
    if found is None:
        return None
    parts = re.split(r"[-/.&]", found[3])
    if not any(_kinds().get(part) or issuer(part, place.settings) for part in parts):
        return None
    said = _say_number(found[1], found[2], place.settings)
    if not _is_named(place):
        said = f"{_kind(parts)} {said}".strip()
    whom = _whom(parts, place.settings)
    doubt: Doubt | None = None if whom else "unread"
    if whom is not None and not _OF_WHOM.match(place.text, found.end()):
        said += f" của {whom}"
    return Reading(found.end(), said, "document", doubt)


def _read_plain(place: Place) -> Reading | None:
    """Read `Luật 10/2022`: without letters it is a document only by the word before it."""
    found = _PLAIN.match(place.text, place.start)
    if found is None or not _NAMED.search(place.left.lower()) or place.last == "trình":
        return None
    if place.last.startswith("số") and not _NAMED.search(" ".join(place.words[:-1])):
        return None
    return Reading(found.end(), _say_number(found[1], found[2], place.settings), "document")


def _is_named(place: Place) -> bool:
    goes_on = place.goes_on("document", gaps=r",?\s?(?:và|hoặc|,|;)?\s?(?:số\s)?")
    return goes_on or _NAMED.search(place.left.lower()) is not None


def _say_number(number: str, year: str | None, settings: Settings) -> str:
    """Say `05` as presenters say it, zero and all."""
    said = say_digits(number) if number.startswith("0") else say_whole(number, settings)
    return said if year is None else f"{said} năm {say_integer(int(year), settings)}"


def _kind(parts: list[str]) -> str:
    kind = next((_kinds()[part] for part in parts if part in _kinds()), "")
    return f"{kind} số" if kind else ""


def _whom(parts: list[str], settings: Settings) -> str | None:
    known = [one for part in parts if part not in _kinds() and (one := issuer(part, settings))]
    if parts[0] in _JOINT:
        return " và ".join(known) or None
    return known[0] if known else None


def issuer(letters: str, settings: Settings) -> str | None:
    """Return who issues documents under these letters, or None: TTg, BYT, QH15."""
    if congress := _CONGRESS.fullmatch(letters):
        number = say_integer(int(congress[2]), settings)
        return f"{_issuers()[congress[1]]} khóa {number}"
    return _issuers().get(letters)


def _kinds() -> dict[str, str]:
    return _tables()["kind"]


def _issuers() -> dict[str, str]:
    return _tables()["issuer"]


@cache
def _tables() -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {"kind": {}, "issuer": {}}
    for line in _FILE.read_text("utf-8").splitlines():
        cells = line.split("\t")
        if not line.startswith("#") and cells[0] != "written":
            tables[cells[2]][cells[0]] = cells[1]
    return tables
