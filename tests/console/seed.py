"""A commune's day in the database: the cast, two sounds, a programme on air, a published plan."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.health.models import Incident, Presence
from controller.keys import Keyring
from controller.library.models import Asset, LibraryItem
from controller.library.store import AssetStore
from controller.people.models import Person
from controller.people.passwords import hash_password
from controller.plans.models import CompiledPlan
from controller.plans.service import publish_plans
from controller.programmes.models import Programme, ProgrammeVersion, ScheduleRule
from controller.records.models import Broadcast
from controller.stations.models import DeviceState, Station
from tests.controller.cast import AN_BINH, Cast, introduce

PASSWORD = "một buổi sáng ở An Bình"
_HASH = hash_password(PASSWORD)
ZONE = "Asia/Ho_Chi_Minh"


def seed(session: Session, keyring: Keyring, store: AssetStore, now: datetime) -> Cast:
    """Add everything, flush, and return the cast."""
    cast = introduce(session, now)
    for person in session.scalars(select(Person)):
        person.password_hash = _HASH
    session.get_one(Station, cast.station.id)
    for device in (cast.device, cast.other_device):
        device.state, device.public_x, device.enrolled_at = DeviceState.ENROLLED, "x" * 43, now
    _sound(session, store, "Nhạc hiệu đài xã", "chime", 15_000, now)
    bulletin = _sound(session, store, "Bản tin nông vụ", "bulletin", 300_000, now)
    _programme(session, "p-news", "Thời sự xã An Bình", bulletin, "approved", now)
    _programme(session, "p-draft", "Lịch tiêm phòng trẻ em", bulletin, "submitted", now)
    _rule(session, "r-afternoon", "p-news", "2026-10-05T17:00:00", now)
    _rule(session, "r-earlier", "p-news", "2026-10-05T16:30:00", now)
    session.flush()
    publish_plans(session, keyring.signer(), now - timedelta(hours=9), days=7, zone=ZONE)
    _what_happened(session, cast, now)
    session.flush()
    return cast


def _sound(
    session: Session, store: AssetStore, title: str, kind: str, duration_ms: int, now: datetime
) -> str:
    with store.incoming() as file:
        file.write(f"OggS {title}".encode())
        sha256 = file.keep()
    peaks = [abs(((number * 37) % 100) / 100 - 0.4) for number in range(300)]
    session.add(
        Asset(
            sha256=sha256,
            bytes=100,
            duration_ms=duration_ms,
            codec="opus",
            input_lufs=-23.0,
            output_lufs=-16.0,
            true_peak_dbtp=-1.6,
            peaks=peaks,
            created_at=now,
        )
    )
    session.flush()
    session.add(
        LibraryItem(
            area_id=AN_BINH, sha256=sha256, kind=kind, title=title, created_by="an", created_at=now
        )
    )
    return sha256


def _programme(
    session: Session, name: str, title: str, sha256: str, state: str, now: datetime
) -> None:
    items: list[dict[str, Any]] = [
        {"kind": "asset", "sha256": sha256, "duration_ms": 300_000, "gain_db": 0.0}
    ]
    session.add(Programme(id=name, area_id=AN_BINH, title=title, created_by="an", created_at=now))
    session.flush()
    session.add(
        ProgrammeVersion(
            programme_id=name,
            number=1,
            state=state,
            items=items,
            duration_ms=300_000,
            created_by="an",
            created_at=now - timedelta(days=1),
            submitted_at=now - timedelta(hours=3),
            decided_by="binh" if state == "approved" else None,
            decided_at=now - timedelta(hours=2) if state == "approved" else None,
        )
    )


def _rule(session: Session, name: str, programme: str, dtstart: str, now: datetime) -> None:
    session.add(
        ScheduleRule(
            id=name,
            programme_id=programme,
            dtstart=dtstart,
            rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            target_areas=[AN_BINH],
            created_by="an",
            created_at=now,
        )
    )


def _what_happened(session: Session, cast: Cast, now: datetime) -> None:
    plan = session.get_one(CompiledPlan, cast.device.id)
    outputs = [{"id": "main", "driver": "wav", "is_alive": True}]
    session.add(
        Presence(
            device_id=cast.device.id,
            state="online",
            epoch=1,
            since=now - timedelta(hours=30),
            seen_at=now,
            status={
                "clock": "trusted",
                "plan_digest": plan.digest,
                "missing": [],
                "outputs": outputs,
            },
            measurements={"temperature_c": 51.5, "clock_error_ms": 3},
        )
    )
    start = now.replace(hour=9, minute=30)
    session.add(
        Broadcast(
            device_id=cast.device.id,
            slot="main.r-earlier.20261102T163000",
            output="main",
            programme_id="p-news.1",
            title="Thời sự xã An Bình",
            planned_start_at=start,
            planned_end_at=start + timedelta(minutes=5),
            state="partly",
            started_at=start,
            late_ms=4,
            played_ms=200_000,
            why="partial",
        )
    )
    session.add(
        Incident(
            kind="device_fault",
            device_id=cast.device.id,
            subject="amplifier",
            opened_at=now - timedelta(minutes=25),
            facts={"code": "amplifier"},
        )
    )
