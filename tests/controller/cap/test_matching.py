"""Geometry against brute force, and geocodes against our areas (docs/promises.md R12)."""

import random

import pytest

from controller.cap.bands import Banded
from controller.cap.geocodes import Gazetteer, read_schemes, shipped_schemes
from controller.cap.matching import (
    Index,
    Spot,
    judged,
    resolve_target,
    smallest_common_area,
    target_of,
)
from controller.cap.meaning import understand
from controller.cap.message import Info, Place, Point
from controller.cap.reading import read
from controller.cap.shapes import MAX_POINTS, shapes_of, thinned
from tests.controller.cap.messages import cap, info, place
from wire.alert import Circle, Polygon, Target
from wire.target import Why, distance_m, holds

AREAS = Gazetteer(frozenset({"vn", "vn-31", "vn-31-1"}), {"31": "vn-31", "00001": "vn-31-1"})
MARKET = Spot("c-market", ("vn", "vn-31", "vn-31-1"), (21.1, 105.9))
SCHOOL = Spot("c-school", ("vn", "vn-31"), (21.2, 106.4))
NOWHERE = Spot("c-nowhere", ("vn", "vn-31", "vn-31-1"))


def codes(*pairs: tuple[str, str]) -> Info:
    return Info("Lũ", "Past", "Minor", "Observed", places=(Place("x", geocodes=pairs),))


@pytest.mark.parametrize(
    ("scheme", "value", "area"),
    [
        ("truyenthanh:area", "vn-31", "vn-31"),
        ("GSO", "31", "vn-31"),
        ("gso", "00001", "vn-31-1"),
        ("Mã đơn vị  hành chính", "00001", "vn-31-1"),
    ],
)
def test_our_codes_and_the_statistics_offices_are_areas(scheme: str, value: str, area: str) -> None:
    assert resolve_target([codes((scheme, value))], AREAS).target.areas == (area,)


@pytest.mark.parametrize(
    ("scheme", "value", "note"),
    [
        ("EMMA_9", "31", "geocode_unknown_scheme"),
        ("", "vn-31", "geocode_unknown_scheme"),
        ("SAME", "006109", "geocode_unknown_code"),
        ("GSO", "99", "geocode_unknown_code"),
        ("truyenthanh:area", "31", "geocode_unknown_code"),
    ],
)
def test_an_unknown_code_matches_nothing_and_says_so(scheme: str, value: str, note: str) -> None:
    found = resolve_target([codes((scheme, value))], AREAS)

    assert found.target == Target()
    assert [one.code for one in found.notes] == [note, "no_place"]
    assert Index([MARKET, NOWHERE]).matches(found.target) == []


def test_a_site_may_say_what_a_foreign_code_is() -> None:
    own = read_schemes(
        'area=[]\nstatistics_office=[]\nforeign=["SAME"]\n'
        '[[alias]]\nscheme="same"\nvalue="999"\narea="vn-31"\n'
    )

    assert resolve_target([codes(("SAME", "999"))], AREAS, own).target.areas == ("vn-31",)
    assert "same" in shipped_schemes().foreign


def test_a_message_is_matched_by_code_polygon_and_circle_each_with_its_why() -> None:
    shapes = (
        "<polygon>21,105 21,106 22,106 22,105 21,105</polygon><circle>21.2,106.4 1.5</circle>"
        "<geocode><valueName>GSO</valueName><value>00001</value></geocode>"
    )
    message, _ = understand(read(cap(infos=info(tail=place(shapes)))))

    found = Index([MARKET, SCHOOL, NOWHERE]).matches(target_of(message, AREAS).target)

    assert [(one.spot.id, one.why, one.by) for one in found] == [
        ("c-market", Why.IN_AREA, "vn-31-1"),
        ("c-school", Why.IN_SHAPE, "shape"),
        ("c-nowhere", Why.IN_AREA, "vn-31-1"),
    ]


def test_kilometres_become_metres() -> None:
    shapes, _ = shapes_of(Place("x", circles=(Point(21, 105, 1500.0), Point(1, 1, 3e6))))

    assert shapes == (Circle(latitude=21, longitude=105, radius_m=1500),)


@pytest.mark.parametrize("seed", range(6))
def test_the_index_finds_what_brute_force_finds(seed: int) -> None:
    chance = random.Random(seed)
    spots = [
        Spot(
            f"c{number}",
            ("vn", f"vn-{number % 5}"),
            None if number % 17 == 0 else somewhere(chance),
        )
        for number in range(400)
    ]
    index = Index(spots)
    for _ in range(60):
        target = Target(
            areas=("vn-3",) if chance.random() < 0.2 else (),
            shapes=tuple(shape(chance) for _ in range(chance.randint(0, 3))),
        )

        assert index.matches(target) == [
            one for spot in spots if (one := judged(spot, target)) is not None
        ]


@pytest.mark.parametrize("seed", range(4))
def test_bands_answer_as_the_wire_does_on_edges_and_corners_too(seed: int) -> None:
    chance = random.Random(seed)
    points = [(chance.randint(0, 12) / 2, chance.randint(0, 12) / 2) for _ in range(120)]
    polygon = Polygon(points=(*points, points[0]))
    banded = Banded(polygon)

    for _ in range(1500):
        at = (chance.randint(-2, 26) / 4, chance.randint(-2, 26) / 4)
        assert banded.holds(at) == holds(polygon, at)


def somewhere(chance: random.Random) -> tuple[float, float]:
    if chance.random() < 0.1:
        return chance.uniform(-90, 90), chance.uniform(-180, 180)
    return chance.uniform(8, 24), chance.uniform(102, 110)


def shape(chance: random.Random) -> Circle | Polygon:
    latitude, longitude = somewhere(chance)
    if chance.random() < 0.5:
        reach = 10 ** chance.uniform(1, 6.3)
        return Circle(latitude=latitude, longitude=longitude, radius_m=min(reach, 2e6))
    points = [
        (
            max(-90.0, min(90.0, latitude + chance.uniform(-3, 3))),
            max(-180.0, min(180.0, longitude + chance.uniform(-3, 3))),
        )
        for _ in range(chance.randint(3, 12))
    ]
    return Polygon(points=(*points, points[0]))


def test_a_polygon_of_many_points_is_thinned_to_what_the_wire_carries() -> None:
    ring = tuple((20 + (n % 100) * 1e-5, 105 + n * 1e-5) for n in range(20_000))
    ring = (*ring, ring[0])

    kept, tolerance_m = thinned(ring)

    assert len(kept) <= MAX_POINTS
    assert kept[0] == kept[-1]
    assert all(
        min(distance_m(point, other) for other in kept) <= tolerance_m for point in ring[::997]
    )


def test_the_smallest_common_area_is_where_all_chains_meet() -> None:
    assert smallest_common_area([MARKET.chain, SCHOOL.chain]) == "vn-31"
    assert smallest_common_area([MARKET.chain]) == "vn-31-1"
    assert smallest_common_area([("vn", "a"), ("la", "b")]) is None
    assert smallest_common_area([]) is None
