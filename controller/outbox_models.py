"""What must be published: the outbox, and what is retained at the broker now."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class OutboxRow(Base):
    """One publish that was decided in a transaction; sent once `sent_at` is set, by `claimed_by`.

    `urgency` 0 is an alert, 1 a command or sync, 2 a plan or desired state.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    topic: Mapped[str] = mapped_column(String(200))
    token: Mapped[str] = mapped_column(Text)
    rev: Mapped[int] = mapped_column(BigInteger)
    retain: Mapped[bool]
    urgency: Mapped[int] = mapped_column(default=2)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    sent_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_outbox_waiting", "sent_at", "urgency", "id"),)


class Retained(Base):
    """The newest token of a retained topic; published again when a broker lost its memory."""

    __tablename__ = "retained"

    topic: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    owner: Mapped[str] = mapped_column(String(40), index=True)
    rev: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    token: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime | None]
