"""Pages of stations as they are now: list, map, and one station with its devices."""

from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.health.settling import BY_HAND, settle_incident
from controller.health.station_pages import devices_of, points, stations
from controller.people.access import actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import allows
from controller.stations.models import Station
from controller.stations.sight import seen_station
from controller.web.i18n import word_of
from controller.web.page import PAGE_SIZE, done, offset, page
from firmware_profiles import profile_names

station_views = Blueprint("health", __name__, template_folder="templates")


@station_views.get("/stations")
def station_list() -> str:
    """List the stations that one can see, with the state of their devices."""
    with reading() as session:
        search = request.args.get("search", "")
        found, devices = stations(session, actor(), search, PAGE_SIZE, offset())
        return page("health/stations.html", found=found, devices=devices)


@station_views.get("/stations/map")
def station_map() -> str:
    """Show where the clusters are."""
    with reading() as session:
        return page("health/map.html", points=points(session, actor()))


@station_views.get("/stations/map.json")
def map_points() -> Response:
    """Return the clusters of the map."""
    with reading() as session:
        found = points(session, actor())
    return jsonify([{**one, "says": word_of("presence", one["state"])} for one in found])


@station_views.get("/stations/<station_id>")
def station(station_id: str) -> str:
    """Show one station."""
    return _station(station_id, "health/station.html")


@station_views.get("/stations/<station_id>/state")
def refresh(station_id: str) -> str:
    """Show the part of it that refreshes itself."""
    return _station(station_id, "health/_devices.html")


@station_views.post("/incidents/<int:incident_id>/close")
def close_incident(incident_id: int) -> AnyResponse:
    """Settle an incident, and go back to where its button stood."""
    station_id = request.form.get("station", "")
    with writing() as session:
        settle_incident(session, actor(), incident_id, now())
    back = url_for("health.station", station_id=station_id) if station_id else "/"
    return done(back, _("Đã xử lý xong sự cố"))


def _station(station_id: str, template: str) -> str:
    with reading() as session:
        found = seen_station(session, actor(), station_id)
        area = find_area(session, found.area_id)
        values = {"station": found, "area": area, **_rights(area), **_choices(session, found)}
        return page(template, devices=devices_of(session, found), by_hand=BY_HAND, **values)


def _rights(area: Area) -> dict[str, bool]:
    return {
        "may_edit": allows(actor(), "station.edit", area),
        "may_claim": allows(actor(), "device.claim", area),
        "may_revoke": allows(actor(), "device.revoke", area),
        "may_settle": allows(actor(), "incident.close", area),
    }


def _choices(session: Session, found: Station) -> dict[str, Any]:
    outputs = [
        (output.id, f"{device.name} / {output.name}")
        for device in found.devices
        for output in device.outputs
    ]
    areas = places(session, actor(), "station.edit")
    return {"outputs": outputs, "areas": areas, "profiles": [(n, n) for n in profile_names()]}
