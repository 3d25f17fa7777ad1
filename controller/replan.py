"""Asks for new plans in the transaction that made them necessary, so that no crash forgets one."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller import wake
from controller.db import Base

NAME = "replan"


class Replan(Base):
    """A request to compile again: every device below an area, or the device of a cluster."""

    __tablename__ = "replans"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    area_id: Mapped[str | None] = mapped_column(String(40))
    cluster_id: Mapped[str | None] = mapped_column(String(40))
    asked_at: Mapped[datetime]


def replan(
    session: Session, *, areas: Iterable[str] = (), clusters: Iterable[str] = (), now: datetime
) -> None:
    """Ask for the plans of all devices below `areas` or with one of `clusters`."""
    session.add_all(Replan(area_id=area, asked_at=now) for area in areas)
    session.add_all(Replan(cluster_id=cluster, asked_at=now) for cluster in clusters)
    wake.ask(session, NAME)


def take_requests(session: Session) -> tuple[frozenset[str], frozenset[str]]:
    """Remove and return what was asked for: area ids and cluster ids."""
    rows = session.scalars(select(Replan)).all()
    session.execute(delete(Replan).where(Replan.id.in_([row.id for row in rows])))
    areas = frozenset(row.area_id for row in rows if row.area_id)
    return areas, frozenset(row.cluster_id for row in rows if row.cluster_id)
