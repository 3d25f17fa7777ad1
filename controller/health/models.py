"""Who is there, and what is wrong: presence of devices, their last measurements, incidents."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class Presence(Base):
    """What a device last said of itself, in a status or a heartbeat that verified.

    Epoch, revisions and `receipts_upto` count for `key` alone: a device enrolled anew begins anew.
    """

    __tablename__ = "presences"

    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(43), default="")
    state: Mapped[str] = mapped_column(String(10))
    epoch: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    status_rev: Mapped[int] = mapped_column(BigInteger, default=0)
    health_rev: Mapped[int] = mapped_column(BigInteger, default=0)
    status: Mapped[dict[str, Any]]
    measurements: Mapped[dict[str, Any]]
    receipts_upto: Mapped[int] = mapped_column(default=0)


class Incident(Base):
    """Something a technician must know; open until `closed_at`."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    device_id: Mapped[str | None] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(100), default="")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_incidents_open", "closed_at", "kind", "device_id"),)
