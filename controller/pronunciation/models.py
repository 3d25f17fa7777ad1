"""The dictionary entries of areas, and the words that wait for one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base

LONGEST_FOLDED = 1000
"""Folding may write one letter as three."""


class EntryKind(StrEnum):
    """What is written: an acronym, an abbreviation, a name of here, of abroad, of a minority."""

    ACRONYM = "acronym"
    ABBREVIATION = "abbreviation"
    NAME = "name"
    FOREIGN_NAME = "foreign_name"
    MINORITY_NAME = "minority_name"


class PronunciationEntry(Base):
    """How an area, and what is below it, reads `written`; `note` is for those who look after it.

    `folded` is what people find it by: both texts without case and marks.
    """

    __tablename__ = "pronunciations"
    __table_args__ = (UniqueConstraint("area_id", "written"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    written: Mapped[str] = mapped_column(String(100))
    spoken: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300))
    folded: Mapped[str] = mapped_column(String(LONGEST_FOLDED), default="")
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime]


class UnreadWord(Base):
    """Something that a text of an area held and nobody has taught us to read.

    `key` is the word in small letters, for finding what an entry covers; `example` is the sentence
    that it stood in last.
    """

    __tablename__ = "unread_words"
    __table_args__ = (UniqueConstraint("area_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    text: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200), index=True)
    count: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    example: Mapped[str] = mapped_column(String(300))
