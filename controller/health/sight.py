"""What of the incidents a person can see: of devices, programmes and sources in their areas."""

from typing import Any

from sqlalchemy import Select, and_, func, select

from controller.areas.models import Area
from controller.cap.models import CapSource
from controller.health.models import Incident
from controller.listing import below
from controller.people.rights import Actor, paths_for
from controller.programmes.models import Programme
from controller.stations.models import Device, Station


def incidents_in_sight(actor: Actor) -> Select[Any]:
    """Return the incidents in the actor's areas, the newest first, joined with their `Area`.

    An incident stands where its device's station stands; one of a rule, where its programme does;
    one of a source of warnings, in the area of the source.
    A forged report of a device that nobody knows stands nowhere: it is in the log alone.
    """
    of_rule = and_(
        Incident.device_id.is_(None), Programme.id == Incident.facts["programme"].as_string()
    )
    of_source = and_(
        Incident.device_id.is_(None), CapSource.id == Incident.facts["source"].as_string()
    )
    return (
        select(Incident)
        .outerjoin(Device, Device.id == Incident.device_id)
        .outerjoin(Station, Station.id == Device.station_id)
        .outerjoin(Programme, of_rule)
        .outerjoin(CapSource, of_source)
        .join(Area, Area.id == func.coalesce(Station.area_id, Programme.area_id, CapSource.area_id))
        .where(below(Area.path, paths_for(actor, "view")))
        .order_by(Incident.opened_at.desc(), Incident.id.desc())
    )
