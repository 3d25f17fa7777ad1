"""The dictionary entries of areas."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class EntryKind(StrEnum):
    """What is written: an acronym, an abbreviation, a name, or a word of another language."""

    ACRONYM = "acronym"
    ABBREVIATION = "abbreviation"
    NAME = "name"
    OTHER_LANGUAGE = "other_language"


class PronunciationEntry(Base):
    """How an area, and what is below it, reads `written`; `note` is for those who look after it."""

    __tablename__ = "pronunciations"
    __table_args__ = (UniqueConstraint("area_id", "written"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    written: Mapped[str] = mapped_column(String(100))
    spoken: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300))
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime]
