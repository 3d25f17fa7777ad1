"""Presence and incidents over the JSON API: read, and an incident settled by hand."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from controller.health.models import Incident, Presence
from controller.health.settling import LONGEST_NOTE, settle_incident
from controller.health.sight import incidents_in_sight
from controller.listing import listing
from controller.people.access import actor, now, reading, writing
from controller.stations.sight import device_ids_in_sight
from controller.web.api import (
    Asked,
    Key,
    Number,
    PageQuery,
    Told,
    Words,
    allow,
    answer,
    make_api,
    page,
)

health_api = make_api("health", "Tình trạng thiết bị", "Health of devices")


class PresenceQuery(PageQuery):
    """Which device; all of mine without one."""

    device_id: Key | None = None


class IncidentQuery(PresenceQuery):
    """Open ones, or those that are over."""

    closed: bool = False


class IncidentPath(BaseModel):
    """Which incident."""

    incident_id: Number


class Settled(Asked):
    """What was done about it."""

    note: Words = Field("", max_length=LONGEST_NOTE)


class PresenceOut(Told):
    """What a device last said of itself."""

    device_id: str
    state: str
    since: datetime
    seen_at: datetime
    status: dict[str, Any]
    measurements: dict[str, Any]


class PresencePage(BaseModel):
    """One page of devices."""

    total: int
    items: list[PresenceOut]


class IncidentOut(Told):
    """Something a technician must know."""

    id: int
    kind: str
    device_id: str | None
    subject: str
    opened_at: datetime
    closed_at: datetime | None
    facts: dict[str, Any]


class IncidentPage(BaseModel):
    """One page of incidents, the newest first."""

    total: int
    items: list[IncidentOut]


@health_api.get("/presence", responses={200: PresencePage})
@allow("view")
def list_presence(query: PresenceQuery) -> Response:
    """List what my devices last said of themselves."""
    rows = select(Presence).where(Presence.device_id.in_(device_ids_in_sight(actor())))
    if query.device_id is not None:
        rows = rows.where(Presence.device_id == query.device_id)
    with reading() as session:
        ordered = rows.order_by(Presence.device_id)
        return page(PresenceOut, listing(session, ordered, query.limit, query.offset))


@health_api.get("/incidents", responses={200: IncidentPage})
@allow("view")
def list_incidents(query: IncidentQuery) -> Response:
    """List what is wrong with my devices and rules, or was."""
    rows = incidents_in_sight(actor()).where(Incident.closed_at.is_not(None) == query.closed)
    if query.device_id is not None:
        rows = rows.where(Incident.device_id == query.device_id)
    with reading() as session:
        return page(IncidentOut, listing(session, rows, query.limit, query.offset))


@health_api.post("/incidents/<int:incident_id>/close", responses={200: IncidentOut})
@allow("incident.close")
def close_incident(path: IncidentPath, body: Settled) -> Response:
    """Settle an incident that does not end by itself; twice is once."""
    with writing() as session:
        settled = settle_incident(session, actor(), path.incident_id, now(), body.note)
        return answer(IncidentOut.model_validate(settled))
