"""Schedule rules as the console shows them, and the places that a rule can be sent to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.errors import ControllerError
from controller.listing import below
from controller.people.places import places
from controller.people.rights import Actor, paths_for
from controller.plans.network import on_air
from controller.programmes.errors import translated
from controller.programmes.models import ScheduleRule
from controller.programmes.rules import rule_of
from controller.programmes.schedule import occurrences_of
from controller.programmes.targets import targets_of
from controller.stations.models import Cluster
from schedules.explain import Sentence, explain_rule
from schedules.rules import Occurrence

MOST_CLUSTERS = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule with its sentence, its places, its next occurrences, or why it makes no sense."""

    row: ScheduleRule
    title: str
    says: Sentence
    places: tuple[str, ...]
    coming: tuple[Occurrence, ...]
    moved: tuple[tuple[str, str | None], ...]
    is_on_air: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An area to choose, with the number of clusters in it and below."""

    id: str
    name: str
    clusters: int


def shown(session: Session, row: ScheduleRule, now: datetime) -> Shown:
    """Return a rule for people."""
    targets = targets_of(session, row)
    names = [area.name for area in targets.areas.values()]
    clusters = session.scalars(select(Cluster.name).where(Cluster.id.in_(row.target_clusters)))
    try:
        coming = occurrences_of(session, row, now)
        with translated():
            says = explain_rule(rule_of(row, 1000))
    except ControllerError as error:
        coming, says = (), Sentence(error.sentence("vi"), error.sentence("en"))
    return Shown(
        row=row,
        title=row.programme.title,
        says=says,
        places=(*names, *clusters),
        coming=coming,
        moved=tuple(sorted(row.moves.items())),
        is_on_air=on_air(row.programme) is not None,
    )


def targets_on_offer(
    session: Session, actor: Actor, row: ScheduleRule | None = None
) -> tuple[Sequence[Place], Sequence[tuple[str, str]]]:
    """Return the areas and the clusters where the actor may schedule; at most 300 clusters.

    All that a stored rule targets is among them, so that no form can lose one.
    """
    own_areas, own_clusters = (row.target_areas, row.target_clusters) if row else ([], [])
    counts = _counts(session, actor)
    offered = dict(places(session, actor, "schedule.edit"))
    own = session.execute(select(Area.id, Area.name).where(Area.id.in_(own_areas)))
    offered = {area_id: name for area_id, name in own if area_id not in offered} | offered
    is_own = Cluster.id.in_(own_clusters)
    clusters = session.execute(
        select(Cluster.id, Cluster.name)
        .join(Area, Area.id == Cluster.area_id)
        .where(or_(is_own, below(Area.path, paths_for(actor, "schedule.edit"))))
        .order_by(is_own.desc(), Cluster.name)
        .limit(MOST_CLUSTERS + len(own_clusters))
    )
    areas = [Place(area_id, name, counts.get(area_id, 0)) for area_id, name in offered.items()]
    return areas, [(one.id, one.name) for one in clusters]


def _counts(session: Session, actor: Actor) -> dict[str, int]:
    """Return the number of clusters in and below each area, where the actor may schedule."""
    rows = session.execute(
        select(Area.path, func.count())
        .join(Cluster, Cluster.area_id == Area.id)
        .where(below(Area.path, paths_for(actor, "schedule.edit")))
        .group_by(Area.path)
    )
    counts: dict[str, int] = {}
    for path, count in rows:
        for area_id in path.strip("/").split("/"):
            counts[area_id] = counts.get(area_id, 0) + count
    return counts
