"""What there is to play: audio by its hash, the items people named, and bulletins with text.

And how an area has its texts read, and who listened to what before it may go out.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class Asset(Base):
    """One piece of audio (tệp âm thanh), addressed by the SHA-256 of its bytes."""

    __tablename__ = "assets"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int]
    duration_ms: Mapped[int]
    codec: Mapped[str] = mapped_column(String(20))
    input_lufs: Mapped[float | None]
    output_lufs: Mapped[float | None]
    true_peak_dbtp: Mapped[float | None]
    peaks: Mapped[list[float]]
    created_at: Mapped[datetime]


class LibraryItem(Base):
    """An asset under a title, for one area; `text` and `voice` where a machine spoke it.

    `pronunciations` are the entries of this text alone: `written` and `spoken` of each.
    """

    __tablename__ = "library_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("assets.sha256"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text, default="")
    voice: Mapped[str] = mapped_column(String(60), default="")
    pronunciations: Mapped[list[Any]] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(20), default="vi")
    original_name: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class AreaReading(Base):
    """How an area, and what is below it, has texts read aloud; None is what holds above."""

    __tablename__ = "area_readings"

    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    voice: Mapped[str | None] = mapped_column(String(60))
    speed: Mapped[int | None]
    pitch: Mapped[int | None]
    region: Mapped[str | None] = mapped_column(String(10))
    thousand: Mapped[str | None] = mapped_column(String(10))
    empty_tens: Mapped[str | None] = mapped_column(String(10))
    early_day: Mapped[str | None] = mapped_column(String(10))
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime]


class Hearing(Base):
    """Who listened to which sound before it may go out.

    `about` is the id of the alert, template or programme that it belongs to.
    """

    __tablename__ = "hearings"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    about: Mapped[str] = mapped_column(String(40), primary_key=True)
    login: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
