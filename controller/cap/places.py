"""The areas and clusters of the database as values that can be matched."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.cap.geocodes import Gazetteer
from controller.cap.matching import Spot
from controller.stations.models import Cluster
from wire.target import position


def gazetteer(session: Session, today: date) -> Gazetteer:
    """Return the areas that are on a day; of two with one code the later begun counts."""
    rows = session.execute(
        select(Area.id, Area.code)
        .where(or_(Area.valid_from.is_(None), Area.valid_from <= today))
        .where(or_(Area.valid_until.is_(None), Area.valid_until > today))
        .order_by(Area.valid_from, Area.path.desc())
    ).all()
    return Gazetteer(
        frozenset(area_id for area_id, _ in rows), {code: area_id for area_id, code in rows if code}
    )


def area_spots(session: Session) -> list[Spot]:
    """Return every area as a spot at its middle."""
    rows = session.execute(
        select(Area.id, Area.path, Area.latitude, Area.longitude).order_by(Area.path)
    )
    return [Spot(area, _chain(path), position(lat, lon)) for area, path, lat, lon in rows]


def cluster_spots(session: Session) -> list[Spot]:
    """Return every cluster at its place."""
    rows = session.execute(
        select(Cluster.id, Area.path, Cluster.latitude, Cluster.longitude)
        .join(Area, Area.id == Cluster.area_id)
        .order_by(Area.path, Cluster.id)
    )
    return [Spot(cluster, _chain(path), position(lat, lon)) for cluster, path, lat, lon in rows]


def _chain(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))
