"""How an area has its texts read aloud: voice, speed, pitch, the words of its region, its names.

The one answer for bulletins and alerts alike. Each part comes from the nearest area upward that
sets it; an area that names a region also takes back the words that areas above it had chosen.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Invalid
from controller.library.models import AreaReading
from controller.library.speech import Manner, Normaliser, SpokenText, Tell
from controller.people import audit
from controller.people.rights import Actor, require
from controller.pronunciation.service import dictionaries_for
from controller.speech import Dictionary, Entry, Region, Settings, Spoken, normalise, settings_of

MANNER = ("voice", "speed", "pitch")
WORDS = {"thousand": ("nghìn", "ngàn"), "empty_tens": ("linh", "lẻ"), "early_day": ("mùng", "mồng")}
"""The words that an area chooses, as `speech.Settings` has them."""
PARTS = (*MANNER, "region", *WORDS)
REGIONS: tuple[Region, ...] = get_args(Region)
SLOWEST, FASTEST, HIGHEST = 80, 300, 99


@dataclass(frozen=True, slots=True)
class Reading:
    """All that decides how a text sounds: who speaks, in which words, by which dictionaries."""

    manner: Manner = field(default_factory=Manner)
    settings: Settings = field(default_factory=Settings)
    dictionaries: tuple[Dictionary, ...] = ()

    def normalised(self, text: str) -> Spoken:
        """Return how the text is said, with what was changed and what is in doubt."""
        return normalise(text, self.settings, self.dictionaries)

    def nearer(self, entries: tuple[Entry, ...]) -> "Reading":
        """Return the same with entries that lie on all dictionaries, such as a bulletin's own."""
        if not entries:
            return self
        return replace(self, dictionaries=(*self.dictionaries, Dictionary(entries)))

    def telling(self, tell: Tell | None) -> Normaliser:
        """Return `in_words` that tells how a text was read, with what could not be."""
        if tell is None:
            return self.in_words

        def in_words(text: str) -> SpokenText:
            spoken = self.normalised(text)
            tell(spoken)
            return SpokenText(text, spoken.text)

        return in_words

    def in_words(self, text: str) -> SpokenText:
        """Return the same as the normaliser that `Reader.read` takes."""
        return SpokenText(text, self.normalised(text).text)


def reading_of(session: Session, area: Area) -> Reading:
    """Return how texts are read in an area, inherited parts included."""
    said = inherited(_rows(session, area))
    region = settings_of(said.get("region", "north"))
    words = {name: said.get(name, getattr(region, name)) for name in WORDS}
    manner = {name: said[name] for name in MANNER if name in said}
    return Reading(Manner(**manner), Settings(**words), dictionaries_for(session, area))


def own_reading(session: Session, area: Area) -> dict[str, Any]:
    """Return what the area itself sets, by the names of `PARTS`; None is taken from above."""
    row = session.get(AreaReading, area.id)
    return {name: getattr(row, name, None) for name in PARTS}


def effective_parts(session: Session, area: Area) -> dict[str, Any]:
    """Return what holds in the area, by the names of `PARTS`."""
    reading = reading_of(session, area)
    region = inherited(_rows(session, area)).get("region", "north")
    words = {name: getattr(reading.settings, name) for name in WORDS}
    return {name: getattr(reading.manner, name) for name in MANNER} | {"region": region} | words


def inherited(rows: Iterable[AreaReading]) -> dict[str, Any]:
    """Return the parts that hold at the end of a chain of areas (top first)."""
    said: dict[str, Any] = {}
    for row in rows:
        own = {name: value for name in PARTS if (value := getattr(row, name)) is not None}
        if "region" in own:
            said = {name: value for name, value in said.items() if name not in WORDS}
        said |= own
    return said


def set_reading(
    session: Session,
    *,
    actor: Actor,
    area_id: str,
    voices: Collection[str],
    now: datetime,
    **changes: Any,
) -> None:
    """Set parts of an area's reading; None takes a part from above, what is not named stays.

    `voices` are the ids of those on offer. Raises Missing, NotAllowed, Invalid.
    """
    area = find_area(session, area_id)
    require(actor, "area.policy", area)
    for name, value in changes.items():
        _check(name, value, voices)
    row = session.get(AreaReading, area.id) or AreaReading(area_id=area.id)
    for name, value in changes.items():
        setattr(row, name, value)
    row.changed_by, row.changed_at = actor.login, now
    session.add(row)
    session.flush()
    audit.record(session, now, actor.login, "area.reading", "area", area.id, area.id, changes)


def _rows(session: Session, area: Area) -> list[AreaReading]:
    rows = select(AreaReading).where(AreaReading.area_id.in_(area.chain))
    found = {row.area_id: row for row in session.scalars(rows)}
    return [found[area_id] for area_id in area.chain if area_id in found]


def _check(name: str, value: Any, voices: Collection[str]) -> None:
    if name not in PARTS:
        raise Invalid(field=name, why_vi="không sửa được", why_en="cannot be edited")
    if value is None:
        return
    match name:
        case "speed":
            _check_range(name, value, SLOWEST, FASTEST)
        case "pitch":
            _check_range(name, value, 0, HIGHEST)
        case "voice":
            _check_choice(name, value, voices)
        case "region":
            _check_choice(name, value, REGIONS)
        case _:
            _check_choice(name, value, WORDS[name])


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        why = f"{least}-{most}"
        raise Invalid(field=name, why_vi=f"cần trong khoảng {why}", why_en=f"must be {why}")


def _check_choice(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        among = ", ".join(sorted(known))
        raise Invalid(field=name, why_vi=f"chọn một trong {among}", why_en=f"one of {among}")
