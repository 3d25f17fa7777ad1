"""Which clusters an alert is for: the same answer at the controller and on the device."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.alert import Circle, Polygon, Target
from wire.errors import Malformed
from wire.pack import EmergencyPack, SirenPattern, Sweep, pack_bytes, read_pack
from wire.target import Why, distance_m, holds, why

CHAIN = ("vn", "lam-dong", "an-binh", "an-binh-1")
HERE = (11.94, 108.44)
NEAR = Circle(latitude=11.94, longitude=108.45, radius_m=2000)
FAR = Circle(latitude=12.5, longitude=108.45, radius_m=2000)
SQUARE = Polygon(points=((11.9, 108.4), (11.9, 108.5), (12.0, 108.5), (12.0, 108.4), (11.9, 108.4)))


@pytest.mark.parametrize(
    ("area", "target", "position", "expected"),
    [
        ("an-binh", Target(areas=("an-binh",)), None, Why.IN_AREA),
        ("vn", Target(areas=("lam-dong",)), None, Why.IN_AREA),
        ("an-binh", Target(), HERE, Why.ELSEWHERE),
        ("an-binh", Target(areas=("tan-lap",)), HERE, Why.ELSEWHERE),
        ("tan-lap", Target(areas=("vn",)), HERE, Why.ELSEWHERE),
        ("an-binh", Target(areas=("an-binh",), exceptions=("an-binh-1",)), HERE, Why.EXCEPTED),
        ("an-binh", Target(shapes=(NEAR,), exceptions=("vn",)), HERE, Why.EXCEPTED),
        ("an-binh", Target(shapes=(FAR, NEAR)), HERE, Why.IN_SHAPE),
        ("an-binh", Target(shapes=(FAR,)), HERE, Why.OUTSIDE),
        ("an-binh", Target(shapes=(SQUARE,)), None, Why.NO_POSITION),
        ("an-binh", Target(areas=("an-binh-1",), shapes=(FAR,)), HERE, Why.IN_AREA),
    ],
)
def test_a_cluster_knows_why_it_sounds_or_not(
    area: str, target: Target, position: tuple[float, float] | None, expected: Why
) -> None:
    assert why(area, target, CHAIN, position) is expected


@pytest.mark.parametrize(
    ("place", "is_inside"),
    [
        ((11.9, 108.4), True),  # a corner
        ((11.95, 108.4), True),  # an edge
        ((11.95, 108.45), True),
        ((11.95, 108.3999), False),
        ((12.0001, 108.45), False),
    ],
)
def test_the_edge_of_a_polygon_belongs_to_it(place: tuple[float, float], is_inside: bool) -> None:
    assert holds(SQUARE, place) is is_inside


def test_distances_are_those_of_the_sphere() -> None:
    # Hà Nội to Thành phố Hồ Chí Minh, about 1,143 km along the great circle.
    assert distance_m((21.0278, 105.8342), (10.7769, 106.7009)) == pytest.approx(
        1_143_000, rel=0.01
    )
    assert distance_m(HERE, HERE) == 0


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.integers(0, 10_000))
def test_star_shaped_polygons_agree_with_angles_and_radii(seed: int) -> None:
    """A polygon around a centre holds a place iff it lies below the edge in its direction."""
    seeded = random.Random(seed)
    count = seeded.randint(3, 12)
    radii = [seeded.uniform(0.05, 0.2) for _ in range(count)]
    corners = [
        (12 + r * math.sin(math.tau * i / count), 108 + r * math.cos(math.tau * i / count))
        for i, r in enumerate(radii)
    ]
    ring = Polygon(points=(*corners, corners[0]))
    angle, share = seeded.uniform(0, math.tau), seeded.choice([0.5, 0.97, 1.03, 1.6])
    first = int(angle / math.tau * count) % count
    (y1, x1), (y2, x2) = corners[first], corners[(first + 1) % count]
    dy, dx = math.sin(angle), math.cos(angle)
    along = ((x1 - 108) * (y2 - y1) - (y1 - 12) * (x2 - x1)) / (dx * (y2 - y1) - dy * (x2 - x1))

    assert holds(ring, (12 + share * along * dy, 108 + share * along * dx)) is (share < 1)


def test_a_pack_is_read_as_it_was_written() -> None:
    wail = SirenPattern(name="wail", sweeps=(Sweep(from_hz=400, to_hz=1200, for_ms=2000),))
    pack = EmergencyPack(sirens=(wail,))

    assert read_pack(pack_bytes(pack)) == pack


@pytest.mark.parametrize("file", [b"", b"[]", b"{", b'{"sirens": 1}', b'{"phrases": [{}]}'])
def test_a_broken_pack_is_malformed(file: bytes) -> None:
    with pytest.raises(Malformed):
        read_pack(file)
