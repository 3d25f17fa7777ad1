"""Cutting a text into words, numbers and marks, left to right, each character looked at once."""

import re
import unicodedata

# A word is letters, looked at 200 at a time; a number is ASCII digits; a mark is anything else.
_TOKEN = re.compile(r"[^\W\d_]{1,200}|[0-9]+|\S|\s")
QUIET = re.compile(r"[ \t\n\r.,;:!?\"'…“”‘’]+")  # what no rule begins with
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_SPACE = re.compile(r"[\u00a0\u2000-\u200a\u202f]")


def token_at(text: str, at: int) -> str:
    """Return the token that begins at a place within the text.

    A word ends before a character like ² or ①, which is a number to us and a letter to `re`.
    """
    found = _TOKEN.match(text, at)
    token = found[0] if found else text[at]
    if token.isalpha() or token.isdecimal() or len(token) == 1:
        return token
    return token[: max(1, next(n for n, one in enumerate(token) if not one.isalpha()))]


def folded(text: str) -> str:
    """Give decimal digits, wide spaces and dashes their ASCII form; the length is kept."""
    text = _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    return _SPACE.sub(" ", text).translate(_DASHES)


_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—", "-") | {"′": "'", "’": "'", "″": '"', "⁄": "/"})
