"""Polygons and circles: as CAP writes them, and as the wire carries them."""

import re

from controller.cap.message import Place, Point, Ring, Shape
from controller.cap.reasons import CapRefused, Reason, because
from wire.alert import Circle, Polygon
from wire.target import distance_m

NUMBER = re.compile(r"[-+]?\d{1,7}(?:\.\d{0,20})?")
POSITIONS = re.compile(
    rf"(?:{NUMBER.pattern},{NUMBER.pattern}\s+)*{NUMBER.pattern},{NUMBER.pattern}"
)
MAX_POINTS = 2000
MAX_RADIUS_M = 2_000_000
SMALLEST_STEP_M = 10.0


def ring(text: str) -> Ring:
    """Return the ring of a `polygon` ("lat,lon lat,lon ..."), or raise `CapRefused`.

    It has four points at least, the last is the first, and all are on Earth.
    """
    points = _quickly(text) or tuple(map(_position, text.split()))
    if len(points) < 4:
        raise CapRefused("polygon", detail=f"{len(points)} < 4")
    if points[0] != points[-1]:
        raise CapRefused("polygon", detail=f"{points[0]} ... {points[-1]}")
    return points


def circle(text: str) -> Point:
    """Return a `circle` ("lat,lon radius" in kilometres), or raise `CapRefused`."""
    parts = text.split()
    if len(parts) != 2 or not NUMBER.fullmatch(parts[1]):
        raise CapRefused("circle", detail=text)
    latitude, longitude = _position(parts[0], "circle")
    radius_m = round(float(parts[1]) * 1000, 3)  # 1.001 km is 1001 m, not 1000.9999999999999
    if radius_m < 0:
        raise CapRefused("circle", detail=text)
    return Point(latitude, longitude, radius_m)


def is_point(one: Point) -> bool:
    """Whether a circle has no extent."""
    return one.radius_m == 0


def shapes_of(place: Place) -> tuple[tuple[Shape, ...], tuple[Reason, ...]]:
    """Return the shapes of a place for the wire, and notes on those that had to be left out."""
    shapes: list[Shape] = []
    notes: list[Reason] = []
    for one in place.circles:
        if is_point(one):
            notes.append(because("point"))
        elif one.radius_m > MAX_RADIUS_M:
            notes.append(because("shape_unusable"))
        else:
            shapes.append(
                Circle(latitude=one.latitude, longitude=one.longitude, radius_m=one.radius_m)
            )
    for points in place.polygons:
        if max(lon for _, lon in points) - min(lon for _, lon in points) > 180:
            notes.append(because("shape_unusable"))
            continue
        kept, tolerance_m = thinned(points)
        if kept != points:
            notes.append(
                because("polygon_thinned", points=len(points), tolerance_m=round(tolerance_m))
            )
        shapes.append(Polygon(points=kept))
    return tuple(shapes), tuple(notes)


def thinned(points: Ring, most: int = MAX_POINTS) -> tuple[Ring, float]:
    """Return a ring of at most `most` points, and how far at most a dropped point is from it."""
    kept, step_m = points, 0.0
    while len(kept) > most:
        step_m = step_m * 2 or SMALLEST_STEP_M
        kept = _steps(points, step_m)
    return kept, step_m


def _steps(points: Ring, step_m: float) -> Ring:
    """Keep a point when it is a step away from the last kept; a ring keeps four points at least."""
    kept = [points[0]]
    for point in points[1:-1]:
        if distance_m(kept[-1], point) >= step_m:
            kept.append(point)
    while len(kept) < 3:
        kept.append(points[len(points) // 3 * len(kept)])
    return (*kept, points[-1])


def _quickly(text: str) -> Ring:
    """Return the points of a text that is right throughout, else none; the slow way finds where."""
    if not POSITIONS.fullmatch(text):
        return ()
    numbers = list(map(float, text.replace(",", " ").split()))
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return points if all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in points) else ()


def _position(text: str, of: str = "polygon") -> tuple[float, float]:
    latitude, comma, longitude = text.partition(",")
    if not (comma and NUMBER.fullmatch(latitude) and NUMBER.fullmatch(longitude)):
        raise CapRefused(of, detail=text)
    at = float(latitude), float(longitude)
    if abs(at[0]) > 90 or abs(at[1]) > 180:
        raise CapRefused(of, detail=text)
    return at
