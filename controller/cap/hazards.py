"""The hazard and the level of a warning, by tables that a site may edit.

A table is a TOML file in the form of `data/hazards.toml`; rows of a site's own table go before the
shipped ones, and each row may be bound to dates.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, TypeVar

from controller.cap.message import Info, Pair
from controller.errors import Invalid
from wire.alert import Hazard


@dataclass(frozen=True)
class WordRow:
    """Words that mean a hazard when they stand in an event or headline."""

    hazard: Hazard
    words: tuple[str, ...]
    since: date | None = None
    until: date | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the words as one pattern; a word of another script needs no boundaries."""
        return re.compile("|".join(_bounded(folded(word)) for word in self.words))


@dataclass(frozen=True)
class CodeRow:
    """Values of one scheme of codes that mean a hazard; a scheme may end in `*`."""

    hazard: Hazard
    scheme: str
    values: frozenset[str]
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class LevelRow:
    """A level for what fits all of these; an empty set fits everything."""

    level: int
    severity: frozenset[str] = frozenset()
    urgency: frozenset[str] = frozenset()
    certainty: frozenset[str] = frozenset()
    responses: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class LevelCodeRow:
    """A parameter by which a sender states the level itself."""

    schemes: frozenset[str]
    levels: tuple[tuple[str, int], ...]
    since: date | None = None
    until: date | None = None


OWN_HAZARD = "truyenthanh:hazard"
AnyRow = TypeVar("AnyRow", WordRow, CodeRow, LevelRow, LevelCodeRow)


@dataclass(frozen=True)
class Tables:
    """All rows, the site's before the shipped ones."""

    words: tuple[WordRow, ...]
    codes: tuple[CodeRow, ...]
    levels: tuple[LevelRow, ...]
    level_codes: tuple[LevelCodeRow, ...]

    def over(self, below: "Tables") -> "Tables":
        """Return these rows before those of another table."""
        return Tables(
            self.words + below.words,
            self.codes + below.codes,
            self.levels + below.levels,
            self.level_codes + below.level_codes,
        )


def hazard_of(info: Info, at: datetime, tables: Tables) -> Hazard | None:
    """Return the hazard of an info by its codes, else its words; None when no row knows it."""
    codes = info.event_codes + info.parameters
    ours = next((value for scheme, value in codes if scheme == OWN_HAZARD), None)
    if ours in set(Hazard):
        return Hazard(ours)
    for row in _holding(tables.codes, at):
        if any(_is_of(row, pair) for pair in codes):
            return row.hazard
    rows = _holding(tables.words, at)
    return _by_words(info.event, rows) or _by_words(info.headline, rows)


def level_of(info: Info, at: datetime, tables: Tables) -> int:
    """Return the level, 1-5, that the sender states or that the table works out."""
    for stated in _holding(tables.level_codes, at):
        for scheme, value in info.parameters + info.event_codes:
            level = dict(stated.levels).get(_leading(value))
            if folded(scheme) in stated.schemes and level is not None:
                return level
    return next((row.level for row in _holding(tables.levels, at) if _fits(row, info)), 1)


@cache
def shipped() -> Tables:
    """Return the tables that ship with us."""
    return read_tables(files("controller.cap.data").joinpath("hazards.toml").read_text("utf-8"))


def read_tables(text: str, name: str = "hazards.toml") -> Tables:
    """Return the tables of a TOML text, or raise `Invalid` that says what is wrong in `name`."""
    try:
        data = tomllib.loads(text)
        return Tables(
            words=tuple(
                WordRow(Hazard(row["hazard"]), tuple(row["words"]), *_dates(row))
                for row in data.get("word", ())
            ),
            codes=tuple(
                CodeRow(
                    Hazard(row["hazard"]),
                    folded(row["scheme"]),
                    frozenset(map(folded, row["values"])),
                    *_dates(row),
                )
                for row in data.get("code", ())
            ),
            levels=tuple(map(_level_row, data.get("level", ()))),
            level_codes=tuple(
                LevelCodeRow(
                    frozenset(map(folded, row["schemes"])),
                    tuple((value, _level(level)) for value, level in row["levels"].items()),
                    *_dates(row),
                )
                for row in data.get("level_code", ())
            ),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            field=name, why_vi=f"không đọc được: {error}", why_en=f"unreadable: {error}"
        ) from None


def folded(text: str) -> str:
    """Return a text without differences of case, composition and spacing; accents stay."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _bounded(word: str) -> str:
    is_latin = all(ord(letter) < 0x2000 for letter in word)
    return rf"\b{re.escape(word)}\b" if is_latin else re.escape(word)


def _by_words(text: str, rows: Sequence[WordRow]) -> Hazard | None:
    """Return the hazard of the longest words that stand in a text; of equals, the first row's."""
    best, hazard = 0, None
    for row in rows:
        longest = max((len(found[0]) for found in row.pattern.finditer(folded(text))), default=0)
        if longest > best:
            best, hazard = longest, row.hazard
    return hazard


def _is_of(row: CodeRow, pair: Pair) -> bool:
    scheme, value = folded(pair[0]), folded(pair[1])
    is_scheme = (
        scheme.startswith(row.scheme[:-1]) if row.scheme.endswith("*") else scheme == row.scheme
    )
    return is_scheme and (value in row.values or _leading(value) in row.values)


def _leading(value: str) -> str:
    """Return what stands before a semicolon: MeteoAlarm writes `3; orange; Severe`."""
    return value.partition(";")[0].strip()


def _fits(row: LevelRow, info: Info) -> bool:
    return (
        (not row.severity or info.severity in row.severity)
        and (not row.urgency or info.urgency in row.urgency)
        and (not row.certainty or info.certainty in row.certainty)
        and (not row.responses or not row.responses.isdisjoint(info.responses))
    )


def _holding(rows: Sequence[AnyRow], at: datetime) -> list[AnyRow]:
    day = at.date()
    return [
        row
        for row in rows
        if (row.since is None or row.since <= day) and (row.until is None or day < row.until)
    ]


def _level_row(row: dict[str, Any]) -> LevelRow:
    since, until = _dates(row)
    fields = ("severity", "urgency", "certainty", "responses")
    severity, urgency, certainty, responses = (frozenset(row.get(name, ())) for name in fields)
    return LevelRow(_level(row["level"]), severity, urgency, certainty, responses, since, until)


def _level(value: int) -> int:
    if not 1 <= value <= 5:
        raise ValueError(f"level {value}")
    return value


def _dates(row: dict[str, Any]) -> tuple[date | None, date | None]:
    since, until = row.get("since"), row.get("until")
    if any(isinstance(one, datetime) or not isinstance(one, date | None) for one in (since, until)):
        raise ValueError("since, until: a date")
    return since, until
