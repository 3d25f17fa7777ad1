"""Addresses of the network: mail and pages, said so that a listener could type them."""

import re

from controller.speech.numbers import say_digits
from controller.speech.place import Place, Reading

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})"
_ADDRESS = re.compile(
    rf"(?P<site>(?:https?://)?(?:[A-Za-z0-9_+\-]{{1,64}}(?:\.[A-Za-z0-9_+\-]{{1,64}}){{0,4}}@)?{_LABEL}"
    rf"(?:\.{_LABEL}){{0,5}}\.(?:vn|com|net|org|info|edu|gov|me|io|app))"
    r"(?:/[A-Za-z0-9._~%?=&/#+\-]{0,200}[A-Za-z0-9/])?"
)
_MARKS = {"@": "a còng", ".": "chấm", "/": "gạch chéo", "-": "gạch ngang", "_": "gạch dưới",
          "?": "hỏi", "=": "bằng", "&": "và", "#": "thăng", "+": "cộng", "%": "phần trăm",
          "~": "ngã"}  # fmt: skip
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|.")
_LETTERS = {"vn": "vê nờ", "www": "ba vê kép"}


def read_address(place: Place) -> Reading | None:
    """Read a mail address or the address of a page; the scheme is not said."""
    before = place.text[place.start - 1 : place.start] if place.start else ""
    if before.isalpha() or before == "@":
        return None
    found = _ADDRESS.match(place.text, place.start)
    if found is None:
        return None
    end = next((e for e in (found.end(), found.end("site")) if _ends(place.text, e)), None)
    if end is None:
        return None
    bare = place.text[place.start : end].split("://")[-1].rstrip("/")
    said = " ".join(map(_piece, _PIECE.findall(bare)))
    return Reading(end, said, "address")


def _ends(text: str, at: int) -> bool:
    return not text[at : at + 1].isalpha()


def _piece(piece: str) -> str:
    if piece.isdigit():
        return say_digits(piece)
    return _MARKS.get(piece) or _LETTERS.get(piece.lower(), piece)
