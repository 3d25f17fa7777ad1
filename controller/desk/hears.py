"""Who would hear an alert, in numbers and places, before it is released.

The judgement is `emergencies.target`, the same as the device's; a form that means nobody yet is no
error here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from controller.areas.service import names_of
from controller.emergencies.target import Place
from controller.errors import Invalid
from wire.alert import Shape
from wire.target import Why

_SHAPES: TypeAdapter[tuple[Shape, ...]] = TypeAdapter(tuple[Shape, ...])


@dataclass(frozen=True, slots=True)
class Hears:
    """The clusters that would sound: how many, by area, which; and those without a position."""

    clusters: int
    places: tuple[tuple[str, int], ...]
    ids: tuple[str, ...]
    without_position: int


NOBODY = Hears(0, (), (), 0)


def hears(session: Session, places: Iterable[Place]) -> Hears:
    """Count judged places by the name of their area."""
    found = tuple(places)
    sounding = [place for place in found if place.why.sounds]
    ids = {place.area_id for place in sounding}
    names = names_of(session, ids)
    by_area = dict.fromkeys((place.area_id for place in sounding), 0)
    for place in sounding:
        by_area[place.area_id] += 1
    return Hears(
        clusters=len(sounding),
        places=tuple((names[area], count) for area, count in by_area.items()),
        ids=tuple(place.cluster_id for place in sounding),
        without_position=sum(place.why is Why.NO_POSITION for place in found),
    )


def shapes_in(text: str) -> tuple[Shape, ...]:
    """Return the shapes that a form holds as JSON, as `wire.alert` has them; raises Invalid."""
    try:
        return _SHAPES.validate_json(text or "[]")
    except ValidationError as error:
        raise Invalid(
            field="shapes", why_vi="không phải hình vẽ", why_en="are no shapes"
        ) from error
