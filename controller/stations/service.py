"""Stations, devices, outputs and clusters: created, edited and moved, each change audited.

Every change asks for new plans and desired states (`replan`) in its own transaction; the worker
compiles, signs and publishes. Rights are judged in the area where a thing stands, and for a move
in both. Nothing here commits.
"""

import re
import secrets
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Conflict, Invalid, Missing
from controller.people.audit import record
from controller.people.rights import Actor, require
from controller.replan import replan
from controller.stations.desired import find_device
from controller.stations.models import Cluster, Device, Output, Station
from firmware_profiles import load_profile, profile_names
from wire.topics import AREA_PATTERN, DEVICE_PATTERN

Thing = TypeVar("Thing")

ACTION = "station.edit"
CLUSTER_KINDS = ("ip", "fm", "wired")
RANGES = {"volume_db": (-120, 24), "delay_ms": (0, 5000), "latitude": (-90, 90)} | {
    "longitude": (-180, 180),
    "horns": (0, 100),
}
EDITABLE = {
    Station: frozenset({"name", "phone"}),
    Device: frozenset({"name", "profile"}),
    Output: frozenset({"volume_db", "delay_ms"}),
    Cluster: frozenset({"name", "kind", "address", "latitude", "longitude", "horns"}),
}


def create_station(
    session: Session,
    actor: Actor,
    *,
    area_id: str,
    name: str,
    now: datetime,
    phone: str = "",
    station_id: str = "",
) -> Station:
    """Create a station in an area."""
    area = find_area(session, area_id)
    require(actor, ACTION, area)
    new_id = _new_id(session, Station, station_id, "s-", AREA_PATTERN)
    station = Station(id=new_id, area_id=area_id, name=_name(name), phone=phone, devices=[])
    session.add(station)
    _changed(session, actor, "station.create", station.id, area, {"name": name}, now)
    return station


def create_device(
    session: Session,
    actor: Actor,
    *,
    station_id: str,
    name: str,
    profile: str,
    now: datetime,
    device_id: str = "",
) -> Device:
    """Create a device with the outputs that its profile has; it joins by a claim code."""
    station = find_station(session, station_id)
    area = find_area(session, station.area_id)
    require(actor, ACTION, area)
    _require_profile(profile)
    device = Device(
        id=_new_id(session, Device, device_id, "d-", DEVICE_PATTERN),
        name=_name(name),
        profile=profile,
        station=station,
        outputs=_outputs_of(profile),
    )
    session.add(device)
    facts = {"name": name, "profile": profile, "station": station_id}
    _changed(session, actor, "device.create", device.id, area, facts, now)
    return device


def create_output(
    session: Session, actor: Actor, device_id: str, name: str, now: datetime
) -> Output:
    """Add an output to a device, by the name that the profile or the installer gave it."""
    device = find_device(session, device_id)
    area = find_area(session, device.station.area_id)
    require(actor, ACTION, area)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name):
        raise Invalid(field="name", why_vi="tên ngõ ra sai", why_en="not an output's name")
    if any(output.name == name for output in device.outputs):
        raise Conflict(why_vi=f"Đã có ngõ ra {name}", why_en=f"There is an output {name} already")
    output = Output(device=device, name=name, clusters=[])
    session.add(output)
    _changed(session, actor, "output.create", device_id, area, {"output": name}, now)
    return output


def create_cluster(
    session: Session,
    actor: Actor,
    *,
    output_id: int,
    area_id: str,
    name: str,
    now: datetime,
    kind: str = "ip",
    cluster_id: str = "",
    **details: Any,
) -> Cluster:
    """Create a cluster on an output; `details` are address, latitude, longitude, horns.

    Rights are needed in the cluster's area and in that of the device's station.
    """
    output = find_output(session, output_id)
    area = find_area(session, area_id)
    require(actor, ACTION, area)
    require(actor, ACTION, find_area(session, output.device.station.area_id))
    values = {"name": name, "kind": kind, **details}
    _require_values(Cluster, values)
    cluster = Cluster(
        id=_new_id(session, Cluster, cluster_id, "c-", AREA_PATTERN),
        output=output,
        area_id=area_id,
        **values,
    )
    session.add(cluster)
    _changed(session, actor, "cluster.create", cluster.id, area, values, now)
    return cluster


def edit_station(
    session: Session, actor: Actor, station_id: str, now: datetime, **changes: Any
) -> Station:
    """Change name or phone."""
    station = find_station(session, station_id)
    _edit(session, actor, station, station.id, find_area(session, station.area_id), changes, now)
    return station


def edit_device(
    session: Session, actor: Actor, device_id: str, now: datetime, **changes: Any
) -> Device:
    """Change name or profile."""
    device = find_device(session, device_id)
    area = find_area(session, device.station.area_id)
    _edit(session, actor, device, device.id, area, changes, now)
    return device


def edit_output(
    session: Session, actor: Actor, output_id: int, now: datetime, **changes: Any
) -> Output:
    """Change volume (dB, -120 to 24) or deliberate delay (ms, 0 to 5000)."""
    output = find_output(session, output_id)
    area = find_area(session, output.device.station.area_id)
    _edit(session, actor, output, f"{output.device_id}/{output.name}", area, changes, now)
    return output


def edit_cluster(
    session: Session, actor: Actor, cluster_id: str, now: datetime, **changes: Any
) -> Cluster:
    """Change name, kind, address, position or number of horns."""
    cluster = find_cluster(session, cluster_id)
    _edit(session, actor, cluster, cluster.id, find_area(session, cluster.area_id), changes, now)
    return cluster


def move_cluster(
    session: Session,
    actor: Actor,
    cluster_id: str,
    now: datetime,
    *,
    area_id: str = "",
    output_id: int | None = None,
) -> Cluster:
    """Move a cluster to another area, another output, or both; rights are needed at both ends."""
    cluster = find_cluster(session, cluster_id)
    old_area = find_area(session, cluster.area_id)
    new_area = find_area(session, area_id) if area_id else old_area
    old_output = cluster.output
    new_output = find_output(session, output_id) if output_id is not None else old_output
    stations = {one.device.station.area_id for one in (old_output, new_output)}
    for area in (old_area, new_area, *(find_area(session, one) for one in sorted(stations))):
        require(actor, ACTION, area)
    cluster.area_id, cluster.output = new_area.id, new_output
    facts = {"from": old_area.id, "to": new_area.id, "output": new_output.id}
    replan(
        session, areas=[old_area.id, old_output.device.station.area_id], wants_desired=True, now=now
    )
    _changed(session, actor, "cluster.move", cluster.id, new_area, facts, now)
    return cluster


def find_station(session: Session, station_id: str) -> Station:
    """Return a station, or raise `Missing`."""
    return _found(session.get(Station, station_id), "đài | station", station_id)


def find_output(session: Session, output_id: int) -> Output:
    """Return an output, or raise `Missing`."""
    return _found(session.get(Output, output_id), "ngõ ra | output", output_id)


def find_cluster(session: Session, cluster_id: str) -> Cluster:
    """Return a cluster, or raise `Missing`."""
    return _found(session.get(Cluster, cluster_id), "cụm loa | cluster", cluster_id)


def _edit(
    session: Session,
    actor: Actor,
    thing: Station | Device | Output | Cluster,
    object_id: str,
    area: Area,
    changes: dict[str, Any],
    now: datetime,
) -> None:
    require(actor, ACTION, area)
    _require_values(type(thing), changes)
    before = {name: getattr(thing, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if not changed:
        return
    for name, value in changed.items():
        setattr(thing, name, value)
    kind = type(thing).__name__.lower()
    facts = {name: [before[name], value] for name, value in changed.items()}
    _changed(session, actor, f"{kind}.edit", object_id, area, facts, now)


def _changed(
    session: Session,
    actor: Actor,
    action: str,
    object_id: str,
    area: Area,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    session.flush()
    kind = action.partition(".")[0]
    record(session, now, actor.login, action, kind, object_id, area.id, facts)
    replan(session, areas=[area.id], wants_desired=True, now=now)


def _require_values(table: type[Any], values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in EDITABLE[table]:
            raise Invalid(field=name, why_vi="không sửa được", why_en="cannot be edited")
        if name == "name":
            _name(value)
        if name == "profile":
            _require_profile(value)
        if name == "kind" and value not in CLUSTER_KINDS:
            raise Invalid(field=name, why_vi="là ip, fm hoặc wired", why_en="is ip, fm or wired")
        if name in RANGES and value is not None:
            _require_range(name, value)


def _require_range(name: str, value: float) -> None:
    low, high = RANGES[name]
    if not low <= value <= high:
        raise Invalid(field=name, why_vi=f"từ {low} đến {high}", why_en=f"from {low} to {high}")


def _require_profile(profile: str) -> None:
    known = profile_names()
    if profile not in known:
        names = ", ".join(known)
        raise Invalid(field="profile", why_vi=f"là một trong {names}", why_en=f"is one of {names}")


def _outputs_of(profile: str) -> list[Output]:
    described = load_profile(profile)
    volume_db = described.volume.default_db
    return [Output(name=one.id, volume_db=volume_db, clusters=[]) for one in described.outputs]


def _name(name: str) -> str:
    if not name.strip() or len(name) > 200:
        raise Invalid(
            field="name", why_vi="từ 1 đến 200 ký tự", why_en="has from 1 to 200 characters"
        )
    return name


def _new_id(session: Session, table: type[Any], wanted: str, prefix: str, pattern: str) -> str:
    new = wanted or prefix + secrets.token_hex(6)
    if not re.fullmatch(pattern, new):
        raise Invalid(field="id", why_vi=f"dạng {pattern}", why_en=f"has the form {pattern}")
    if session.get(table, new) is not None:
        raise Conflict(why_vi=f"Đã có {new}", why_en=f"There is {new} already")
    return new


def _found(thing: Thing | None, what: str, key: object) -> Thing:
    if thing is None:
        raise Missing(what=what, id=key)
    return thing
