"""`./run bench plan`: compiling and publishing plans, against building and signing the same bytes.

Prints one JSON object: seconds for a full compile of all devices, rows and outbox included; for a
one-commune change from commit to the last row of the outbox; and the baseline of the same run:
making each plan's message from its parts, dumping and signing it, and nothing else.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.config import Config
from controller.db import Sessions, make_engine, make_sessions
from controller.keys import Keyring
from controller.library.models import Asset
from controller.outbox_models import OutboxRow, Retained
from controller.plans.models import CompiledPlan
from controller.plans.service import Database, compile_plans, publish_requested
from controller.programmes.models import Programme, ProgrammeVersion, ScheduleRule, VersionState
from controller.replan import replan
from controller.stations.models import Cluster, Device, DeviceState, Output, Station
from controller.tables import Base
from wire.plan import Plan
from wire.signing import Signer, sign

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ZONE = "Asia/Ho_Chi_Minh"
DAYS = 7
REPEATS = 3
CLUSTERS_A_DEVICE = 3
PROVINCES = 34
PER_COMMUNE = 3
# (area level, local start, minutes, class): six slots a day, as in a rural commune
DAY = (
    ("vn", "05:00", 30, "normal"),
    ("province", "05:30", 15, "normal"),
    ("commune", "05:45", 15, "normal"),
    ("vn", "17:00", 30, "normal"),
    ("province", "17:30", 15, "normal"),
    ("commune", "17:45", 15, "normal"),
)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sessions = _database(Path(folder) / "bench.db")
        keyring = Keyring.create(Path(folder) / "keys", "vn", ("programme",), NOW)
        _tell(f"{chosen.devices} thiết bị | devices")
        communes = seed(sessions, chosen.devices)
        figures = _measure(sessions, keyring, chosen.devices, communes, chosen.rounds)
    sys.stdout.write(json.dumps(figures) + "\n")


def _measure(
    sessions: Sessions, keyring: Keyring, devices: int, communes: list[str], rounds: int
) -> dict[str, float]:
    by = keyring.signer()
    _tell("toàn bộ | full compile")
    full = [_seconds(partial(_full, sessions, by))]
    plans = _payloads(sessions)
    _tell("đối chứng, xen kẽ | baseline, interleaved")
    bare: list[float] = []
    for _ in range(REPEATS):
        bare.append(_seconds(partial(_bare, plans, by)))
        _forget_plans(sessions)
        full.append(_seconds(partial(_full, sessions, by)))
    full_s, bare_s = statistics.median(full), statistics.median(bare)
    again_s = _seconds(partial(_full, sessions, by))
    _tell("đổi một xã | one commune")
    changes = [
        _seconds(partial(_one_commune, sessions, keyring, communes[n], n))
        for n in range(max(1, rounds))
    ]
    return {
        "devices": devices,
        "slots_per_device": len(plans[0].slots),
        "bytes_per_plan": round(statistics.mean(len(p.model_dump_json()) for p in plans[:50])),
        "full_compile_s": round(full_s, 3),
        "baseline_s": round(bare_s, 3),
        "ratio": round(full_s / bare_s, 2),
        "unchanged_compile_s": round(again_s, 3),
        "one_commune_change_s": round(statistics.median(changes), 4),
        "one_commune_change_max_s": round(max(changes), 4),
    }


def _full(sessions: Sessions, by: Signer) -> None:
    compile_plans(_both(sessions), by, NOW, days=DAYS, zone=ZONE)


def _both(sessions: Sessions) -> Database:
    """Return the ways of a worker: reading takes no lock, writing is in small transactions."""
    return Database(reading(sessions), sessions)


def reading(sessions: Sessions) -> Sessions:
    """Return the factory of sessions on the same database that wait for no writer."""
    return make_sessions(sessions.kw["bind"], read_only=True)


def _bare(plans: list[Plan], by: Signer) -> None:
    for plan in plans:
        sign(Plan.model_validate(plan.model_dump()), by)


def _one_commune(sessions: Sessions, keyring: Keyring, commune: str, number: int) -> None:
    with sessions.begin() as session:
        programme = session.scalars(
            select(Programme).where(Programme.area_id == commune).limit(1)
        ).one()
        programme.title = f"Bản tin mới {number}"
        replan(session, areas=[commune], now=NOW)
    published = publish_requested(_both(sessions), keyring, Config(), NOW)
    assert published.revisions, "the change changed nothing"


def _forget_plans(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for table in (CompiledPlan, OutboxRow, Retained):
            session.execute(delete(table))


def _payloads(sessions: Sessions) -> list[Plan]:
    with sessions() as session:
        rows = session.scalars(select(CompiledPlan.payload)).all()
        waiting = session.scalars(select(OutboxRow.id)).all()
    assert len(waiting) >= len(rows)
    return [Plan.model_validate_json(payload) for payload in rows]


def _database(file: Path) -> Sessions:
    engine = make_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    return make_sessions(engine)


def seed(sessions: Sessions, devices: int) -> list[str]:
    """Fill a database: areas, enrolled devices with clusters, approved programmes; the communes."""
    communes = [f"c-{number}" for number in range(max(1, -(-devices // PER_COMMUNE)))]
    with sessions.begin() as session:
        _seed_areas(session, communes)
        _seed_devices(session, communes, devices, PER_COMMUNE)
        _seed_programmes(session, communes)
    return communes


def _seed_areas(session: Session, communes: list[str]) -> None:
    provinces = [f"p-{number}" for number in range(PROVINCES)]
    rows: list[tuple[str, str | None, str, str]] = [("vn", None, "/vn/", "country")]
    rows += [(name, "vn", f"/vn/{name}/", "province") for name in provinces]
    for number, name in enumerate(communes):
        parent = provinces[number % PROVINCES]
        rows.append((name, parent, f"/vn/{parent}/{name}/", "commune"))
    session.execute(
        insert(Area),
        [
            {"id": name, "parent_id": parent, "path": path, "kind": kind, "name": name}
            | {"name_en": "", "code": ""}
            for name, parent, path, kind in rows
        ],
    )


def _seed_devices(session: Session, communes: list[str], devices: int, per_commune: int) -> None:
    numbers = range(devices)
    session.execute(
        insert(Station),
        [{"id": f"s-{name}", "area_id": name, "name": name, "phone": ""} for name in communes],
    )
    session.execute(
        insert(Device),
        [
            {"id": f"d-{n:06d}", "station_id": f"s-{communes[n // per_commune]}", "name": "x"}
            | {"profile": "software", "state": DeviceState.ENROLLED}
            for n in numbers
        ],
    )
    session.execute(
        insert(Output), [{"id": n + 1, "device_id": f"d-{n:06d}", "name": "main"} for n in numbers]
    )
    session.execute(
        insert(Cluster),
        [
            {"id": f"k-{n}-{k}", "output_id": n + 1, "area_id": communes[n // per_commune]}
            | {"name": "Cụm", "kind": "ip"}
            for n in numbers
            for k in range(CLUSTERS_A_DEVICE)
        ],
    )


def _seed_programmes(session: Session, communes: list[str]) -> None:
    sha = "a" * 64
    session.add(
        Asset(
            sha256=sha,
            bytes=7_200_000,
            duration_ms=900_000,
            codec="opus",
            peaks=[],
            created_at=NOW,
        )
    )
    session.flush()
    places = {"vn": ["vn"], "province": [f"p-{n}" for n in range(PROVINCES)], "commune": communes}
    origins = {"vn": "central", "province": "province", "commune": "commune"}
    for number, (level, start, minutes, urgency) in enumerate(DAY):
        for area in places[level]:
            _seed_programme(
                session, f"{number}-{area}", area, start, minutes, urgency, origins[level], sha
            )


def _seed_programme(
    session: Session,
    name: str,
    area: str,
    start: str,
    minutes: int,
    urgency: str,
    origin: str,
    sha: str,
) -> None:
    duration_ms = minutes * 60_000
    item = {"kind": "asset", "sha256": sha, "duration_ms": duration_ms, "gain_db": 0.0}
    session.add_all(
        [
            Programme(
                id=f"p{name}",
                area_id=area,
                title=f"Chương trình {name}",
                broadcast_class=urgency,
                origin=origin,
                resume="clock",
                created_by="bench",
                created_at=NOW,
            ),
            ProgrammeVersion(
                programme_id=f"p{name}",
                number=1,
                state=VersionState.APPROVED,
                items=[item],
                duration_ms=duration_ms,
                created_by="bench",
                created_at=NOW,
            ),
            ScheduleRule(
                id=f"r{name}",
                programme_id=f"p{name}",
                dtstart=f"2026-01-01T{start}:00",
                zone=ZONE,
                rrule="FREQ=DAILY",
                target_areas=[area],
                target_clusters=[],
                exdates=[],
                rdates=[],
                moves={},
                is_active=True,
                created_by="bench",
                created_at=NOW,
            ),
        ]
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _tell(what: str) -> None:
    sys.stderr.write(f"... {what}\n")


if __name__ == "__main__":
    main()
