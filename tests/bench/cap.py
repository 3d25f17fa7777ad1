"""`./run bench cap`: how long warnings from outside take to be judged.

Prints one JSON object: milliseconds of processor time (worst of several) for a message of 1 MB, a
DOCTYPE behind 1.5 MB of spaces, 10 MB, and a signed message; messages a second; and the time to
match a polygon of 2,000 points against 130,000 clusters.
"""

import json
import math
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cryptography.hazmat.primitives.asymmetric import ec

from controller.cap.judging import Outcome, Policy, judge
from controller.cap.matching import Index, Spot
from tests.controller.cap.messages import NOW, cap, certificate, info, place, signed
from wire.alert import Polygon, Target

REPEATS = 7
CLUSTERS = 130_000


def main() -> None:
    """Measure and print."""
    long = cap(infos=info(words="<description>" + "Lũ về. " * 115_000 + "</description>"))
    code = "<geocode><valueName>GSO</valueName><value>29110</value></geocode>"
    codes = cap(infos=info(tail=place(code * 15_400)))
    key = ec.generate_private_key(ec.SECP256R1())
    own = certificate("bench", key)
    polygons = cap(infos=info(tail=place("<polygon>" + _ring(40_000) + "</polygon>")))
    signed_one = signed(cap(), key, own)
    figures = {
        "one_mb_text_ms": _worst(lambda: _judged(long, Outcome.ACCEPTED)),
        "one_mb_codes_ms": _worst(lambda: _judged(codes, Outcome.ACCEPTED)),
        "one_mb_polygon_ms": _worst(lambda: _judged(polygons, Outcome.ACCEPTED)),
        "doctype_ms": _worst(
            lambda: _judged(b" " * 1_500_000 + b"<!DOCTYPE a>" + cap(), Outcome.REFUSED)
        ),
        "ten_mb_ms": _worst(lambda: _judged(cap() + b" " * 10_000_000, Outcome.REFUSED)),
        "signed_ms": _worst(lambda: judge(signed_one, Policy((own,)), NOW)),
    }
    begun = time.perf_counter()
    for _ in range(200):
        judge(cap(), Policy(is_open=True), NOW)
    figures["messages_a_second"] = round(200 / (time.perf_counter() - begun))
    figures |= _matching()
    figures["codes_bytes"] = len(codes)
    print(json.dumps(figures | {"at": datetime.now(UTC).isoformat()}))  # noqa: T201 - its purpose


def _judged(content: bytes, expected: Outcome) -> None:
    found = judge(content, Policy(is_open=True), NOW)
    if found.outcome is not expected:
        raise AssertionError(found.reason.en)


def _ring(points: int) -> str:
    around = [
        (16 + 5 * math.sin(n / points * math.tau), 106 + 4 * math.cos(n / points * math.tau))
        for n in range(points)
    ]
    return " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in [*around, around[0]])


def _matching() -> dict[str, float]:
    chance = random.Random(1)
    spots = [
        Spot(f"c{n}", ("vn", f"vn-{n % 34}"), (chance.uniform(8, 24), chance.uniform(102, 110)))
        for n in range(CLUSTERS)
    ]
    begun = time.perf_counter()
    index = Index(spots)
    built = time.perf_counter() - begun
    points = tuple(
        (16 + 0.5 * math.sin(n / 1999 * math.tau), 106 + 0.5 * math.cos(n / 1999 * math.tau))
        for n in range(1999)
    )
    target = Target(shapes=(Polygon(points=(*points, points[0])),))
    return {
        "index_s": round(built, 3),
        "match_polygon_ms": _worst(lambda: index.matches(target)),
        "matched": len(index.matches(target)),
    }


def _worst(work: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return round(max(took) * 1000, 1)


if __name__ == "__main__":
    main()
