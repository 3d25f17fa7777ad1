"""Alerts with their revisions, who released and heard them, whom they reached; rules, templates.

What was written stays: a changed text is a new revision, so that an approval always means one text.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from controller.db import Base


class AlertState(StrEnum):
    """Where an alert stands: drafted > awaiting > counting > released > cancelled or ended.

    `withdrawn` never went out.
    """

    DRAFTED = "drafted"
    AWAITING = "awaiting"
    COUNTING = "counting"
    RELEASED = "released"
    CANCELLED = "cancelled"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class RevisionState(StrEnum):
    """Where one text of an alert stands; `replaced` by a newer one before it was released.

    `withdrawn` by a person; `lapsed` was released, but its time was over before it could be sent.
    """

    DRAFTED = "drafted"
    AWAITING = "awaiting"
    COUNTING = "counting"
    RELEASED = "released"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Alert(Base):
    """An emergency announcement (phát khẩn cấp), known on the wire by its area and id.

    `area_id` speaks and owns it, `publish_area_id` is the smallest common area of whom it is for.
    Neither these nor `status` (real, exercise or drill) ever change. `active_key` is set while it
    is in force, so that there is one for an area, hazard and status. `exp_at` is the latest expiry
    that was ever signed for it.
    """

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    publish_area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    hazard: Mapped[str] = mapped_column(String(30))
    level: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=AlertState.DRAFTED, index=True)
    active_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    supersedes: Mapped[str | None] = mapped_column(String(40))
    template_id: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(index=True)
    released_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    exp_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    revisions: Mapped[list["AlertRevision"]] = relationship(
        back_populates="alert", order_by="AlertRevision.number"
    )


class AlertRevision(Base):
    """One text of an alert, never changed once written (`content` as `content.Content`).

    `spoken` is the text of each language as it is read out, `audio` its sound (`sha256`, `bytes`,
    `duration_ms`); `all_clear` and `all_clear_audio` are what a cancel or end may speak.
    `rev`, `token`, `digest` and `signed_at` are set when it is sent. `by_source` is set where no
    person released it: `cap:` and the name of the signed outside source.
    """

    __tablename__ = "alert_revisions"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), default=RevisionState.DRAFTED)
    content: Mapped[dict[str, Any]]
    spoken: Mapped[dict[str, Any]]
    audio: Mapped[dict[str, Any]]
    all_clear: Mapped[dict[str, Any]]
    all_clear_audio: Mapped[dict[str, Any]]
    speaks_all_clear: Mapped[bool] = mapped_column(default=False)
    is_prepared: Mapped[bool] = mapped_column(default=False)
    template_version: Mapped[int | None]
    issued_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    goes_at: Mapped[datetime | None]
    rev: Mapped[int | None] = mapped_column(BigInteger)
    token: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64))
    signed_at: Mapped[datetime | None]
    reach_laid_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    by_source: Mapped[str] = mapped_column(String(60), default="")
    alert: Mapped[Alert] = relationship(back_populates="revisions")

    __table_args__ = (Index("ix_alert_revisions_due", "state", "goes_at"),)


class AlertRelease(Base):
    """A person's confirmation of one text; `factor` is `totp`, `recovery`, or "" for none."""

    __tablename__ = "alert_releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"))
    revision: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    login: Mapped[str] = mapped_column(String(60))
    full_name: Mapped[str] = mapped_column(String(200))
    factor: Mapped[str] = mapped_column(String(10), default="")
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("alert_id", "revision", "person_id"),)


class ReachState(StrEnum):
    """How far an alert came at a cluster, by signed receipts only."""

    PENDING = "pending"
    RECEIVED = "received"
    FAILED = "failed"
    SOUNDING = "sounding"
    FINISHED = "finished"


class AlertReach(Base):
    """One cluster of one alert. `is_meant` is false once an update no longer means it.

    `rev` is the revision that the instants speak of, `asked_at` when it went out, `heard_at` when
    any revision first sounded here, `stopped_at` when the device had the cancel or end. `detail` is
    what sounded: a SHA-256, `device_voice`, `pack` or `siren`.
    """

    __tablename__ = "alert_reach"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    cluster_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40))
    area_id: Mapped[str] = mapped_column(String(40))
    is_meant: Mapped[bool] = mapped_column(default=True)
    why: Mapped[str] = mapped_column(String(12))
    rev: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default=ReachState.PENDING)
    code: Mapped[str] = mapped_column(String(64), default="")
    detail: Mapped[str] = mapped_column(String(64), default="")
    asked_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    played_ms: Mapped[int | None]

    __table_args__ = (
        Index("ix_alert_reach_device", "device_id", "alert_id"),
        Index("ix_alert_reach_shown", "alert_id", "area_id", "state"),
    )


class ReleaseRule(Base):
    """Who must release a real alert in an area and below: `hazard` None is any, levels inclusive.

    It relaxes nothing for free text and nothing above a commune: those need two people.
    """

    __tablename__ = "release_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    hazard: Mapped[str | None] = mapped_column(String(30))
    level_from: Mapped[int] = mapped_column(default=1)
    level_to: Mapped[int] = mapped_column(default=5)
    people: Mapped[int] = mapped_column(default=2)
    needs_second_factor: Mapped[bool] = mapped_column(default=True)
    preauthorised_only: Mapped[bool] = mapped_column(default=False)
    countdown_s: Mapped[int] = mapped_column(default=0)
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime]


class TemplateState(StrEnum):
    """Drafted > approved by a second person who heard it > retired."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    RETIRED = "retired"


class AlertTemplate(Base):
    """A prepared alert without a place. Changing it raises `version` and voids its approval.

    `spoken` are its texts in the words that are said, `audio` how they sound, for listening. An
    alert made of it says exactly these words, after its own time.
    """

    __tablename__ = "alert_templates"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    hazard: Mapped[str] = mapped_column(String(30))
    level: Mapped[int]
    texts: Mapped[dict[str, Any]]
    spoken: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    audio: Mapped[dict[str, Any]]
    siren: Mapped[str | None] = mapped_column(String(64))
    minutes: Mapped[int] = mapped_column(default=30)
    repeat: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default=TemplateState.DRAFTED)
    version: Mapped[int] = mapped_column(default=1)
    is_preauthorised: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(60))
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(60))
    approved_at: Mapped[datetime | None]


class Drill(Base):
    """A drill in the calendar: where and when, then the alert that it was, and how it went."""

    __tablename__ = "drills"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    planned_at: Mapped[datetime] = mapped_column(index=True)
    template_id: Mapped[str | None] = mapped_column(String(40))
    alert_id: Mapped[str | None] = mapped_column(ForeignKey("alerts.id"), unique=True)
    score: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    scored_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]


class LocalAlert(Base):
    """An alert that somebody raised at a device itself, as the device told us (`wire.up.Panic`)."""

    __tablename__ = "local_alerts"

    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    rev: Mapped[int] = mapped_column(BigInteger)
    hazard: Mapped[str] = mapped_column(String(30))
    outputs: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    told_at: Mapped[datetime]
