"""Day templates: a usual day of a station as data, to be made into rules and then edited.

Reads only the TOML files of `schedules/templates/`, and only when asked.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from schedules.errors import ScheduleError, TemplateMissing, TemplateRefused
from schedules.precedence import BroadcastClass, Origin
from schedules.rules import DEFAULT_ZONE, Rule

_KINDS = ("relay", "bulletin")


@dataclass(frozen=True, slots=True)
class TemplateItem:
    """One programme of the day: what kind of thing, from whom, when (local) and how long."""

    key: str
    title_vi: str
    title_en: str
    kind: str
    origin: Origin
    start: time
    duration: timedelta
    rrule: str
    broadcast_class: BroadcastClass = BroadcastClass.NORMAL


@dataclass(frozen=True, slots=True)
class DayTemplate:
    """A named day; items in order of start."""

    name: str
    title_vi: str
    title_en: str
    items: tuple[TemplateItem, ...]

    def rules(
        self, prefix: str, first_day: date, zone: str = DEFAULT_ZONE
    ) -> tuple[tuple[TemplateItem, Rule], ...]:
        """Return each item with a rule `prefix-key` that begins on the local `first_day`."""
        return tuple((item, _rule(item, prefix, first_day, zone)) for item in self.items)


def template_names() -> tuple[str, ...]:
    """Return the names of the templates that ship with the package, sorted."""
    names = (entry.name for entry in files("schedules").joinpath("templates").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_template(name: str) -> DayTemplate:
    """Return a template by name. Raises TemplateMissing, or TemplateRefused for a wrong file."""
    known = template_names()
    if name not in known:
        raise TemplateMissing(name, known)
    text = files("schedules").joinpath("templates", f"{name}.toml").read_text(encoding="utf-8")
    return read_template(name, text)


def read_template(name: str, text: str) -> DayTemplate:
    """Return the template written in TOML `text`. Raises TemplateRefused."""
    try:
        read = tomllib.loads(text)
        items = sorted((_item(raw, read["rrule"]) for raw in read["items"]), key=lambda i: i.start)
        template = DayTemplate(read["name"], read["title_vi"], read["title_en"], tuple(items))
        template.rules(name, date(2026, 1, 1))
    except KeyError as missing:
        raise TemplateRefused(name, f"{missing} ?") from None
    except (ScheduleError, TypeError, ValueError) as wrong:
        raise TemplateRefused(name, str(wrong)) from wrong
    if template.name != name or len({item.key for item in items}) != len(items):
        raise TemplateRefused(name, f"name = {template.name}; keys: {[item.key for item in items]}")
    return template


def _item(raw: dict[str, Any], rrule: str) -> TemplateItem:
    if raw["kind"] not in _KINDS:
        raise ValueError(f"kind = {raw['kind']}; {' | '.join(_KINDS)}")
    return TemplateItem(
        key=raw["key"],
        title_vi=raw["title_vi"],
        title_en=raw["title_en"],
        kind=raw["kind"],
        origin=Origin(raw["origin"]),
        start=raw["start"],
        duration=timedelta(minutes=raw["minutes"]),
        rrule=raw.get("rrule", rrule),
        broadcast_class=BroadcastClass(raw.get("class", "normal")),
    )


def _rule(item: TemplateItem, prefix: str, first_day: date, zone: str) -> Rule:
    return Rule(
        id=f"{prefix}-{item.key}",
        dtstart=datetime.combine(first_day, item.start),
        duration=item.duration,
        zone=zone,
        rrule=item.rrule,
    )
