"""Forms of stations: create and edit stations, devices, outputs, clusters; claim codes; revoke."""

from typing import Any

from flask import Blueprint, current_app, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.keys import Keyring
from controller.people.access import actor, now, reading, writing
from controller.people.places import places
from controller.stations import service, sight
from controller.stations.enrolment import issue_claim, revoke_device
from controller.web.page import done, number_in, page

stations_views = Blueprint("stations", __name__, template_folder="templates")

_KEYRING = "truyenthanh.keyring"


@stations_views.get("/stations/new")
def new() -> str:
    """Ask for a new station."""
    with reading() as session:
        return page("stations/new.html", areas=places(session, actor(), "station.edit"))


@stations_views.post("/stations/new")
def new_post() -> AnyResponse:
    """Create a station."""
    form = request.form
    with writing() as session:
        made = service.create_station(
            session,
            actor(),
            area_id=form.get("area_id", ""),
            name=form.get("name", ""),
            phone=form.get("phone", ""),
            now=now(),
        )
        return done(f"/stations/{made.id}", _("Đã thêm đài"))


@stations_views.post("/stations/<station_id>/edit")
def edit(station_id: str) -> AnyResponse:
    """Change name and phone."""
    values = {name: request.form.get(name, "") for name in ("name", "phone")}
    with writing() as session:
        sight.seen_station(session, actor(), station_id)
        service.edit_station(session, actor(), station_id, now(), **values)
    return done(f"/stations/{station_id}", _("Đã lưu"))


@stations_views.post("/stations/<station_id>/devices")
def add_device(station_id: str) -> AnyResponse:
    """Add a device."""
    name, profile = request.form.get("name", ""), request.form.get("profile", "")
    with writing() as session:
        sight.seen_station(session, actor(), station_id)
        service.create_device(
            session, actor(), station_id=station_id, name=name, profile=profile, now=now()
        )
    return done(f"/stations/{station_id}", _("Đã thêm thiết bị"))


@stations_views.post("/devices/<device_id>/edit")
def edit_device(device_id: str) -> AnyResponse:
    """Change name and profile."""
    values = {name: request.form.get(name, "") for name in ("name", "profile")}
    with writing() as session:
        sight.seen_device(session, actor(), device_id)
        changed = service.edit_device(session, actor(), device_id, now(), **values)
        return done(f"/stations/{changed.station_id}", _("Đã lưu"))


@stations_views.post("/devices/<device_id>/claim")
def claim(device_id: str) -> str:
    """Show a claim code, once."""
    with writing() as session:
        sight.seen_device(session, actor(), device_id)
        code = issue_claim(session, actor(), device_id, _keyring(), now())
    return page("stations/_claim.html", code=code, device_id=device_id)


@stations_views.post("/devices/<device_id>/revoke")
def revoke(device_id: str) -> AnyResponse:
    """Put a device out for ever."""
    with writing() as session:
        device = sight.seen_device(session, actor(), device_id)
        revoke_device(session, actor(), device_id, _keyring(), now())
        return done(f"/stations/{device.station_id}", _("Đã thu hồi thiết bị"))


@stations_views.post("/outputs/<int:output_id>/edit")
def edit_output(output_id: int) -> AnyResponse:
    """Change volume and delay."""
    volume_db, delay_ms = number_in(request.form, "volume_db"), number_in(request.form, "delay_ms")
    with writing() as session:
        station_id = _station_of(session, output_id)
        values = {"volume_db": volume_db or 0.0, "delay_ms": round(delay_ms or 0)}
        service.edit_output(session, actor(), output_id, now(), **values)
    return done(f"/stations/{station_id}", _("Đã lưu"))


@stations_views.post("/clusters/new")
def add_cluster() -> AnyResponse:
    """Add a cluster to an output."""
    form, output_id = request.form, request.form.get("output_id", 0, type=int)
    with writing() as session:
        station_id = _station_of(session, output_id)
        service.create_cluster(
            session,
            actor(),
            output_id=output_id,
            area_id=form.get("area_id", ""),
            now=now(),
            **_cluster(),
        )
    return done(f"/stations/{station_id}", _("Đã thêm cụm loa"))


@stations_views.post("/clusters/<cluster_id>/edit")
def edit_cluster(cluster_id: str) -> AnyResponse:
    """Change a cluster, and move it where area or output changed."""
    form = request.form
    with writing() as session:
        cluster = sight.seen_cluster(session, actor(), cluster_id)
        service.edit_cluster(session, actor(), cluster_id, now(), **_cluster())
        area_id, output_id = form.get("area_id", ""), form.get("output_id", 0, type=int)
        if (area_id, output_id) != (cluster.area_id, cluster.output_id):
            _station_of(session, output_id)
            service.move_cluster(
                session, actor(), cluster_id, now(), area_id=area_id, output_id=output_id
            )
        return done(f"/stations/{cluster.output.device.station_id}", _("Đã lưu"))


def _cluster() -> dict[str, Any]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "kind": form.get("kind", "ip"),
        "address": form.get("address", ""),
        "latitude": number_in(form, "latitude"),
        "longitude": number_in(form, "longitude"),
        "horns": round(number_in(form, "horns") or 0),
    }


def _station_of(session: Session, output_id: int) -> str:
    return sight.seen_output(session, actor(), output_id).device.station_id


def _keyring() -> Keyring:
    found: Keyring = current_app.extensions[_KEYRING]
    return found
