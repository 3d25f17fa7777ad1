"""Geocodes to our areas: which schemes are known, and what each code means here."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from controller.cap.hazards import folded
from controller.cap.message import Pair
from controller.cap.reasons import Reason, because
from controller.errors import Invalid
from wire.topics import AREA_PATTERN


@dataclass(frozen=True)
class Schemes:
    """Names of schemes, folded; and what single codes of any scheme are by a site's word."""

    area: frozenset[str]
    statistics_office: frozenset[str]
    foreign: frozenset[str] = frozenset()
    aliases: Mapping[Pair, str] = field(default_factory=dict)

    def over(self, below: "Schemes") -> "Schemes":
        """Return these names and aliases with those of another; of one alias, these win."""
        return Schemes(
            self.area | below.area,
            self.statistics_office | below.statistics_office,
            self.foreign | below.foreign,
            {**below.aliases, **self.aliases},
        )


@dataclass(frozen=True)
class Gazetteer:
    """Which area ids exist, and which area has a statistics code."""

    ids: frozenset[str]
    by_code: Mapping[str, str]


def resolve(
    geocodes: Iterable[Pair], gazetteer: Gazetteer, schemes: Schemes
) -> tuple[dict[str, Pair], tuple[Reason, ...]]:
    """Return the areas that are named, each with the code that named it, and what meant nothing."""
    found: dict[str, Pair] = {}
    notes: list[Reason] = []
    for scheme, value in geocodes:
        name = folded(scheme)
        area = schemes.aliases.get((name, folded(value)))
        if area is None and name in schemes.area:
            area = value if value in gazetteer.ids else None
        elif area is None and name in schemes.statistics_office:
            area = gazetteer.by_code.get(value)
        elif area is None and name not in schemes.foreign:
            notes.append(because("geocode_unknown_scheme", scheme=scheme))
            continue
        if area is None or area not in gazetteer.ids:
            notes.append(because("geocode_unknown_code", scheme=scheme, value=value))
        else:
            found.setdefault(area, (scheme, value))
    return found, tuple(dict.fromkeys(notes))


@cache
def shipped_schemes() -> Schemes:
    """Return the schemes that ship with us."""
    return read_schemes(files("controller.cap.data").joinpath("geocodes.toml").read_text("utf-8"))


def read_schemes(text: str, name: str = "geocodes.toml") -> Schemes:
    """Return the schemes of a TOML text, or raise `Invalid` that says what is wrong in `name`.

    A site's own may have any of them.
    """
    try:
        data = tomllib.loads(text)
        return Schemes(
            area=_names(data, "area"),
            statistics_office=_names(data, "statistics_office"),
            foreign=_names(data, "foreign"),
            aliases={
                (folded(row["scheme"]), folded(row["value"])): _area_id(row["area"])
                for row in data.get("alias", ())
            },
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            field=name, why_vi=f"không đọc được: {error}", why_en=f"unreadable: {error}"
        ) from None


def _names(data: dict[str, Any], name: str) -> frozenset[str]:
    listed = data.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise ValueError(f"{name}: a list of names")
    return frozenset(map(folded, listed))


def _area_id(name: str) -> str:
    if not re.fullmatch(AREA_PATTERN, name):
        raise ValueError(f"alias: area {name!r}")
    return name
