"""Which cluster an alert is for, and why: the one judgement of controller and device.

Plane geometry on degrees for polygons, which is right for shapes of a few hundred kilometres away
from the poles and the date line; great circles on a sphere for circles.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from wire.alert import Circle, Polygon, Shape, Target

EARTH_RADIUS_M = 6_371_008.8
Position = tuple[float, float]
"""Latitude and longitude in WGS 84 degrees."""


def position(latitude: float | None, longitude: float | None) -> Position | None:
    """Return a place, None where either part of it is unknown."""
    return None if latitude is None or longitude is None else (latitude, longitude)


class Why(StrEnum):
    """Why a cluster sounds, or does not."""

    IN_AREA = "in_area"
    IN_SHAPE = "in_shape"
    ELSEWHERE = "elsewhere"
    OUTSIDE = "outside"
    EXCEPTED = "excepted"
    NO_POSITION = "no_position"

    @property
    def sounds(self) -> bool:
        """Whether the cluster is meant."""
        return self in {Why.IN_AREA, Why.IN_SHAPE}


def why(area: str, target: Target, chain: Sequence[str], position: Position | None) -> Why:
    """Return why a cluster with this area chain and position sounds at an alert, or does not.

    A target only narrows `area`; one that names nothing means nobody. A cluster without a position
    is in no shape, and that is said.
    """
    if area not in chain:
        return Why.ELSEWHERE
    if not set(target.exceptions).isdisjoint(chain):
        return Why.EXCEPTED
    if not set(target.areas).isdisjoint(chain):
        return Why.IN_AREA
    if not target.shapes:
        return Why.ELSEWHERE
    if position is None:
        return Why.NO_POSITION
    return Why.IN_SHAPE if any(holds(shape, position) for shape in target.shapes) else Why.OUTSIDE


def holds(shape: Shape, at: Position) -> bool:
    """Return whether a place lies in a shape or on its edge."""
    match shape:
        case Circle():
            return distance_m((shape.latitude, shape.longitude), at) <= shape.radius_m
        case Polygon():
            return _in_ring(shape.points, at)


def distance_m(one: Position, other: Position) -> float:
    """Return the distance between two places along the surface, in metres (haversine)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def _in_ring(points: Sequence[Position], at: Position) -> bool:
    """Count the edges that a ray to the east crosses; a place on an edge is inside."""
    y, x = at
    is_inside = False
    for (y1, x1), (y2, x2) in pairwise([*points, points[0]]):
        across = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
        is_between = min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)
        if across == 0 and is_between:
            return True
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            is_inside = not is_inside
    return is_inside
