"""Programmes with their approved versions, and the rules that say when they play."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from controller.db import Base


class VersionState(StrEnum):
    """Draft > submitted > approved or returned; an older approved one is superseded."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Programme(Base):
    """What plays (chương trình). The newest approved version is what goes to air."""

    __tablename__ = "programmes"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    broadcast_class: Mapped[str] = mapped_column(String(10), default="normal")
    origin: Mapped[str] = mapped_column(String(10), default="commune")
    resume: Mapped[str] = mapped_column(String(10), default="clock")
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    versions: Mapped[list["ProgrammeVersion"]] = relationship(
        back_populates="programme", order_by="ProgrammeVersion.number"
    )
    rules: Mapped[list["ScheduleRule"]] = relationship(back_populates="programme")


class ProgrammeVersion(Base):
    """The items of a programme at one time. `items` is a list of `wire.plan` items as JSON."""

    __tablename__ = "programme_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=VersionState.DRAFT)
    items: Mapped[list[Any]]
    duration_ms: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    programme: Mapped[Programme] = relationship(back_populates="versions")

    __table_args__ = (UniqueConstraint("programme_id", "number"),)


class ScheduleRule(Base):
    """When a programme plays (lịch phát), in local wall time with its zone.

    `dtstart` is naive on purpose, as ISO text; `moves` maps an original local start to a new one
    or to None where that occurrence is cancelled. `target_areas` and `target_clusters` say where.
    """

    __tablename__ = "schedule_rules"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    dtstart: Mapped[str] = mapped_column(String(19))
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Ho_Chi_Minh")
    rrule: Mapped[str | None] = mapped_column(String(500))
    lunar: Mapped[str | None] = mapped_column(String(200))
    exdates: Mapped[list[str]] = mapped_column(JSON, default=list)
    rdates: Mapped[list[str]] = mapped_column(JSON, default=list)
    moves: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    duration_ms: Mapped[int | None]
    target_areas: Mapped[list[str]] = mapped_column(JSON, default=list)
    target_clusters: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    programme: Mapped[Programme] = relationship(back_populates="rules")
