"""Who holds the scheduler, and what was run: rows, because an alarm clock proves nothing."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class Lease(Base):
    """A right held by one process until `expires_at`; `fence` rises with every new holder."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]
    fence: Mapped[int]


class JobRun(Base):
    """One due run of a job, claimed once."""

    __tablename__ = "job_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime]
    fence: Mapped[int]
    started_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("job", "due_at"),)
