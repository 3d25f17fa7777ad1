"""What there is to play: audio by its hash, the items people named, and bulletins with text."""

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
