"""Alerts that somebody raised at a device itself: nobody is asked, but everybody must see it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies.models import LocalAlert
from controller.listing import below
from controller.people import audit
from controller.people.rights import Actor, paths_for
from controller.stations.models import Device, Station
from wire.up import LONGEST_PANIC, Panic

DEVICE = "device"


def note_panic(session: Session, panic: Panic, now: datetime) -> bool:
    """Keep what a verified message says of a local alert; return whether it was news.

    A lower revision is late and changes nothing. Neither end nor beginning reach further than the
    ten minutes that a device may sound by itself, whatever its clock says.
    """
    held = session.get(LocalAlert, (panic.device, panic.id))
    if held is not None and held.rev >= panic.rev:
        return False
    row = held or LocalAlert(device_id=panic.device, id=panic.id)
    row.rev, row.hazard, row.outputs = panic.rev, panic.hazard, list(panic.outputs)
    row.starts_at = panic.starts_at if held is None else held.starts_at
    row.ends_at = min(panic.ends_at, now + LONGEST_PANIC)
    row.told_at = now
    session.add(row)
    session.flush()
    area = session.scalar(
        select(Station.area_id)
        .join(Device, Device.station_id == Station.id)
        .where(Device.id == panic.device)
    )
    facts = {"hazard": panic.hazard, "outputs": list(panic.outputs), "ends_at": row.ends_at}
    audit.record(session, now, panic.device, "alert.local", DEVICE, panic.device, area or "", facts)
    return True


def local_alerts(
    session: Session, actor: Actor, now: datetime, *, only_active: bool = True
) -> Sequence[LocalAlert]:
    """Return the local alerts below the actor's areas, newest first; at most 100."""
    rows = (
        select(LocalAlert)
        .join(Device, Device.id == LocalAlert.device_id)
        .join(Station, Station.id == Device.station_id)
        .join(Area, Area.id == Station.area_id)
        .where(below(Area.path, paths_for(actor, "view")))
    )
    if only_active:
        rows = rows.where(LocalAlert.ends_at > now)
    return session.scalars(rows.order_by(LocalAlert.told_at.desc()).limit(100)).all()


def over(session: Session, now: datetime) -> frozenset[str]:
    """Return the devices with a local alert in the last day, and none that still sounds."""
    still = select(LocalAlert.device_id).where(LocalAlert.ends_at > now)
    return frozenset(
        session.scalars(select(LocalAlert.device_id).where(LocalAlert.device_id.not_in(still)))
    )
