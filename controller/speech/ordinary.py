"""What needs nobody's entry: ordinary words, figures and units are read as they are written.

A dictionary that could say `có` for `không`, or `cấp ba` for `cấp 8`, would turn an order into
another. Names stand apart: they are written with capitals, or not as Vietnamese spells.
"""

import re
import unicodedata

from controller.speech.classes.acronyms import SYLLABLE
from controller.speech.units import units

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền, sắc, ngã, hỏi, nặng
_FIGURE = re.compile(r"[0-9][^A-ZĐ]*")
_ROMAN = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")


def is_ordinary(text: str) -> bool:
    """Say whether a text is nothing but ordinary words, figures or a unit: `sơ tán`, `cấp 8`, `km`.

    One or two plain letters may be an abbreviation (`ko`), words that all have a capital are a
    name (`Cao Bằng`), and what Vietnamese cannot spell is none of its words.
    """
    parts = text.split()
    if all(piece in units().by_name for piece in text.split("/")):
        return True
    if not parts or all(map(_is_short, parts)):
        return False
    if len(parts) > 1 and all(map(_has_capital, parts)):
        return False
    return all(
        _is_word(part) or _FIGURE.fullmatch(part) or _ROMAN.fullmatch(part) for part in parts
    )


def _is_word(part: str) -> bool:
    """Say whether it is spelled as a word; in capitals it needs a mark (`CAO` may be short)."""
    if part.isascii() and not part.islower():
        return False
    return SYLLABLE.fullmatch(_toneless(part)) is not None


def _is_short(part: str) -> bool:
    return len(part) <= 2 and part.isascii() and part.isalpha() and part.islower()


def _has_capital(part: str) -> bool:
    return part[0].isupper() and part[1:] == part[1:].lower()


def _toneless(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.upper())
    return unicodedata.normalize("NFC", "".join(one for one in letters if one not in _TONES))
