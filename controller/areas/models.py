"""The tree of areas as data: any depth, with validity dates and successors after a merger."""

from datetime import date, time

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class Area(Base):
    """One node of the tree; `path` is the chain of ids from the top, `/vn/vn-48/vn-48-1/`.

    The policy columns are None where the area takes its parent's. `formerly` names, joined by `;`,
    the units it came from that are not in the tree: people still look for them. `languages` are
    those that alerts are spoken in, the first one first, with spaces between. `head_name` is whom
    to call when the loudspeakers there are silent: the head of the village.
    """

    __tablename__ = "areas"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"), index=True)
    path: Mapped[str] = mapped_column(String(500))
    code: Mapped[str] = mapped_column(String(40), default="")
    formerly: Mapped[str] = mapped_column(Text, default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    hard_stop_from: Mapped[time | None]
    hard_stop_until: Mapped[time | None]
    night_ceiling_db: Mapped[float | None]
    allows_self_approval: Mapped[bool | None]
    languages: Mapped[str | None] = mapped_column(String(100))
    head_name: Mapped[str] = mapped_column(String(200), default="")
    head_phone: Mapped[str] = mapped_column(String(30), default="")

    __table_args__ = (Index("ix_areas_path", "path"),)

    @property
    def chain(self) -> tuple[str, ...]:
        """Return the ids from the top of the tree down to this area."""
        return tuple(self.path.strip("/").split("/"))


class Succession(Base):
    """An area that was merged or split: what it became, and since when."""

    __tablename__ = "successions"

    old_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    new_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), primary_key=True)
    since: Mapped[date]
