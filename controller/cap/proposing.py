"""What an officer is offered of an accepted warning: a draft for the clusters that it meets.

A proposal is a draft that nobody made yet: it costs no voice and sounds nowhere. The officer who
takes it up drafts the alert in their own name, and releases it by the ordinary rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.cap.geocodes import Schemes
from controller.cap.judging import Verdict
from controller.cap.languages import in_languages
from controller.cap.matching import Index, Resolved, resolve_target
from controller.cap.message import Info, Message
from controller.cap.places import cluster_spots, gazetteer
from controller.emergencies.content import LATEST_START, LONGEST_MINUTES, LONGEST_TEXT, Draft
from controller.emergencies.hazards import HAZARDS
from wire.alert import Hazard

ALWAYS = "vi"


@dataclass(frozen=True, slots=True)
class Offer:
    """A draft (values of `Draft`), the clusters that would sound, and until when it makes sense."""

    draft: dict[str, Any]
    clusters: tuple[str, ...]
    ends_at: datetime


def offer_of(
    session: Session,
    area: Area,
    verdict: Verdict,
    name: str,
    now: datetime,
    schemes: Schemes | None = None,
) -> Offer | None:
    """Return what an accepted alert or update means below an area, None when it meets no cluster.

    `name` is that of the source: it is named where the warning has no Vietnamese words.
    """
    message = verdict.message
    infos = message.infos_in_force(now) if message else ()
    if message is None or not infos:
        return None
    resolved = resolve_target(infos, gazetteer(session, now.date()), schemes)
    areas = _areas_below(session, area, resolved)
    target = resolved.target.model_copy(update={"areas": areas})
    spots = [spot for spot in cluster_spots(session) if area.id in spot.chain]
    clusters = tuple(match.spot.id for match in Index(spots).matches(target))
    if not clusters:
        return None
    hazard, level = verdict.hazard or Hazard.OTHER, verdict.level or 1
    draft = {
        "area_id": area.id,
        "status": "real",
        "hazard": hazard.value,
        "level": level,
        "texts": _texts(infos, area, hazard, level, name),
        "areas": list(areas),
        "shapes": [shape.model_dump(mode="json") for shape in target.shapes],
        **_times(message, infos, now),
    }
    return Offer(draft, clusters, max(message.ends_at(info) for info in infos))


def draft_from(values: dict[str, Any], now: datetime) -> Draft:
    """Return a kept draft for the present: a beginning that has passed is at once."""
    starts_at = datetime.fromisoformat(values["starts_at"]) if values["starts_at"] else None
    starts_at = starts_at if starts_at is not None and starts_at > now else None
    lists = {name: tuple(values[name]) for name in ("areas", "shapes")}
    return Draft(**values | lists | {"starts_at": starts_at})


def _areas_below(session: Session, area: Area, resolved: Resolved) -> tuple[str, ...]:
    """Return the named areas in `area`; what is named above it means all of it."""
    chain = set(area.path.strip("/").split("/"))
    named = [find_area(session, one) for one in resolved.target.areas]
    if any(one.id in chain for one in named):
        return (area.id,)
    return tuple(one.id for one in named if one.path.startswith(area.path))


def _texts(
    infos: tuple[Info, ...], area: Area, hazard: Hazard, level: int, name: str
) -> dict[str, str]:
    """Return the words in the languages of the area; Vietnamese is always there."""
    wanted = dict.fromkeys([ALWAYS, *(area.languages or ALWAYS).split()])
    spoken = in_languages(infos, wanted)
    texts = {language: _words(spoken[language]) for language in wanted if language in spoken}
    if not texts.get(ALWAYS):
        named = HAZARDS[hazard].vi
        texts[ALWAYS] = f"{named}, cấp độ rủi ro thiên tai {level}. Cảnh báo của {name}."
    return {language: text for language, text in texts.items() if text}


def _words(infos: Iterable[Info]) -> str:
    """Return what is to be said, each sentence once and nothing cut within a word."""
    parts = [part for one in infos for part in (one.headline, one.description, one.instruction)]
    said = ""
    for part in dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()):
        ended = part if part[-1] in ".!?…:" else f"{part}."
        said = f"{said} {ended}".strip()
    if len(said) <= LONGEST_TEXT:
        return said
    return said[:LONGEST_TEXT].rpartition(" ")[0]


def _times(message: Message, infos: tuple[Info, ...], now: datetime) -> dict[str, Any]:
    starts_at = min(message.starts_at(info) for info in infos)
    ends_at = max(message.ends_at(info) for info in infos)
    is_later = now < starts_at <= now + LATEST_START
    span = ends_at - (starts_at if is_later else now)
    minutes = max(1, min(LONGEST_MINUTES, int(span / timedelta(minutes=1))))
    return {"starts_at": starts_at.isoformat() if is_later else None, "minutes": minutes}
