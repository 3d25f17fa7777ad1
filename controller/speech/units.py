"""The units of measure that come with the program, as data."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

Kind = Literal["physical", "share", "time", "money"]
_FILE = Path(__file__).parent / "data" / "units.tsv"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it is said; money and shares are `one` of something, speeds go `over` time."""

    spoken: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Units:
    """All units by their writing, and the pattern that finds one at a place, the longest first."""

    by_name: dict[str, Unit]
    pattern: re.Pattern[str]


@cache
def units() -> Units:
    """Return the units, read at the first call."""
    found: dict[str, Unit] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        cells = line.split("\t")
        if not line.startswith("#") and cells[0] != "written":
            found[cells[0]] = Unit(cells[1], cast("Kind", cells[2]))
    names = "|".join(re.escape(name) for name in sorted(found, key=len, reverse=True))
    # Not within a word, and the `đ` of `đ/c` (comrade) is no money.
    return Units(found, re.compile(rf"(?!đ/c\b)(?:{names})(?![^\W_])"))
