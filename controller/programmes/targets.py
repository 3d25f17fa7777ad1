"""Where a schedule rule sends its programme: areas and clusters, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import effective_policy
from controller.people.rights import Actor, paths_for
from controller.programmes.errors import NothingToCome, OnlyInHardStop
from controller.programmes.models import ScheduleRule
from controller.programmes.rules import next_occurrences
from controller.stations.models import Cluster
from schedules.filters import Hours, Policy, day_hours
from schedules.rules import Rule
from wire.message import BroadcastClass


@dataclass(frozen=True, slots=True)
class Targets:
    """The targeted areas by id, and the area of each targeted cluster by the cluster's id."""

    areas: dict[str, Area]
    clusters: dict[str, Area]

    @property
    def places(self) -> tuple[Area, ...]:
        """Return the areas concerned, each once."""
        found = {area.id: area for area in (*self.areas.values(), *self.clusters.values())}
        return tuple(found[name] for name in sorted(found))

    def __or__(self, other: "Targets") -> "Targets":
        return Targets(self.areas | other.areas, self.clusters | other.clusters)


def targets_of(session: Session, row: ScheduleRule) -> Targets:
    """Return what exists of a rule's targets."""
    return targets_of_all(session, [row])[0]


def targets_of_all(session: Session, rows: Sequence[ScheduleRule]) -> list[Targets]:
    """Return the targets of many rules, in their order, with two queries."""
    areas = {name for row in rows for name in row.target_areas}
    clusters = {name for row in rows for name in row.target_clusters}
    known = {one.id: one for one in session.scalars(select(Area).where(Area.id.in_(areas)))}
    placed = session.execute(
        select(Cluster.id, Area)
        .join(Area, Area.id == Cluster.area_id)
        .where(Cluster.id.in_(clusters))
    )
    places = {one[0]: one[1] for one in placed}
    return [
        Targets(
            {name: known[name] for name in row.target_areas if name in known},
            {name: places[name] for name in row.target_clusters if name in places},
        )
        for row in rows
    ]


def overlaps(targets: Targets, actor: Actor) -> bool:
    """Return whether a target lies in an area of the actor, or holds one."""
    tops = paths_for(actor, "view")
    return any(
        area.path.startswith(top) or top.startswith(area.path)
        for area in targets.places
        for top in tops
    )


def refuse_silent(
    session: Session, rule: Rule, targets: Targets, broadcast_class: str, now: datetime
) -> None:
    """Raise NothingToCome or OnlyInHardStop for a rule whose next ten occurrences play nowhere."""
    coming = next_occurrences(rule, now)
    if not coming:
        raise NothingToCome
    first, last = coming[0].start.date(), coming[-1].end.date()
    is_emergency = broadcast_class == BroadcastClass.EMERGENCY
    hours: Hours | None = None
    for policy in {_policy(session, area, rule.zone) for area in targets.places}:
        day = day_hours(policy, first, last)
        if any(day.admit((one.start, one.end), is_emergency=is_emergency)[0] for one in coming):
            return
        hours = policy.hard_stop
    raise OnlyInHardStop(hours=f"{hours.start:%H:%M}-{hours.end:%H:%M}" if hours else "")


def _policy(session: Session, area: Area, zone: str) -> Policy:
    held = effective_policy(session, area)
    start, end = held.hard_stop_from, held.hard_stop_until
    return Policy(zone=zone, hard_stop=Hours(start, end) if start != end else None)
