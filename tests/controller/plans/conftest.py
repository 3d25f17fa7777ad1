"""A commune with an enrolled device, and programmes that are approved and scheduled."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from controller.db import Sessions
from controller.library.models import Asset
from controller.plans.service import Database
from controller.programmes.models import Programme, ProgrammeVersion, ScheduleRule, VersionState
from controller.stations.models import Cluster, DeviceState
from tests.controller.cast import AN_BINH, TAN_LAP, Cast

BULLETIN = "b" * 64
FALLBACK = "f" * 64

Schedule = Callable[..., ScheduleRule]


@pytest.fixture
def both(sessions: Sessions) -> Database:
    """How a compile of its own reads and writes; commit before."""
    return Database(sessions, sessions)


@pytest.fixture
def schedule(session: Session, cast: Cast, now: datetime) -> Schedule:
    """Approve a programme of one bulletin and schedule it; returns the rule."""
    for device in (cast.device, cast.other_device):
        device.state = DeviceState.ENROLLED
    cast.other_device.outputs[0].clusters.append(
        Cluster(id="c-tanlap", area_id=TAN_LAP, name="Chợ Tân Lập")
    )
    for sha in (BULLETIN, FALLBACK):
        session.add(
            Asset(
                sha256=sha,
                bytes=240_000,
                duration_ms=600_000,
                codec="opus",
                peaks=[],
                created_at=now,
            )
        )
    session.flush()

    def add(
        name: str,
        start: str = "17:00",
        *,
        rrule: str = "FREQ=DAILY",
        areas: tuple[str, ...] = (AN_BINH,),
        clusters: tuple[str, ...] = (),
        broadcast_class: str = "normal",
        origin: str = "commune",
        state: str = VersionState.APPROVED,
        minutes: int = 10,
    ) -> ScheduleRule:
        duration_ms = minutes * 60_000
        item = {"kind": "asset", "sha256": BULLETIN, "duration_ms": duration_ms, "gain_db": 0.0}
        version = ProgrammeVersion(
            number=1,
            state=state,
            items=[item],
            duration_ms=duration_ms,
            created_by="an",
            created_at=now,
        )
        rule = ScheduleRule(
            id=f"r-{name}",
            dtstart=f"2026-11-01T{start}:00",
            rrule=rrule,
            target_areas=list(areas),
            target_clusters=list(clusters),
            created_by="an",
            created_at=now,
        )
        session.add(
            Programme(
                id=f"p-{name}",
                area_id=AN_BINH,
                title=f"Bản tin {name}",
                broadcast_class=broadcast_class,
                origin=origin,
                created_by="an",
                created_at=now,
                versions=[version],
                rules=[rule],
            )
        )
        session.flush()
        return rule

    return add
