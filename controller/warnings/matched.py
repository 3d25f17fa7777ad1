"""Which of our areas and clusters a warning would sound at, by name, and why.

The judgement is `cap.matching`, as everywhere; here it is asked for the area of one source and put
into the names that people know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import names_of
from controller.cap.geocodes import Schemes
from controller.cap.matching import Index, Match, Resolved, Spot, resolve_target
from controller.cap.message import Info
from controller.cap.places import gazetteer
from controller.cap.reasons import Reason
from controller.stations.models import Cluster
from wire.alert import Shape
from wire.target import Position, position

SHAPE = "shape"


@dataclass(frozen=True, slots=True)
class Sounds:
    """A cluster or area that a warning means; `area` names it, by `code`, where no shape does."""

    id: str
    name: str
    within: str
    area: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class OnMap:
    """A cluster with its place, and whether it would sound."""

    name: str
    at: Position
    is_meant: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """What a warning means below an area."""

    clusters: tuple[Sounds, ...] = ()
    areas: tuple[Sounds, ...] = ()
    notes: tuple[Reason, ...] = ()
    on_map: tuple[OnMap, ...] = ()
    shapes: tuple[Shape, ...] = ()


def match(
    session: Session, area: Area, infos: Iterable[Info], schemes: Schemes, today: date
) -> Matched:
    """Return what some infos mean below an area: all its clusters are judged, and its areas."""
    resolved = resolve_target(infos, gazetteer(session, today), schemes)
    areas, clusters = _areas(session, area, today), _clusters(session, area)
    names = {one.spot.id: one.name for one in areas}
    names |= names_of(session, resolved.target.areas)
    found = Index(one.spot for one in clusters).matches(resolved.target)
    meant = {one.spot.id for one in found}
    return Matched(
        clusters=_named(found, clusters, resolved, names),
        areas=_named(
            Index(one.spot for one in areas).matches(resolved.target), areas, resolved, names
        ),
        notes=resolved.notes,
        on_map=tuple(
            OnMap(one.name, one.spot.position, one.spot.id in meant)
            for one in clusters
            if one.spot.position is not None
        ),
        shapes=resolved.target.shapes,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    spot: Spot
    name: str
    within: str


def _named(
    found: Iterable[Match], known: Iterable[_Known], resolved: Resolved, names: Mapping[str, str]
) -> tuple[Sounds, ...]:
    by_id = {one.spot.id: one for one in known}
    return tuple(
        Sounds(
            id=one.spot.id,
            name=by_id[one.spot.id].name,
            within=by_id[one.spot.id].within,
            area="" if one.by == SHAPE else names.get(one.by, one.by),
            code=" ".join(resolved.named.get(one.by, ())),
        )
        for one in found
    )


def _clusters(session: Session, area: Area) -> list[_Known]:
    rows = session.execute(
        select(Cluster.id, Cluster.name, Area.name, Area.path, Cluster.latitude, Cluster.longitude)
        .join(Area, Area.id == Cluster.area_id)
        .where(Area.path.startswith(area.path, autoescape=True))
        .order_by(Area.path, Cluster.name, Cluster.id)
    )
    return [
        _Known(Spot(row[0], _chain(row[3]), position(row[4], row[5])), row[1], row[2])
        for row in rows
    ]


def _areas(session: Session, area: Area, today: date) -> list[_Known]:
    rows = session.execute(
        select(Area.id, Area.name, Area.path, Area.latitude, Area.longitude)
        .where(Area.path.startswith(area.path, autoescape=True))
        .where(Area.valid_until.is_(None) | (Area.valid_until > today))
        .order_by(Area.path)
    ).all()
    names = {row[0]: row[1] for row in rows}
    return [
        _Known(
            Spot(row[0], _chain(row[2]), position(row[3], row[4])),
            row[1],
            names.get((*_chain(row[2])[-2:-1], "")[0], ""),
        )
        for row in rows
    ]


def _chain(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))
