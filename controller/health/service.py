"""Presence: what devices say of themselves, believed only when their key signed it."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from controller.bulk import update_each
from controller.health import incidents
from controller.health.models import Presence
from controller.stations.models import Device
from wire.up import ClockState, Health, OutputReport, Status

TIME_WITHIN = timedelta(seconds=30)
"""A device that has just come has so long to learn the time before anybody is told."""
LISTED_FAULTS = frozenset({"storage", "disk", "amplifier"})
"""The codes of faults that a status lists (`faults`) for as long as they last."""
LOST_AFTER = timedelta(seconds=90)
"""Without a heartbeat for so long a device is shown as lost (R30)."""
PRESENT = select(Presence.device_id).where(Presence.state == "online")
"""The devices that are there, by their own word."""


def take_status(session: Session, status: Status, now: datetime) -> bool:
    """Store a verified status; return whether it was news.

    A will is signed when its session begins, so it is judged by the session's epoch; an online
    status by epoch and revision. What the broker merely kept and repeats is no news and makes no
    dashboard green.
    """
    presence = presence_of(session, status.device, now)
    _note_session(presence, status.epoch)
    is_will = status.state == "offline" and status.epoch == presence.epoch
    if status.epoch < presence.epoch or not (is_will or status.rev > presence.status_rev):
        return False
    if presence.state != status.state:
        presence.state, presence.since = status.state, now
    presence.status_rev = max(presence.status_rev, status.rev)
    if status.state == "online":
        presence.seen_at = now
        presence.status = status.model_dump(mode="json")
        incidents.close_incident(session, incidents.OFFLINE, status.device, now)
        _note_faults(session, status, now)
    else:
        incidents.open_incident(session, incidents.OFFLINE, status.device, now)
    return True


def take_health(session: Session, health: Health, now: datetime) -> bool:
    """Store a verified heartbeat; return whether it was news (not a replay)."""
    presence = presence_of(session, health.device, now)
    _note_session(presence, health.epoch)
    if health.epoch < presence.epoch or health.rev <= presence.health_rev:
        return False
    presence.health_rev = health.rev
    presence.seen_at = now
    presence.measurements = health.measurements | {
        "clock_error_ms": health.clock_error_ms,
        "plan_rev": health.plan_rev,
    }
    if presence.state != "online":
        presence.state, presence.since = "online", now
        incidents.close_incident(session, incidents.OFFLINE, health.device, now)
    _note_clock(session, health, presence, now)
    return True


def note_lost(session: Session, now: datetime, after: timedelta = LOST_AFTER) -> list[str]:
    """Mark devices whose heartbeats stopped as lost, with an incident; return their ids."""
    silent = select(Presence).where(Presence.state == "online", Presence.seen_at < now - after)
    lost = session.scalars(silent).all()
    for presence in lost:
        presence.state, presence.since = "lost", now
        incidents.open_incident(session, incidents.OFFLINE, presence.device_id, now)
    return [presence.device_id for presence in lost]


def presence_of(session: Session, device_id: str, now: datetime) -> Presence:
    """Return the presence of a known device; its counters begin anew when its key is another."""
    device, known = session.get_one(Device, device_id), session.get(Presence, device_id)
    presence = _current(session, device, known, now)
    session.flush()
    return presence


def counted_upto(
    session: Session, device_ids: Collection[str], now: datetime
) -> dict[str, tuple[str, int]]:
    """Return, for many known devices, their key and the receipt up to which all are stored."""
    session.flush()
    rows = session.execute(
        select(Device.id, Device.public_x, Presence.key, Presence.receipts_upto)
        .join(Presence, Presence.device_id == Device.id, isouter=True)
        .where(Device.id.in_(device_ids))
    ).all()
    found = {device: (key, upto) for device, x, key, upto in rows if key == (x or "")}
    for device in (row.id for row in rows if row.id not in found):
        presence = presence_of(session, device, now)
        found[device] = presence.key, presence.receipts_upto
    return found


def raise_upto(session: Session, upto: Mapping[str, int]) -> None:
    """Note up to which receipt all are stored, for devices of `counted_upto`."""
    rows = [{"device_id": device, "receipts_upto": number} for device, number in upto.items()]
    update_each(session, cast("Table", Presence.__table__), ["device_id"], rows)


def _current(
    session: Session, device: Device, presence: Presence | None, now: datetime
) -> Presence:
    key = device.public_x or ""
    if presence is None:
        presence = Presence(
            device_id=device.id,
            key=key,
            state="never",
            epoch=0,
            since=now,
            seen_at=now,
            status_rev=0,
            health_rev=0,
            status={},
            measurements={},
            receipts_upto=0,
        )
        session.add(presence)
    if presence.key != key:
        presence.key, presence.epoch, presence.receipts_upto = key, 0, 0
        presence.status_rev = presence.health_rev = 0
    return presence


def _note_session(presence: Presence, epoch: int) -> None:
    """Count revisions anew in a newer session: a device that knew no time had counted ahead."""
    if epoch > presence.epoch:
        presence.epoch, presence.status_rev, presence.health_rev = epoch, 0, 0


def _note_faults(session: Session, status: Status, now: datetime) -> None:
    for output in status.outputs:
        _note_output(session, status.device, output, now)
    over = LISTED_FAULTS.difference(status.faults)
    incidents.close_incidents(session, incidents.FAULT, status.device, now, over)


def _note_clock(session: Session, health: Health, presence: Presence, now: datetime) -> None:
    if health.clock is not ClockState.NONE:
        incidents.close_incident(session, incidents.CLOCK, health.device, now)
    elif now - presence.since > TIME_WITHIN:
        incidents.open_incident(session, incidents.CLOCK, health.device, now)


def _note_output(session: Session, device: str, output: OutputReport, now: datetime) -> None:
    if output.is_alive:
        incidents.close_incident(session, incidents.OUTPUT_DEAD, device, now, subject=output.id)
    else:
        incidents.open_incident(
            session,
            incidents.OUTPUT_DEAD,
            device,
            now,
            subject=output.id,
            facts={"fault": output.fault},
        )
