"""Whom an alert is for: areas and shapes become clusters, each with the reason why or why not.

The judgement itself is `wire.target.why`, which every device makes too.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.errors import NobodyHears
from controller.errors import Invalid
from controller.listing import Listing, below
from controller.programmes.service import origin_of
from controller.stations.models import Cluster, Output
from wire.alert import Target
from wire.message import Origin
from wire.target import Why, position, why

WIDE = frozenset({Origin.CENTRAL, Origin.PROVINCE, Origin.DISTRICT})


class Place(NamedTuple):
    """A cluster, where it stands, and why it would sound or not."""

    cluster_id: str
    name: str
    area_id: str
    device_id: str
    latitude: float | None
    longitude: float | None
    why: Why


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who hears an alert that is published on `publish_area_id`.

    Every cluster of the area that speaks is in `places`, with its reason. `is_wide` is above
    commune level.
    """

    publish_area_id: str
    publish_area_name: str
    is_wide: bool
    target: Target
    places: tuple[Place, ...]

    @property
    def hearing(self) -> tuple[Place, ...]:
        """Return the clusters that would sound."""
        return tuple(place for place in self.places if place.why.sounds)

    @property
    def without_position(self) -> tuple[Place, ...]:
        """Return the clusters that a shape may mean, but whose position nobody has entered."""
        return tuple(place for place in self.places if place.why is Why.NO_POSITION)

    @property
    def by_area(self) -> dict[str, int]:
        """Return how many clusters would sound in each area that has one."""
        return dict(Counter(place.area_id for place in self.hearing))


def resolve(session: Session, area: Area, target: Target) -> Resolved:
    """Return who in an area and below hears a target.

    Raises Missing or Invalid for a named area that is not in `area`, NobodyHears for none.
    """
    named = [_inside(session, area, name) for name in target.areas]
    for name in target.exceptions:
        _inside(session, area, name)
    places = tuple(_judged(session, area, target, _below(area)))
    hearing = {one.area_id for one in places if one.why.sounds}
    if not hearing:
        raise NobodyHears
    shaped = _paths(session, area, hearing) if target.shapes else ()
    common = find_area(session, _common([*(one.path for one in named), *shaped])[-1])
    return Resolved(common.id, common.name, origin_of(common) in WIDE, target, places)


def places_of(session: Session, publish_area_id: str, target: Target) -> tuple[Place, ...]:
    """Return every cluster below the area of an alert, each judged as its device judges it."""
    area = find_area(session, publish_area_id)
    return tuple(_judged(session, area, target, _below(area)))


def areas_of(session: Session, publish_area_id: str, target: Target) -> dict[str, Why]:
    """Return why the clusters of each area below would sound, of a target without shapes."""
    area = find_area(session, publish_area_id)
    rows = select(Area.id, Area.path).where(Area.path.startswith(area.path, autoescape=True))
    judged = {
        name: why(area.id, target, path.strip("/").split("/"), None)
        for name, path in session.execute(rows)
    }
    return {name: its for name, its in judged.items() if its.sounds}


def place_of(
    session: Session, publish_area_id: str, target: Target, cluster_id: str
) -> Place | None:
    """Return one cluster below the area of an alert, judged, None where there is no such one."""
    area = find_area(session, publish_area_id)
    return next(_judged(session, area, target, _below(area).where(Cluster.id == cluster_id)), None)


def some_places(
    session: Session,
    publish_area_id: str,
    target: Target,
    tops: Iterable[str],
    *,
    search: str = "",
    limit: int,
    offset: int,
) -> Listing[Place]:
    """Return one page of the clusters below the area of an alert, judged, by area and id.

    Only those in the subtrees of `tops` (paths of areas), and whose name or area's name has
    `search` in it.
    """
    area = find_area(session, publish_area_id)
    rows = _below(area).where(below(Area.path, tops))
    if search:
        names = (Cluster.name, Area.name)
        rows = rows.where(or_(*(name.icontains(search, autoescape=True) for name in names)))
    total = session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    found = _judged(session, area, target, rows.limit(limit).offset(offset))
    return Listing(tuple(found), total)


Clusters = Select[str, str, str, str, float | None, float | None, str]


def _judged(session: Session, area: Area, target: Target, clusters: Clusters) -> Iterator[Place]:
    """Yield clusters below an area, judged, area by area."""
    for path, rows in groupby(session.execute(clusters), key=itemgetter(6)):
        above = path.strip("/").split("/")
        if target.shapes:
            yield from (Place(*r[:6], why(area.id, target, above, position(*r[4:6]))) for r in rows)
        else:  # all of an area alike
            its = why(area.id, target, above, None)
            yield from (Place(*row[:6], its) for row in rows)


def _paths(session: Session, area: Area, ids: Collection[str]) -> list[str]:
    rows = select(Area.id, Area.path).where(Area.path.startswith(area.path, autoescape=True))
    return [path for name, path in session.execute(rows) if name in ids]


def _below(area: Area) -> Clusters:
    return (
        select(
            Cluster.id,
            Cluster.name,
            Cluster.area_id,
            Output.device_id,
            Cluster.latitude,
            Cluster.longitude,
            Area.path,
        )
        .join(Output, Output.id == Cluster.output_id)
        .join(Area, Area.id == Cluster.area_id)
        .where(Area.path.startswith(area.path, autoescape=True))
        .order_by(Area.path, Cluster.id)
    )


def _inside(session: Session, area: Area, name: str) -> Area:
    found = find_area(session, name)
    if not found.path.startswith(area.path):
        raise Invalid(
            field="areas",
            why_vi=f"{found.name} không thuộc {area.name}",
            why_en=f"{found.name} is not in {area.name}",
        )
    return found


def _common(paths: Iterable[str]) -> list[str]:
    chains = [path.strip("/").split("/") for path in paths]
    shortest = min(chains, key=len)
    depth = 0
    while depth < len(shortest) and len({chain[depth] for chain in chains}) == 1:
        depth += 1
    return shortest[:depth]
