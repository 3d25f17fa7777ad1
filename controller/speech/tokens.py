"""Cutting a text into words, numbers and marks, left to right, each character looked at once."""

import re
import unicodedata

# A word is letters with what is put upon them; a number is ASCII digits; a mark is anything else.
TOKEN = re.compile(r"[^\W\d_]+|[0-9]+|\S|\s")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_SPACE = re.compile(r"[\u00a0\u2000-\u200a\u202f]")


def first_token(text: str) -> str:
    """Return the token that a text begins with, empty for an empty text."""
    found = TOKEN.match(text)
    return found[0] if found else ""


def folded(text: str) -> str:
    """Give every decimal digit and wide space its ASCII form, and every dash one; length is kept."""
    text = _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    return _SPACE.sub(" ", text).translate(_DASHES)


_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—", "-") | {"′": "'", "’": "'", "″": '"', "⁄": "/"})
