"""Which rules are asked about a token, in order: the first that understands it says it."""

from collections.abc import Callable

from controller.speech.classes.acronyms import (
    ROADS,
    Lookup,
    read_bare_unit,
    read_day_letter,
    read_road,
)
from controller.speech.classes.addresses import read_address
from controller.speech.classes.dates import read_date, read_day_of_month, read_month
from controller.speech.classes.documents import read_document
from controller.speech.classes.fractions import read_pair
from controller.speech.classes.marks import read_by, read_mark
from controller.speech.classes.measures import read_measure
from controller.speech.classes.numerals import read_plain
from controller.speech.classes.ordinals import read_glued, read_ordinal, read_roman
from controller.speech.classes.phones import read_phone
from controller.speech.classes.times import read_time
from controller.speech.place import Place, Reading

Rule = Callable[[Place], Reading | None]

# A number is asked about what its next character allows: a stroke, dot or dash, a letter, a space.
_JOINED: tuple[Rule, ...] = (read_address, read_document, read_date)
_BESIDE_SPACE: tuple[Rule, ...] = (read_date,)
_NUMBERS: tuple[Rule, ...] = (
    read_phone,
    read_ordinal,
    read_time,
    read_measure,
    read_pair,
    read_day_of_month,
    read_month,
    read_glued,
    read_plain,
)
_WITHIN_A_NAME: tuple[Rule, ...] = (read_glued, read_plain)
_LETTERS: tuple[Rule, ...] = (read_day_letter, read_roman, read_by, read_bare_unit)
_MICRO = frozenset(("µg", "μg"))
_QUIET = frozenset(" \t\n\r.,;:!?\"'…“”‘’")
ADDRESSED = frozenset(".@_-:+")


def rules_for(token: str, text: str, at: int, lookup: Lookup) -> tuple[Rule, ...]:
    """Return the rules to ask about a token at a place; none for an ordinary word or a space."""
    first = token[0]
    if first in _QUIET:
        return ()
    known: tuple[Rule, ...] = (lookup.read,) if lookup.knows(token) else ()
    if first.isalpha():
        roads: tuple[Rule, ...] = (read_road,) if token in ROADS else ()
        return roads + known + _letters(token, text, at)
    if first in "0123456789":
        within = at > 0 and text[at - 1].isalpha() and not _is_factor(text, at)
        return known + (_WITHIN_A_NAME if within else _numbers(text, at + len(token)))
    return (*known, read_mark)


def _numbers(text: str, end: int) -> tuple[Rule, ...]:
    following = text[end : end + 1]
    if following.isspace():
        return _BESIDE_SPACE + _NUMBERS
    return _JOINED + _NUMBERS if following and following not in ",;)" else _NUMBERS


def _letters(token: str, text: str, at: int) -> tuple[Rule, ...]:
    following = text[at + len(token) : at + len(token) + 1]
    address: tuple[Rule, ...] = ()
    if following and following in ADDRESSED and token.isascii():
        address = (read_address,)
    is_plain = token.islower() or token[1:].islower() or (len(token) > 1 and not token.isascii())
    if is_plain and not token.isupper():
        short = len(token) <= 4 and (token.isascii() or token in _MICRO)
        return (*address, read_by, read_bare_unit) if short else address
    return address + _LETTERS


def _is_factor(text: str, at: int) -> bool:
    """Say whether only the sign of `2x30` stands before a number, and no name."""
    return text[at - 1] in "xX" and at > 1 and not text[at - 2].isalpha()
