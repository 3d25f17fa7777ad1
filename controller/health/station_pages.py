"""What the stations' pages show: every device with what it last said, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.health.models import Incident, Presence
from controller.listing import Listing, listing
from controller.people.rights import Actor
from controller.plans.models import CompiledPlan
from controller.stations.models import Cluster, Device, Station
from controller.stations.packs import Wanted, wanted_packs
from controller.stations.sight import clusters_in_sight, stations_in_sight

MOST_ON_MAP = 2000


@dataclass(frozen=True, slots=True)
class DeviceShown:
    """A device, its presence, whether it has the newest plan and pack, and its open incidents."""

    device: Device
    presence: Presence | None
    plan: CompiledPlan | None
    incidents: tuple[Incident, ...]
    pack: Wanted

    @property
    def state(self) -> str:
        """Return the presence in one word of `words.PRESENCE`."""
        return self.presence.state if self.presence else "never"

    @property
    def status(self) -> dict[str, Any]:
        """Return the last verified status, empty when there was none."""
        return self.presence.status if self.presence else {}

    @property
    def has_taken_plan(self) -> bool:
        """Return whether the device holds the plan that was last published."""
        return self.plan is None or self.status.get("plan_digest") == self.plan.digest

    @property
    def has_pack(self) -> bool:
        """Return whether the device holds the emergency pack that it should."""
        return self.pack.sha256 is None or self.status.get("emergency_pack") == self.pack.sha256

    @property
    def missing(self) -> int:
        """Return how many sounds the device still has to fetch."""
        return len(self.status.get("missing", ()))

    def output(self, name: str) -> dict[str, Any]:
        """Return what the device reported of an output, empty when nothing."""
        found = (one for one in self.status.get("outputs", ()) if one.get("id") == name)
        return next(found, {})


def stations(
    session: Session, actor: Actor, search: str, limit: int, offset: int
) -> tuple[Listing[Station], dict[str, tuple[DeviceShown, ...]]]:
    """Return a page of stations, and the devices of each by the station's id."""
    rows = stations_in_sight(actor)
    if search:
        rows = rows.where(Station.name.icontains(search, autoescape=True))
    found: Listing[Station] = listing(session, rows, limit, offset)
    return found, {one.id: devices_of(session, one) for one in found.rows}


def devices_of(session: Session, station: Station) -> tuple[DeviceShown, ...]:
    """Return the devices of a station with their state, by name."""
    devices = sorted(station.devices, key=lambda device: (device.name, device.id))
    incidents = session.scalars(
        select(Incident)
        .where(Incident.closed_at.is_(None), Incident.device_id.in_([d.id for d in devices]))
        .order_by(Incident.opened_at.desc())
    ).all()
    pack = wanted_packs(session, [station.area_id])[station.area_id]
    return tuple(
        DeviceShown(
            device,
            session.get(Presence, device.id),
            session.get(CompiledPlan, device.id),
            tuple(one for one in incidents if one.device_id == device.id),
            pack,
        )
        for device in devices
    )


def points(session: Session, actor: Actor) -> Sequence[dict[str, Any]]:
    """Return the clusters that have a position, for the map; at most 2,000."""
    rows = clusters_in_sight(actor).where(Cluster.latitude.is_not(None))
    return [_point(session, cluster) for cluster in session.scalars(rows.limit(MOST_ON_MAP))]


def _point(session: Session, cluster: Cluster) -> dict[str, Any]:
    presence = session.get(Presence, cluster.output.device_id)
    return {
        "name": cluster.name,
        "at": [cluster.latitude, cluster.longitude],
        "state": presence.state if presence else "never",
        "url": f"/stations/{cluster.output.device.station_id}",
    }
