"""Devices that are there and do not hold the emergency pack that they should: measured, told."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.health import incidents
from controller.health.models import Incident, Presence
from controller.outbox_models import Retained
from controller.stations.models import Device, DeviceState, EmergencyPack, Station
from controller.stations.packs import wanted_packs

FETCHED_WITHIN = timedelta(minutes=15)
"""A device that is there has so long to fetch a pack that it was told of, on a thin line too."""

MOST_AT_ONCE = 200
"""A whole province without a pack must not hold the database while an alert waits."""


def note_packs(session: Session, now: datetime, most: int = MOST_AT_ONCE) -> list[str]:
    """Open an incident for each device that should have its pack by now, close those that have it.

    Opens at most `most`; the others come next time. Returns the devices that are news.
    """
    open_now = select(Incident).where(
        Incident.kind == incidents.PACK_MISSING, Incident.closed_at.is_(None)
    )
    known = {one.device_id: one for one in session.scalars(open_now)}
    fresh = (one for one in _without(session, now) if one[0] not in known)
    without = dict(islice(fresh, most))
    for device, wanted in without.items():
        facts = {"pack": wanted}
        incidents.open_incident(session, incidents.PACK_MISSING, device, now, facts=facts)
    for device in _holding(session, [device for device in known if device]):
        known[device].closed_at = now
    return sorted(without)


def _without(session: Session, now: datetime) -> Iterator[tuple[str, str]]:
    """Return devices that were told of a pack long ago and do not hold it, with its hash.

    The revision of a desired state is when it was made, in milliseconds.
    """
    packs = session.scalars(select(EmergencyPack.sha256)).all()
    if not packs:
        return
    told_before = int((now - FETCHED_WITHIN).timestamp() * 1000)
    rows = (
        select(Presence.device_id, _HELD.label("held"), Station.area_id)
        .join(Device, Device.id == Presence.device_id)
        .join(Station, Station.id == Device.station_id)
        .join(Retained, (Retained.owner == Device.id) & (Retained.kind == "desired"))
        .where(Device.state == DeviceState.ENROLLED, Presence.state == "online")
        .where(Presence.since < now - FETCHED_WITHIN, Retained.rev < told_before)
    )
    if len(packs) == 1:  # nearly all hold it: the database need not tell of them
        rows = rows.where(_HELD.is_distinct_from(packs[0]))
    found = session.execute(rows).all()
    wanted = wanted_packs(session, {row.area_id for row in found})
    for row in found:
        sha256 = wanted[row.area_id].sha256
        if sha256 is not None and row.held != sha256:
            yield row.device_id, sha256


def _holding(session: Session, devices: list[str]) -> list[str]:
    rows = session.execute(
        select(Presence.device_id, _HELD.label("held"), Station.area_id)
        .join(Device, Device.id == Presence.device_id)
        .join(Station, Station.id == Device.station_id)
        .where(Presence.device_id.in_(devices))
    ).all()
    wanted = wanted_packs(session, {row.area_id for row in rows})
    return [row.device_id for row in rows if row.held == wanted[row.area_id].sha256]


_HELD = Presence.status["emergency_pack"].as_string()
