"""Asks for new plans in the transaction that made them necessary, so that no crash forgets one.

A change of stations, devices or areas also asks for new desired states.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
    wants_desired: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Requests:
    """What was asked for: the areas and clusters whose devices need new plans.

    `desired_areas` are those whose devices may need a new desired state too; `ids` the requests.
    """

    areas: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()
    desired_areas: frozenset[str] = frozenset()
    ids: tuple[int, ...] = ()


def replan(
    session: Session,
    *,
    areas: Iterable[str] = (),
    clusters: Iterable[str] = (),
    wants_desired: bool = False,
    now: datetime,
) -> None:
    """Ask for the plans of all devices below `areas` or with one of `clusters`."""
    session.add_all(
        Replan(area_id=area, wants_desired=wants_desired, asked_at=now) for area in areas
    )
    session.add_all(Replan(cluster_id=cluster, asked_at=now) for cluster in clusters)
    wake.ask(session, NAME)


def look_at_requests(session: Session) -> Requests:
    """Return what was asked for so far; it stays until `forget_requests`."""
    rows = session.scalars(select(Replan).order_by(Replan.id)).all()
    return Requests(
        areas=frozenset(row.area_id for row in rows if row.area_id),
        clusters=frozenset(row.cluster_id for row in rows if row.cluster_id),
        desired_areas=frozenset(row.area_id for row in rows if row.area_id and row.wants_desired),
        ids=tuple(row.id for row in rows),
    )


def forget_requests(session: Session, ids: Iterable[int]) -> None:
    """Remove requests that were carried out."""
    session.execute(delete(Replan).where(Replan.id.in_(list(ids))))
