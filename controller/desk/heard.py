"""Who would hear an alert with a target, before it is released: counted by the device's own judgement."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.errors import Invalid
from controller.people.rights import Actor
from controller.stations.models import Cluster
from controller.stations.sight import clusters_in_sight
from wire.alert import Shape, Target
from wire.target import Why, why

_SHAPES: TypeAdapter[tuple[Shape, ...]] = TypeAdapter(tuple[Shape, ...])


@dataclass(frozen=True, slots=True)
class Heard:
    """The clusters that would sound, by village, and those left out only for want of a position."""

    clusters: int
    villages: tuple[tuple[str, int], ...]
    ids: tuple[str, ...]
    without_position: int


def shapes_in(text: str) -> tuple[Shape, ...]:
    """Return the shapes that a form holds as JSON, as `wire.alert` has them; raises Invalid."""
    try:
        return _SHAPES.validate_json(text or "[]")
    except ValidationError as error:
        raise Invalid(
            field="shapes", why_vi="không phải hình vẽ", why_en="are no shapes"
        ) from error


def heard(
    session: Session, actor: Actor, areas: Iterable[str], shapes: Iterable[Shape] = ()
) -> Heard:
    """Return who hears, of the clusters that the actor can see; never who hears of a neighbour."""
    target = Target(areas=tuple(areas), shapes=tuple(shapes))
    columns = (Cluster.id, Cluster.latitude, Cluster.longitude, Area.path, Area.name)
    rows = clusters_in_sight(actor).with_only_columns(*columns)
    ids, villages, without_position = list[str](), dict[str, int](), 0
    for cluster_id, latitude, longitude, path, name in session.execute(rows):
        chain = path.strip("/").split("/")
        position = None if latitude is None else (latitude, longitude)
        reason = why(chain[0], target, chain, position)
        without_position += reason == Why.NO_POSITION
        if reason.sounds:
            ids.append(cluster_id)
            villages[name] = villages.get(name, 0) + 1
    return Heard(len(ids), tuple(sorted(villages.items())), tuple(ids), without_position)
