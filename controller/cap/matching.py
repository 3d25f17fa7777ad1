"""Which areas and clusters a warning would sound at, each with its why.

The answer is the wire's own (`wire/target.py`), so that it is the device's: `judged` asks it, and
`Index` gives the same (the tests compare them) without asking every edge about every cluster. A
grid finds the candidates of a shape, and bands of latitude the edges that a place can meet.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile

from controller.cap.bands import Banded
from controller.cap.geocodes import Gazetteer, Schemes, resolve, shipped_schemes
from controller.cap.message import Info, Message, Shape
from controller.cap.reasons import Reason, because
from controller.cap.shapes import shapes_of
from wire.alert import Circle, Polygon, Target
from wire.target import EARTH_RADIUS_M, Position, Why, why
from wire.target import holds as wire_holds

CELL_DEGREES = 0.25
NOWHERE = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Spot:
    """A cluster, or an area by its middle. `chain` is that of its area, from the top down."""

    id: str
    chain: tuple[str, ...]
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a message names, in the words of the wire, and what of it could not be used."""

    target: Target
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A spot that would sound; `by` is the area or the kind of shape that meets it."""

    spot: Spot
    why: Why
    by: str


def resolve_target(
    infos: Iterable[Info], gazetteer: Gazetteer, schemes: Schemes | None = None
) -> Resolved:
    """Return the target of some infos: any of their codes, polygons and circles."""
    named: dict[str, tuple[str, str]] = {}
    shapes: dict[Shape, None] = {}
    notes: list[Reason] = []
    for place in (place for info in infos for place in info.places):
        found, unknown = resolve(place.geocodes, gazetteer, schemes or shipped_schemes())
        drawn, unusable = shapes_of(place)
        named |= found
        shapes |= dict.fromkeys(drawn)
        notes += [*unknown, *unusable]
    if not named and not shapes:
        notes.append(because("no_place"))
    target = Target(areas=tuple(named), shapes=tuple(shapes))
    return Resolved(target, named, tuple(dict.fromkeys(notes)))


def target_of(message: Message, gazetteer: Gazetteer, schemes: Schemes | None = None) -> Resolved:
    """Return the target of a whole message: its infos say one thing in several languages."""
    return resolve_target(message.infos, gazetteer, schemes)


class Index:
    """Spots by cell of a grid, and by the areas they stand in. Built once, read by any thread."""

    def __init__(self, spots: Iterable[Spot]) -> None:
        self._spots = tuple(spots)
        self._cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._areas: dict[str, list[int]] = defaultdict(list)
        for number, spot in enumerate(self._spots):
            if spot.position is not None:
                self._cells[_cell(*spot.position)].append(number)
            for area in spot.chain:
                self._areas[area].append(number)

    def matches(self, target: Target) -> list[Match]:
        """Return what would sound, in the order of the spots."""
        numbers = {one for area in target.areas for one in self._areas.get(area, ())}
        for shape in target.shapes:
            holds = (
                Banded(shape).holds if isinstance(shape, Polygon) else partial(wire_holds, shape)
            )
            numbers.update(
                one for one in self._near(shape) if holds(self._spots[one].position or NOWHERE)
            )
        return [one for number in sorted(numbers) if (one := _found(self._spots[number], target))]

    def _near(self, shape: Shape) -> Iterator[int]:
        """Give the spots in every cell that the box around a shape touches."""
        south, north, boxes = _box(shape)
        rows = range(_row(south), _row(north) + 1)
        for west, east in boxes:
            columns = range(_row(west), _row(east) + 1)
            if len(rows) * len(columns) > len(self._cells):
                wanted = [one for one in self._cells if one[0] in rows and one[1] in columns]
            else:
                wanted = [(row, column) for row in rows for column in columns]
            for cell in wanted:
                yield from self._cells.get(cell, ())


def _found(spot: Spot, target: Target) -> Match | None:
    """Return the match of a spot that is in an area or a shape, unless it is excepted."""
    if not set(target.exceptions).isdisjoint(spot.chain):
        return None
    area = next((area for area in reversed(spot.chain) if area in target.areas), "")
    return Match(spot, Why.IN_AREA if area else Why.IN_SHAPE, area or "shape")


def judged(spot: Spot, target: Target) -> Match | None:
    """Return why one spot sounds, or None, by the device's own rule: slow, and the reference."""
    if not spot.chain:
        return None
    answer = why(spot.chain[0], target, spot.chain, spot.position)
    if not answer.sounds:
        return None
    area = next((area for area in reversed(spot.chain) if area in target.areas), "")
    return Match(spot, answer, area or "shape")


def smallest_common_area(chains: Iterable[Sequence[str]]) -> str | None:
    """Return the lowest area that all chains share: where the alert is published."""
    shared: list[str] | None = None
    for chain in chains:
        if shared is None:
            shared = list(chain)
        pairs = zip(shared, chain, strict=False)
        shared = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    return shared[-1] if shared else None


def _cell(latitude: float, longitude: float) -> tuple[int, int]:
    return _row(latitude), _row(longitude)


def _row(degrees: float) -> int:
    return math.floor(degrees / CELL_DEGREES)


def _box(shape: Shape) -> tuple[float, float, list[tuple[float, float]]]:
    """Return south, north, and the spans of longitude of a box that surely holds the shape."""
    if not isinstance(shape, Circle):
        latitudes, longitudes = zip(*shape.points, strict=True)
        return min(latitudes), max(latitudes), [(min(longitudes), max(longitudes))]
    reach = shape.radius_m / EARTH_RADIUS_M * 1.001 + 1e-9
    south, north = (shape.latitude + math.degrees(sign * reach) for sign in (-1, 1))
    if south <= -90 or north >= 90:
        return max(south, -90), min(north, 90), [(-180, 180)]
    wide = math.degrees(
        math.asin(min(1.0, math.sin(reach) / math.cos(math.radians(shape.latitude))))
    )
    west, east = shape.longitude - wide - 1e-9, shape.longitude + wide + 1e-9
    if west < -180:
        return south, north, [(west + 360, 180), (-180, east)]
    if east > 180:
        return south, north, [(west, 180), (-180, east - 360)]
    return south, north, [(west, east)]
