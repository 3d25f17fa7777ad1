"""What the logbook's pages show: the lines of a day in one's areas, with where they are heard."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Missing
from controller.listing import below
from controller.people.rights import Actor, paths_for
from controller.records.models import Broadcast, StoredReceipt
from controller.spreadsheet import harmless
from controller.stations.models import Device, Output, Station

HEADING = (
    "planned_start_at", "planned_end_at", "station", "device", "output", "clusters", "title",
    "state", "started_at", "finished_at", "late_ms", "played_ms", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: those of a local day, perhaps of one state, area, or station only."""

    day: date
    zone: tzinfo
    state: str = ""
    area_id: str = ""
    station_id: str = ""


def lines(session: Session, actor: Actor, wanted: Wanted) -> Select[Broadcast, Device]:
    """Return the lines of a day with their devices, the newest first."""
    start = datetime.combine(wanted.day, time(), wanted.zone)
    rows = _seen(actor).where(
        Broadcast.planned_start_at >= start,
        Broadcast.planned_start_at < start + timedelta(days=1),
    )
    if wanted.state:
        rows = rows.where(Broadcast.state == wanted.state)
    if wanted.area_id:
        rows = rows.where(below(Area.path, [find_area(session, wanted.area_id).path]))
    if wanted.station_id:
        rows = rows.where(Station.id == wanted.station_id)
    return rows.order_by(Broadcast.planned_start_at.desc(), Broadcast.id.desc())


def counts(session: Session, rows: Select[Broadcast, Device]) -> Mapping[str, int]:
    """Return how many of the lines are in each state."""
    states = rows.with_only_columns(Broadcast.state, func.count()).options()
    found = session.execute(states.order_by(None).group_by(Broadcast.state))
    return {row[0]: row[1] for row in found}


def line(session: Session, actor: Actor, line_id: int) -> tuple[Broadcast, Device]:
    """Return one line with its device, or raise `Missing`."""
    found = session.execute(_seen(actor).where(Broadcast.id == line_id)).first()
    if found is None:
        raise Missing(what="dòng nhật ký | line", id=line_id)
    return found[0], found[1]


def receipts(session: Session, broadcast: Broadcast) -> list[StoredReceipt]:
    """Return what the device signed about a slot, in its order."""
    rows = select(StoredReceipt).where(
        StoredReceipt.device_id == broadcast.device_id, StoredReceipt.slot == broadcast.slot
    )
    return list(session.scalars(rows.order_by(StoredReceipt.number)))


def clusters_of(device: Device, output: str) -> str:
    """Return the names of the clusters of an output."""
    found = (one for one in device.outputs if one.name == output)
    return ", ".join(cluster.name for one in found for cluster in one.clusters) or output


def as_csv(session: Session, rows: Select[Broadcast, Device]) -> Iterator[str]:
    """Yield the lines as CSV with a heading; instants are ISO 8601 in UTC."""
    yield "\ufeff" + _row(HEADING)
    for one, device in session.execute(rows).yield_per(500):
        place = (device.station.name, device.name, one.output, clusters_of(device, one.output))
        yield _row(
            (
                one.planned_start_at.isoformat(),
                one.planned_end_at.isoformat(),
                *place,
                one.title,
                one.state,
                one.started_at.isoformat() if one.started_at else "",
                one.finished_at.isoformat() if one.finished_at else "",
                one.late_ms,
                one.played_ms,
                one.why,
            )
        )


def _seen(actor: Actor) -> Select[Broadcast, Device]:
    return (
        select(Broadcast, Device)
        .join(Device, Device.id == Broadcast.device_id)
        .join(Station, Station.id == Device.station_id)
        .join(Area, Area.id == Station.area_id)
        .where(below(Area.path, paths_for(actor, "view")))
        .options(
            selectinload(Device.station), selectinload(Device.outputs).selectinload(Output.clusters)
        )
    )


def _row(values: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([harmless(one) if isinstance(one, str) else one for one in values])
    return text.getvalue()
