"""What needs a person today: open incidents, and versions that wait for a decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from controller.areas.models import Area
from controller.health.models import Incident
from controller.listing import below
from controller.people.rights import Actor, paths_for
from controller.programmes.models import Programme, ProgrammeVersion, VersionState
from controller.stations.models import Device, Station

MOST = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open incident, and the device that it is about."""

    incident: Incident
    device: Device


def troubles(session: Session, actor: Actor) -> Sequence[Trouble]:
    """Return the newest open incidents in the actor's areas, at most 20."""
    rows = session.execute(
        select(Incident, Device)
        .join(Device, Device.id == Incident.device_id)
        .join(Station, Station.id == Device.station_id)
        .join(Area, Area.id == Station.area_id)
        .where(Incident.closed_at.is_(None), below(Area.path, paths_for(actor, "view")))
        .options(selectinload(Device.station))
        .order_by(Incident.opened_at.desc())
        .limit(MOST)
    )
    return [Trouble(incident, device) for incident, device in rows]


def decisions(session: Session, actor: Actor) -> Sequence[ProgrammeVersion]:
    """Return the versions that the actor may approve or return, oldest first, at most 20."""
    return session.scalars(
        select(ProgrammeVersion)
        .join(ProgrammeVersion.programme)
        .join(Area, Area.id == Programme.area_id)
        .where(
            ProgrammeVersion.state == VersionState.SUBMITTED,
            Programme.archived_at.is_(None),
            below(Area.path, paths_for(actor, "programme.approve")),
        )
        .options(selectinload(ProgrammeVersion.programme))
        .order_by(ProgrammeVersion.submitted_at)
        .limit(MOST)
    ).all()
