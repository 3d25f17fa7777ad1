"""How words are compared when people look for them: without case, marks and the stroke of đ."""

import unicodedata


def folded(text: str) -> str:
    """Return a text for searching: `Đắk Lắk` is `dak lak`; runs of spaces are one."""
    letters = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    plain = "".join(one for one in letters if _counts(one))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _counts(one: str) -> bool:
    return not unicodedata.combining(one) and (one.isprintable() or one.isspace())
