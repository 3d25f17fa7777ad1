"""The plan of each device as it was last compiled."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class CompiledPlan(Base):
    """One device's plan: the JSON that was signed, and the fingerprint of what it says.

    `content_hash` covers all it says and the signing key, not revision and time, so that
    a compile that changes nothing publishes nothing. `next_start_at` is the earliest start that the
    logbook does not expect yet.
    """

    __tablename__ = "plans"

    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    rev: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    content_hash: Mapped[str] = mapped_column(String(64))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    next_start_at: Mapped[datetime | None] = mapped_column(index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    compiled_at: Mapped[datetime]
