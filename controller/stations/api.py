"""Stations, devices, outputs and clusters over the JSON API."""

from datetime import datetime
from typing import Literal

from flask import Flask, Response, current_app
from pydantic import BaseModel, Field

from controller.keys import Keyring
from controller.listing import listing
from controller.people.access import actor, now, reading, writing
from controller.stations import service, sight
from controller.stations.enrolment import issue_claim, revoke_device
from controller.stations.models import Device
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
    nothing,
    page,
)

stations_api = make_api("stations", "Đài, thiết bị, cụm loa", "Stations, devices, clusters")

_KEYRING = "truyenthanh.keyring"
ClusterKind = Literal["ip", "fm", "wired"]


def install_stations(app: Flask, keyring: Keyring) -> None:
    """Give the keys to an app that registers `stations_api`."""
    app.extensions[_KEYRING] = keyring


class StationPath(BaseModel):
    """Which station."""

    station_id: Key


class DevicePath(BaseModel):
    """Which device."""

    device_id: Key


class OutputPath(BaseModel):
    """Which output."""

    output_id: Number


class ClusterPath(BaseModel):
    """Which cluster."""

    cluster_id: Key


class AreaQuery(PageQuery):
    """Which area, with everything below it; all that I can see without one."""

    area_id: Key | None = None


class StationBody(Asked):
    """A new station."""

    area_id: Key
    name: Words = Field(max_length=200)
    phone: Words = Field("", max_length=30)
    id: Words = Field("", max_length=40)


class StationEdit(Asked):
    """What changes."""

    name: Words = Field("", max_length=200)
    phone: Words = Field("", max_length=30)


class DeviceBody(Asked):
    """A new device, with a profile of `firmware_profiles/`."""

    station_id: Key
    name: Words = Field(max_length=200)
    profile: Words = Field(max_length=60)
    id: Words = Field("", max_length=40)


class DeviceEdit(Asked):
    """What changes."""

    name: Words = Field("", max_length=200)
    profile: Words = Field("", max_length=60)


class OutputBody(Asked):
    """A further output of a device."""

    name: Words = Field(max_length=40)


class OutputEdit(Asked):
    """What changes."""

    volume_db: float = 0.0
    delay_ms: int = Field(0, ge=0, le=5000)


class ClusterEdit(Asked):
    """What changes."""

    name: Words = Field("", max_length=200)
    kind: ClusterKind = "ip"
    address: Words = Field("", max_length=64)
    latitude: float | None = None
    longitude: float | None = None
    horns: int = Field(2, ge=0, le=100)


class ClusterBody(ClusterEdit):
    """A new cluster on an output."""

    output_id: Number
    area_id: Key
    id: Words = Field("", max_length=40)


class ClusterMove(Asked):
    """Where a cluster goes: another area, another output, or both."""

    area_id: Words = Field("", max_length=40)
    output_id: Number | None = None


class ClusterOut(Told):
    """Loudspeakers at one place."""

    id: str
    output_id: int
    area_id: str
    name: str
    kind: str
    address: str
    latitude: float | None
    longitude: float | None
    horns: int


class OutputOut(Told):
    """One stream of sound of a device."""

    id: int
    device_id: str
    name: str
    volume_db: float
    delay_ms: int
    clusters: list[ClusterOut]


class DeviceOut(Told):
    """A box that runs the edge agent."""

    id: str
    station_id: str
    name: str
    profile: str
    state: str
    agent_version: str
    hardware: str
    enrolled_at: datetime | None
    outputs: list[OutputOut]


class StationOut(Told):
    """A commune's radio."""

    id: str
    area_id: str
    name: str
    phone: str


class StationPage(BaseModel):
    """One page of stations."""

    total: int
    items: list[StationOut]


class DevicePage(BaseModel):
    """One page of devices."""

    total: int
    items: list[DeviceOut]


class ClusterPage(BaseModel):
    """One page of clusters."""

    total: int
    items: list[ClusterOut]


class ClaimOut(BaseModel):
    """A claim code, told once; single use, at most 24 hours."""

    device_id: str
    claim: str


@stations_api.get("/stations", responses={200: StationPage})
@allow("view")
def list_stations(query: AreaQuery) -> Response:
    """List the stations in my areas."""
    with reading() as session:
        rows = sight.stations_in_sight(actor())
        rows = sight.inside(session, rows, query.area_id) if query.area_id else rows
        return page(StationOut, listing(session, rows, query.limit, query.offset))


@stations_api.post("/stations", responses={201: StationOut})
@allow("station.edit")
def create_station(body: StationBody) -> Response:
    """Create a station in an area."""
    values = body.model_dump(exclude={"id"})
    with writing() as session:
        made = service.create_station(session, actor(), now=now(), station_id=body.id, **values)
        return answer(StationOut.model_validate(made), 201)


@stations_api.get("/stations/<station_id>", responses={200: StationOut})
@allow("view")
def get_station(path: StationPath) -> Response:
    """Show one station."""
    with reading() as session:
        found = sight.seen_station(session, actor(), path.station_id)
        return answer(StationOut.model_validate(found))


@stations_api.patch("/stations/<station_id>", responses={200: StationOut})
@allow("station.edit")
def edit_station(path: StationPath, body: StationEdit) -> Response:
    """Change name or phone of a station."""
    with writing() as session:
        sight.seen_station(session, actor(), path.station_id)
        changes = body.model_dump(exclude_unset=True)
        edited = service.edit_station(session, actor(), path.station_id, now(), **changes)
        return answer(StationOut.model_validate(edited))


@stations_api.get("/devices", responses={200: DevicePage})
@allow("view")
def list_devices(query: AreaQuery) -> Response:
    """List the devices in my areas, with outputs and clusters."""
    with reading() as session:
        rows = sight.devices_in_sight(actor())
        rows = sight.inside(session, rows, query.area_id) if query.area_id else rows
        return page(DeviceOut, listing(session, rows, query.limit, query.offset))


@stations_api.post("/devices", responses={201: DeviceOut})
@allow("station.edit")
def create_device(body: DeviceBody) -> Response:
    """Create a device with the outputs that its profile has; it joins by a claim code."""
    values = body.model_dump(exclude={"id"})
    with writing() as session:
        made = service.create_device(session, actor(), now=now(), device_id=body.id, **values)
        return answer(_device(made), 201)


@stations_api.get("/devices/<device_id>", responses={200: DeviceOut})
@allow("view")
def get_device(path: DevicePath) -> Response:
    """Show one device."""
    with reading() as session:
        return answer(_device(sight.seen_device(session, actor(), path.device_id)))


@stations_api.patch("/devices/<device_id>", responses={200: DeviceOut})
@allow("station.edit")
def edit_device(path: DevicePath, body: DeviceEdit) -> Response:
    """Change name or profile of a device."""
    with writing() as session:
        sight.seen_device(session, actor(), path.device_id)
        changes = body.model_dump(exclude_unset=True)
        return answer(
            _device(service.edit_device(session, actor(), path.device_id, now(), **changes))
        )


@stations_api.post("/devices/<device_id>/claim", responses={201: ClaimOut})
@allow("device.claim")
def claim_device(path: DevicePath) -> Response:
    """Issue a claim code; earlier ones of this device die."""
    with writing() as session:
        sight.seen_device(session, actor(), path.device_id)
        code = issue_claim(session, actor(), path.device_id, _keyring(), now())
        return answer(ClaimOut(device_id=path.device_id, claim=code), 201)


@stations_api.post("/devices/<device_id>/revoke", responses={204: None})
@allow("device.revoke")
def revoke(path: DevicePath) -> Response:
    """Put a device out for ever."""
    with writing() as session:
        sight.seen_device(session, actor(), path.device_id)
        revoke_device(session, actor(), path.device_id, _keyring(), now())
    return nothing()


@stations_api.post("/devices/<device_id>/outputs", responses={201: OutputOut})
@allow("station.edit")
def create_output(path: DevicePath, body: OutputBody) -> Response:
    """Add an output to a device."""
    with writing() as session:
        sight.seen_device(session, actor(), path.device_id)
        made = service.create_output(session, actor(), path.device_id, body.name, now())
        return answer(OutputOut.model_validate(made), 201)


@stations_api.patch("/outputs/<int:output_id>", responses={200: OutputOut})
@allow("station.edit")
def edit_output(path: OutputPath, body: OutputEdit) -> Response:
    """Change volume or delay of an output."""
    with writing() as session:
        sight.seen_output(session, actor(), path.output_id)
        changes = body.model_dump(exclude_unset=True)
        edited = service.edit_output(session, actor(), path.output_id, now(), **changes)
        return answer(OutputOut.model_validate(edited))


@stations_api.get("/clusters", responses={200: ClusterPage})
@allow("view")
def list_clusters(query: AreaQuery) -> Response:
    """List the clusters in my areas."""
    with reading() as session:
        rows = sight.clusters_in_sight(actor())
        rows = sight.inside(session, rows, query.area_id) if query.area_id else rows
        return page(ClusterOut, listing(session, rows, query.limit, query.offset))


@stations_api.post("/clusters", responses={201: ClusterOut})
@allow("station.edit")
def create_cluster(body: ClusterBody) -> Response:
    """Create a cluster on an output."""
    values = body.model_dump(exclude={"id"})
    with writing() as session:
        sight.seen_output(session, actor(), body.output_id)
        made = service.create_cluster(session, actor(), now=now(), cluster_id=body.id, **values)
        return answer(ClusterOut.model_validate(made), 201)


@stations_api.patch("/clusters/<cluster_id>", responses={200: ClusterOut})
@allow("station.edit")
def edit_cluster(path: ClusterPath, body: ClusterEdit) -> Response:
    """Change name, kind, address, position or horns of a cluster."""
    with writing() as session:
        sight.seen_cluster(session, actor(), path.cluster_id)
        changes = body.model_dump(exclude_unset=True)
        edited = service.edit_cluster(session, actor(), path.cluster_id, now(), **changes)
        return answer(ClusterOut.model_validate(edited))


@stations_api.post("/clusters/<cluster_id>/move", responses={200: ClusterOut})
@allow("station.edit")
def move_cluster(path: ClusterPath, body: ClusterMove) -> Response:
    """Move a cluster to another area, another output, or both."""
    with writing() as session:
        sight.seen_cluster(session, actor(), path.cluster_id)
        moved = service.move_cluster(
            session, actor(), path.cluster_id, now(), **body.model_dump(exclude_unset=True)
        )
        return answer(ClusterOut.model_validate(moved))


def _device(device: Device) -> DeviceOut:
    return DeviceOut.model_validate(device)


def _keyring() -> Keyring:
    found: Keyring = current_app.extensions[_KEYRING]
    return found
