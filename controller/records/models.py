"""What devices said happened: signed batches as they came, receipts, and the logbook."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class Batch(Base):
    """A signed message of a device, stored first and verified in the background."""

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    device_id: Mapped[str] = mapped_column(String(40), index=True)
    token: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
    verified_at: Mapped[datetime | None] = mapped_column(index=True)
    verdict: Mapped[str] = mapped_column(String(20), default="")


class StoredReceipt(Base):
    """One receipt (biên nhận); the numbers of a device's key have no gap.

    `key` is the key that signed it: enrolled anew, a device counts from 1 again.
    """

    __tablename__ = "receipts"

    device_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(43), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(index=True)
    received_at: Mapped[datetime]
    output: Mapped[str | None] = mapped_column(String(64))
    slot: Mapped[str | None] = mapped_column(String(64), index=True)
    programme: Mapped[str | None] = mapped_column(String(64))
    object_id: Mapped[str | None] = mapped_column(String(64))
    rev: Mapped[int | None] = mapped_column(BigInteger)
    area: Mapped[str | None] = mapped_column(String(40))
    clusters: Mapped[list[str] | None] = mapped_column(JSON)
    played_ms: Mapped[int | None]
    late_ms: Mapped[int | None]
    clock: Mapped[str] = mapped_column(String(10))
    clock_error_ms: Mapped[int | None]
    code: Mapped[str] = mapped_column(String(64), default="")
    detail: Mapped[str] = mapped_column(Text, default="")


class BroadcastState(StrEnum):
    """Where a planned slot stands. `unreported` is never shown as played."""

    EXPECTED = "expected"
    AT_RISK = "at_risk"
    PLAYING = "playing"
    PLAYED = "played"
    PARTLY = "partly"
    MISSED = "missed"
    UNREPORTED = "unreported"
    WITHDRAWN = "withdrawn"


class Broadcast(Base):
    """One line of the logbook: a slot of a device's output, planned and then accounted for."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40))
    slot: Mapped[str] = mapped_column(String(64))
    output: Mapped[str] = mapped_column(String(64))
    programme_id: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(300))
    planned_start_at: Mapped[datetime] = mapped_column(index=True)
    planned_end_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default=BroadcastState.EXPECTED)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    late_ms: Mapped[int | None]
    played_ms: Mapped[int | None]
    why: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        UniqueConstraint("device_id", "slot"),
        Index("ix_broadcasts_open", "state", "planned_start_at"),
    )
