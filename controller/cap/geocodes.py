"""Geocodes to our areas: which schemes are known, and what each code means here."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from controller.cap.hazards import folded
from controller.cap.message import Pair
from controller.cap.reasons import Reason, because


@dataclass(frozen=True)
class Schemes:
    """Names of schemes, folded; and what single codes of any scheme are by a site's word."""

    area: frozenset[str]
    statistics_office: frozenset[str]
    foreign: frozenset[str] = frozenset()
    aliases: Mapping[Pair, str] = field(default_factory=dict)


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


def read_schemes(text: str) -> Schemes:
    """Return the schemes of a TOML text; raises `KeyError` or `ValueError` when it is not one."""
    data = tomllib.loads(text)
    return Schemes(
        area=frozenset(map(folded, data["area"])),
        statistics_office=frozenset(map(folded, data["statistics_office"])),
        foreign=frozenset(map(folded, data["foreign"])),
        aliases={
            (folded(row["scheme"]), folded(row["value"])): row["area"]
            for row in data.get("alias", ())
        },
    )
