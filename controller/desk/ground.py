"""What lies on the ground: clusters and areas with a position, for drawing and for counting.

Read only, and only what the actor can see. Which cluster a target means is `wire.target.why`: the
same judgement as the device's.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.listing import below
from controller.people.rights import Actor, paths_for
from controller.stations.models import Cluster
from controller.stations.sight import clusters_in_sight

MOST_CLUSTERS = 5000
MOST_AREAS = 500


@dataclass(frozen=True, slots=True)
class Ground:
    """Points to draw over, as JSON: `id` and `name` with `at`, latitude and longitude."""

    clusters: tuple[dict[str, Any], ...]
    areas: tuple[dict[str, Any], ...]


def ground(session: Session, actor: Actor) -> Ground:
    """Return the clusters and areas with a position in the actor's areas; at most 5,000 and 500."""
    clusters = session.scalars(
        clusters_in_sight(actor).where(Cluster.latitude.is_not(None)).limit(MOST_CLUSTERS)
    )
    areas = session.scalars(
        select(Area)
        .where(
            below(Area.path, paths_for(actor, "view")),
            Area.latitude.is_not(None),
            Area.valid_until.is_(None),
        )
        .order_by(Area.path)
        .limit(MOST_AREAS)
    )
    return Ground(_points(clusters), _points(areas))


def _points(rows: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"id": row.id, "name": row.name, "at": [row.latitude, row.longitude]} for row in rows
    )
