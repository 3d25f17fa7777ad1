"""Pages of stations as they are now: list, map, and one station with its devices."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.health.station_pages import devices_of, points, stations
from controller.people.access import actor, reading
from controller.people.places import places
from controller.people.rights import allows
from controller.stations.models import Station
from controller.stations.sight import seen_station
from controller.web.i18n import word_of
from controller.web.page import PAGE_SIZE, offset, page
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


def _station(station_id: str, template: str) -> str:
    with reading() as session:
        found = seen_station(session, actor(), station_id)
        area = find_area(session, found.area_id)
        values = {"station": found, "area": area, **_rights(area), **_choices(session, found)}
        return page(template, devices=devices_of(session, found), **values)


def _rights(area: Area) -> dict[str, bool]:
    return {
        "may_edit": allows(actor(), "station.edit", area),
        "may_claim": allows(actor(), "device.claim", area),
        "may_revoke": allows(actor(), "device.revoke", area),
    }


def _choices(session: Session, found: Station) -> dict[str, Any]:
    outputs = [
        (output.id, f"{device.name} / {output.name}")
        for device in found.devices
        for output in device.outputs
    ]
    areas = places(session, actor(), "station.edit")
    return {"outputs": outputs, "areas": areas, "profiles": [(n, n) for n in profile_names()]}
