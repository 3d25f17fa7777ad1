"""Reads what a compile needs as plain values: devices with their clusters, and active rules."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session, selectinload

from controller.areas.models import Area
from controller.library.models import Asset as AssetRow
from controller.programmes.models import Programme, ProgrammeVersion, ScheduleRule, VersionState
from controller.programmes.rules import rule_of
from controller.stations.models import Cluster, Device, DeviceState, Output, Station
from schedules.errors import ScheduleError
from schedules.filters import Hours, Policy
from schedules.rules import Rule
from wire.plan import Asset

Chain = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AreaView:
    """What a compile needs of an area: its chain from the top, and its own policy if it has one."""

    chain: Chain
    hard_stop_from: time | None
    hard_stop_until: time | None
    night_ceiling_db: float | None


@dataclass(frozen=True, slots=True)
class OutputView:
    """An output: its clusters with the area chain of each."""

    name: str
    clusters: tuple[tuple[str, Chain], ...]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device that can have a plan; `chain` is its station's area from the top."""

    id: str
    chain: Chain
    outputs: tuple[OutputView, ...]


@dataclass(frozen=True, slots=True)
class RuleView:
    """An active rule with the newest approved version of its programme."""

    rule: Rule
    programme_id: str
    title: str
    version: int
    items: tuple[dict[str, Any], ...]
    broadcast_class: str
    origin: str
    resume: str
    areas: frozenset[str]
    clusters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that makes no sense any more; it plays nowhere, and somebody must be told."""

    rule_id: str
    programme_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that one compile looks at."""

    devices: tuple[DeviceView, ...]
    rules: tuple[RuleView, ...]
    refused: tuple[Refused, ...]
    policies: dict[str, Policy]
    assets: dict[str, Asset]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which devices to compile: those below `areas`, those with `clusters`, and `devices`."""

    areas: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()


def load_network(session: Session, zone: str, scope: Scope | None = None) -> Network:
    """Return the devices of a scope (all when None), with every active rule."""
    areas = area_views(session)
    devices = _devices(session, scope, areas)
    places = None if scope is None else _places_of(devices)
    views = [_rule_view(row, version) for row, version in _active_rules(session, places)]
    rules = tuple(view for view in views if isinstance(view, RuleView))
    refused = tuple(view for view in views if isinstance(view, Refused))
    wanted = {sha for view in rules for item in view.items for sha in _hashes(item)}
    assets = {
        row.sha256: Asset(sha256=row.sha256, bytes=row.bytes, duration_ms=row.duration_ms)
        for row in session.scalars(select(AssetRow).where(AssetRow.sha256.in_(wanted)))
    }
    policies = {chain[-1]: policy_of(chain, areas, zone) for chain in {d.chain for d in devices}}
    return Network(devices, rules, refused, policies, assets)


def area_views(session: Session) -> dict[str, AreaView]:
    """Return every area by id, as light values."""
    columns = (Area.id, Area.path, Area.hard_stop_from, Area.hard_stop_until, Area.night_ceiling_db)
    return {
        row.id: AreaView(
            tuple(row.path.strip("/").split("/")),
            row.hard_stop_from,
            row.hard_stop_until,
            row.night_ceiling_db,
        )
        for row in session.execute(select(*columns))
    }


def policy_of(chain: Chain, areas: dict[str, AreaView], zone: str) -> Policy:
    """Return the hours and ceilings that hold in an area: the nearest ancestor's that sets them.

    Equal hard-stop times mean that there is no hard stop.
    """
    default = Policy(zone=zone)
    hard_stop, ceiling = default.hard_stop, default.night_ceiling_db
    for area in (areas[name] for name in chain):
        if area.hard_stop_from is not None and area.hard_stop_until is not None:
            hard_stop = _hours(area.hard_stop_from, area.hard_stop_until)
        if area.night_ceiling_db is not None:
            ceiling = area.night_ceiling_db
    return Policy(zone=zone, hard_stop=hard_stop, night_ceiling_db=ceiling)


def _hours(start: time, end: time) -> Hours | None:
    return None if start == end else Hours(start, end)


def _devices(
    session: Session, scope: Scope | None, areas: dict[str, AreaView]
) -> tuple[DeviceView, ...]:
    rows = select(Device.id, Station.area_id, Output.name, Cluster.id, Cluster.area_id).select_from(
        Device
    )
    rows = rows.join(Device.station).join(Device.outputs).join(Output.clusters, isouter=True)
    rows = rows.where(Device.state == DeviceState.ENROLLED)
    if scope is not None:
        rows = rows.where(Device.id.in_(scope.devices) | Device.id.in_(_devices_in(scope, areas)))
    outputs: dict[tuple[str, str], list[tuple[str, Chain]]] = {}
    places: dict[str, Chain] = {}
    for device, station_area, output, cluster, cluster_area in session.execute(
        rows.order_by(Device.id, Output.name, Cluster.id)
    ):
        places[device] = areas[station_area].chain
        found = outputs.setdefault((device, output), [])
        if cluster is not None:
            found.append((cluster, areas[cluster_area].chain))
    grouped: dict[str, list[OutputView]] = {}
    for (device, output), of_output in outputs.items():
        grouped.setdefault(device, []).append(OutputView(output, tuple(of_output)))
    return tuple(DeviceView(device, places[device], tuple(o)) for device, o in grouped.items())


def _devices_in(scope: Scope, areas: dict[str, AreaView]) -> Select[Any]:
    below = {name for name, area in areas.items() if scope.areas.intersection(area.chain)}
    return (
        select(Output.device_id)
        .join(Output.clusters)
        .where(Cluster.area_id.in_(below) | Cluster.id.in_(scope.clusters))
    )


def _places_of(devices: tuple[DeviceView, ...]) -> frozenset[str]:
    """Return every area and cluster in which a rule would concern one of the devices."""
    clusters = [cluster for device in devices for out in device.outputs for cluster in out.clusters]
    names = {name for name, _ in clusters}
    return frozenset(names.union(*(chain for _, chain in clusters)))


def _rules_at(session: Session, places: frozenset[str]) -> list[str]:
    columns = (ScheduleRule.id, ScheduleRule.target_areas, ScheduleRule.target_clusters)
    rows = session.execute(select(*columns).where(ScheduleRule.is_active))
    return [name for name, areas, clusters in rows if places.intersection((*areas, *clusters))]


def _active_rules(
    session: Session, places: frozenset[str] | None
) -> list[tuple[ScheduleRule, ProgrammeVersion]]:
    wanted = true() if places is None else ScheduleRule.id.in_(_rules_at(session, places))
    rows = session.scalars(
        select(ScheduleRule)
        .join(ScheduleRule.programme)
        .where(ScheduleRule.is_active, Programme.archived_at.is_(None), wanted)
        .options(selectinload(ScheduleRule.programme).selectinload(Programme.versions))
        .order_by(ScheduleRule.id)
    )
    return [(row, version) for row in rows if (version := on_air(row.programme)) is not None]


def on_air(programme: Programme) -> ProgrammeVersion | None:
    """Return the newest approved version of a programme."""
    approved = [v for v in programme.versions if v.state == VersionState.APPROVED]
    return max(approved, key=lambda version: version.number, default=None)


def _rule_view(row: ScheduleRule, version: ProgrammeVersion) -> RuleView | Refused:
    programme = row.programme
    try:
        rule = rule_of(row, version.duration_ms)
    except (ScheduleError, ValueError) as error:
        return Refused(row.id, programme.id, str(error))
    return RuleView(
        rule=rule,
        programme_id=programme.id,
        title=programme.title,
        version=version.number,
        items=tuple(version.items),
        broadcast_class=programme.broadcast_class,
        origin=programme.origin,
        resume=programme.resume,
        areas=frozenset(row.target_areas),
        clusters=frozenset(row.target_clusters),
    )


def _hashes(item: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sha for sha in (item.get("sha256"), item.get("fallback")) if sha)
