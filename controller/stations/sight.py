"""What of the stations a person can see: everything that stands in an area of theirs."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Missing
from controller.listing import below
from controller.people.rights import Actor, paths_for
from controller.stations.models import Cluster, Device, Output, Station


def stations_in_sight(actor: Actor) -> Select[Any]:
    """Return the stations in the actor's areas, by name."""
    rows = select(Station).join(Area, Area.id == Station.area_id).where(_mine(actor))
    return rows.order_by(Station.name, Station.id)


def devices_in_sight(actor: Actor) -> Select[Any]:
    """Return the devices of the stations in the actor's areas, by name."""
    rows = select(Device).join(Device.station).join(Area, Area.id == Station.area_id)
    return rows.where(_mine(actor)).order_by(Device.name, Device.id)


def device_ids_in_sight(actor: Actor) -> Select[Any]:
    """Return the ids of these devices, for a condition on another table."""
    return devices_in_sight(actor).with_only_columns(Device.id).order_by(None)


def clusters_in_sight(actor: Actor) -> Select[Any]:
    """Return the clusters in the actor's areas, by name."""
    rows = select(Cluster).join(Area, Area.id == Cluster.area_id).where(_mine(actor))
    return rows.order_by(Cluster.name, Cluster.id)


def seen_station(session: Session, actor: Actor, station_id: str) -> Station:
    """Return a station that the actor can see, or raise `Missing`."""
    found: Station | None = session.scalar(stations_in_sight(actor).where(Station.id == station_id))
    if found is None:
        raise Missing(what="đài | station", id=station_id)
    return found


def seen_device(session: Session, actor: Actor, device_id: str) -> Device:
    """Return a device that the actor can see, or raise `Missing`."""
    found: Device | None = session.scalar(devices_in_sight(actor).where(Device.id == device_id))
    if found is None:
        raise Missing(what="thiết bị | device", id=device_id)
    return found


def seen_output(session: Session, actor: Actor, output_id: int) -> Output:
    """Return an output of a device that the actor can see, or raise `Missing`."""
    output = session.get(Output, output_id)
    if output is None:
        raise Missing(what="ngõ ra | output", id=output_id)
    seen_device(session, actor, output.device_id)
    return output


def seen_cluster(session: Session, actor: Actor, cluster_id: str) -> Cluster:
    """Return a cluster that the actor can see, or raise `Missing`."""
    found: Cluster | None = session.scalar(clusters_in_sight(actor).where(Cluster.id == cluster_id))
    if found is None:
        raise Missing(what="cụm loa | cluster", id=cluster_id)
    return found


def inside(session: Session, rows: Select[Any], area_id: str) -> Select[Any]:
    """Return those rows, joined with `Area`, that stand in an area or below it."""
    return rows.where(below(Area.path, [find_area(session, area_id).path]))


def _mine(actor: Actor) -> ColumnElement[bool]:
    return below(Area.path, paths_for(actor, "view"))
