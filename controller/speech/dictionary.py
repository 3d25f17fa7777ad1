"""Dictionaries of acronyms, abbreviations and names, as data; several of them laid one on another.

A file is UTF-8 lines of `written TAB spoken TAB when TAB why`, a heading first; lines that begin
with # are comments. An entry in small letters alone is found in any case (`đ/c`, `Đ/c`), any other
only as it is written. `when` is empty, or `name`: only before a capital or a digit (`P. Tân Lập`).
An entry that is spoken as it is written is known to be well so, and never warned about.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from controller.speech.tokens import folded, token_at

_SHIPPED = Path(__file__).parent / "data"
FILES = ("acronyms.tsv", "abbreviations.tsv", "names.tsv")
COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """How one thing is read; `when` as in a file, `why` for the people who look after it."""

    written: str
    spoken: str
    when: str = ""
    why: str = ""


class LineBad(ValueError):
    """A line of a dictionary that makes no sense; `number` counts from 1."""

    def __init__(self, number: int, line: str) -> None:
        self.number = number
        self.line = line
        self.vi = f"Từ điển, dòng {number} sai: {line[:60]}"
        self.en = f"Dictionary, line {number} is wrong: {line[:60]}"
        super().__init__(f"{self.vi} / {self.en}")


class Dictionary:
    """Entries to look up by what a text begins with; of two for the same, the last one counts."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = {_key(entry): entry for entry in map(_composed, entries)}
        self._by_token: dict[str, list[Entry]] = {}
        for entry in self._entries.values():
            self._by_token.setdefault(token_at(entry.written, 0).lower(), []).append(entry)
        for alike in self._by_token.values():
            alike.sort(key=lambda entry: (len(entry.written), bool(entry.when)), reverse=True)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return every entry that counts."""
        return tuple(self._entries.values())

    @property
    def by_token(self) -> Mapping[str, list[Entry]]:
        """Return entries by their first token in small letters, the longest first."""
        return self._by_token

    def spoken(self, written: str) -> str | None:
        """Return how exactly this is read where nothing else is asked, or None."""
        entry = self._entries.get((written, ""))
        return entry.spoken if entry else None


def layers(*dictionaries: Dictionary) -> Dictionary:
    """Lay dictionaries one on another: shipped, province, commune, one bulletin; later ones win.

    An entry of a later layer hides every entry for the same writing below, whatever its `when`.
    """
    found: dict[str, list[Entry]] = {}
    for one in dictionaries:
        own: dict[str, list[Entry]] = {}
        for entry in one.entries:
            own.setdefault(entry.written, []).append(entry)
        found |= own
    return Dictionary(entry for entries in found.values() for entry in entries)


@cache
def shipped() -> Dictionary:
    """Return the dictionary that comes with the program, read at the first call."""
    return Dictionary(
        entry for name in FILES for entry in parse((_SHIPPED / name).read_text("utf-8"))
    )


def parse(text: str) -> list[Entry]:
    """Read the text of a dictionary file; raises LineBad for the first line that is wrong."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip() or line.startswith("#") or cells[:2] == ["written", "spoken"]:
            continue
        entries.append(_entry(number, line, cells))
    return entries


def _entry(number: int, line: str, cells: list[str]) -> Entry:
    written, spoken, when, why = (cells + [""] * COLUMNS)[:COLUMNS]
    if not (written and spoken and when in {"", "name"} and len(cells) <= COLUMNS):
        raise LineBad(number, line)
    return Entry(written, spoken, when, why)


def _key(entry: Entry) -> tuple[str, str]:
    return entry.written, entry.when


def _composed(entry: Entry) -> Entry:
    """Return an entry as texts are looked at: composed, and its signs the plain ones."""
    written, spoken = (unicodedata.normalize("NFC", t) for t in (entry.written, entry.spoken))
    return Entry(folded(written), spoken, entry.when, entry.why)
