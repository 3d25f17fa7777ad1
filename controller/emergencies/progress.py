"""How far an alert came, as it is shown: bar, areas, map, the list of those to be called.

Nothing is ever shown as pending for longer than ten seconds after its release (R11), and what was
offline then not at all.
"""

from collections import Counter, defaultdict
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies.content import stored_content
from controller.emergencies.laying import OFFLINE
from controller.emergencies.models import Alert, AlertReach, AlertState, ReachState
from controller.emergencies.service import current_revision
from controller.stations.models import Cluster, Device, Station

ANSWER_WITHIN = timedelta(seconds=10)
ENDED_LONG_AGO = timedelta(minutes=2)


class Shown(StrEnum):
    """What a person sees of one cluster."""

    WAITING = "waiting"
    RECEIVED = "received"
    SOUNDING = "sounding"
    FINISHED = "finished"
    FAILED = "failed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many clusters stand where."""

    waiting: int = 0
    received: int = 0
    sounding: int = 0
    finished: int = 0
    failed: int = 0
    not_reached: int = 0

    @property
    def total(self) -> int:
        """Return all clusters that are meant."""
        return self.heard + self.waiting + self.received + self.failed + self.not_reached

    @property
    def heard(self) -> int:
        """Return where it sounds or has sounded."""
        return self.sounding + self.finished

    @property
    def is_settled(self) -> bool:
        """Whether each is shown as sounding, finished, failed or not reached."""
        return self.waiting + self.received == 0


@dataclass(frozen=True, slots=True)
class AreaProgress:
    """One area that has clusters of its own."""

    area_id: str
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Progress:
    """An alert at an instant; `stopped` devices' clusters have the cancel or end."""

    alert_id: str
    at: datetime
    counts: Counts
    stopped: int
    areas: tuple[AreaProgress, ...]


@dataclass(frozen=True, slots=True)
class ClusterReach:
    """One cluster of an alert: where it stands, what it did, and why not, for machines (`code`)."""

    cluster_id: str
    name: str
    area_id: str
    area_name: str
    device_id: str
    device_name: str
    station_name: str
    station_phone: str
    head_name: str
    head_phone: str
    latitude: float | None
    longitude: float | None
    shown: Shown
    code: str
    detail: str
    received_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    heard_at: datetime | None
    stopped_at: datetime | None
    played_ms: int | None
    is_meant: bool


Seen = Set[str] | None
"""The areas whose clusters somebody may see; None is all (`service.areas_seen`)."""


def progress(session: Session, alert_id: str, now: datetime, seen: Seen = None) -> Progress:
    """Return how far an alert came, overall and by area; one grouped query, for live pages."""
    look = Look.at(session, alert_id, now)
    rows = session.execute(
        select(
            AlertReach.area_id,
            Area.name,
            AlertReach.state,
            AlertReach.code,
            AlertReach.asked_at,
            func.count(),
            func.count(AlertReach.stopped_at),
        )
        .join(Area, Area.id == AlertReach.area_id)
        .where(AlertReach.alert_id == alert_id, AlertReach.is_meant)
        .group_by(
            AlertReach.area_id, Area.name, AlertReach.state, AlertReach.code, AlertReach.asked_at
        )
        .order_by(Area.name, AlertReach.area_id)
    )
    by_area: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    stopped = 0
    for area_id, name, state, code, asked_at, count, ended in rows:
        if seen is not None and area_id not in seen:
            continue
        by_area[area_id, name][look.shown(state, code, asked_at)[0]] += count
        stopped += ended
    total = sum(by_area.values(), Counter())
    areas = tuple(AreaProgress(*area, _counts(some)) for area, some in by_area.items())
    return Progress(alert_id, now, _counts(total), stopped, areas)


def clusters(
    session: Session, alert_id: str, now: datetime, seen: Seen = None
) -> tuple[ClusterReach, ...]:
    """Return every cluster that an alert means, or that sounded it, by area and name."""
    look = Look.at(session, alert_id, now)
    rows = session.execute(
        select(AlertReach, Cluster, Area, Device.name, Station.name, Station.phone)
        .join(Area, Area.id == AlertReach.area_id)
        .join(Cluster, Cluster.id == AlertReach.cluster_id, isouter=True)
        .join(Device, Device.id == AlertReach.device_id, isouter=True)
        .join(Station, Station.id == Device.station_id, isouter=True)
        .where(AlertReach.alert_id == alert_id)
        .order_by(Area.name, AlertReach.cluster_id)
        .execution_options(populate_existing=True)
    )
    found = (_cluster(look, *row) for row in rows)
    return tuple(one for one in found if seen is None or one.area_id in seen)


def not_reached(
    session: Session, alert_id: str, now: datetime, seen: Seen = None
) -> tuple[ClusterReach, ...]:
    """Return the meant clusters where it was not heard, or nobody knows: those to be called."""
    called = {Shown.FAILED, Shown.NOT_REACHED}
    found = clusters(session, alert_id, now, seen)
    return tuple(one for one in found if one.is_meant and one.shown in called)


@dataclass(frozen=True, slots=True)
class Look:
    """What all rows of one alert are shown by."""

    now: datetime
    starts_at: datetime | None
    over_at: datetime | None

    @classmethod
    def at(cls, session: Session, alert_id: str, now: datetime) -> "Look":
        """Read what it takes to show an alert's rows at an instant."""
        alert = session.get(Alert, alert_id, populate_existing=True)
        if alert is None:
            return cls(now, None, None)
        revision = current_revision(alert)
        starts_at = stored_content(revision.content).starts_at if revision else None
        is_over = alert.state in {AlertState.CANCELLED, AlertState.ENDED}
        return cls(now, starts_at, alert.closed_at if is_over else alert.ends_at)

    def shown(self, state: str, code: str, asked_at: datetime) -> tuple[Shown, str]:
        """Return what a row is shown as, and its code, or another where the time says more."""
        match ReachState(state):
            case ReachState.PENDING:
                is_late = self.now >= asked_at + ANSWER_WITHIN
                is_silent = is_late or code == OFFLINE
                return (Shown.NOT_REACHED if is_silent else Shown.WAITING), code
            case ReachState.RECEIVED:
                starts_at = max(asked_at, self.starts_at or asked_at)
                is_late = self.now >= starts_at + ANSWER_WITHIN
                return (Shown.FAILED, "no_sound") if is_late else (Shown.RECEIVED, code)
            case ReachState.SOUNDING:
                is_over = self.over_at is not None and self.now > self.over_at + ENDED_LONG_AGO
                return (Shown.FINISHED, "end_unreported") if is_over else (Shown.SOUNDING, code)
            case ReachState.FINISHED:
                return Shown.FINISHED, code
            case ReachState.FAILED:
                return Shown.FAILED, code


def _cluster(
    look: Look,
    row: AlertReach,
    cluster: Cluster | None,
    area: Area,
    device_name: str | None,
    station_name: str | None,
    station_phone: str | None,
) -> ClusterReach:
    shown, code = look.shown(row.state, row.code, row.asked_at)
    return ClusterReach(
        cluster_id=row.cluster_id,
        name=cluster.name if cluster else row.cluster_id,
        area_id=row.area_id,
        area_name=area.name,
        device_id=row.device_id,
        device_name=device_name or row.device_id,
        station_name=station_name or "",
        station_phone=station_phone or "",
        head_name=area.head_name,
        head_phone=area.head_phone,
        latitude=cluster.latitude if cluster else None,
        longitude=cluster.longitude if cluster else None,
        shown=shown,
        code=code,
        detail=row.detail,
        received_at=row.received_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        heard_at=row.heard_at,
        stopped_at=row.stopped_at,
        played_ms=row.played_ms,
        is_meant=row.is_meant,
    )


def _counts(found: "Counter[str]") -> Counts:
    return Counts(**{shown.value: found[shown] for shown in Shown})
