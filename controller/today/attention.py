"""What needs a person today: open incidents, and versions that wait for a decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from controller.areas.models import Area
from controller.cap.models import CapSource
from controller.health.models import Incident
from controller.health.settling import ACTION, BY_HAND
from controller.health.sight import incidents_in_sight
from controller.listing import below
from controller.people.rights import Actor, allows, paths_for
from controller.programmes.models import Programme, ProgrammeVersion, VersionState
from controller.stations.models import Device

MOST = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open incident, and the device, else the programme or source that it is about.

    `may_settle` says whether the actor may close it by hand.
    """

    incident: Incident
    device: Device | None
    programme: Programme | None
    source: CapSource | None
    may_settle: bool


def troubles(session: Session, actor: Actor) -> Sequence[Trouble]:
    """Return the newest open incidents in the actor's areas, at most 20."""
    rows = session.execute(
        incidents_in_sight(actor)
        .add_columns(Device, Programme, CapSource, Area)
        .where(Incident.closed_at.is_(None))
        .options(selectinload(Device.station))
        .limit(MOST)
    )
    return [
        Trouble(incident, device, programme, source, _may_settle(actor, incident, area))
        for incident, device, programme, source, area in rows
    ]


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


def _may_settle(actor: Actor, incident: Incident, area: Area) -> bool:
    return incident.kind in BY_HAND and allows(actor, ACTION, area)
