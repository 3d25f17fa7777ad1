"""What a weather service said to An Bình on that night: sources, messages, proposals."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from controller.cap.inbox import take
from controller.cap.models import CapMessage, CapProposal, CapSource
from tests.console.conftest import Console
from tests.controller.cap.messages import cap, info, place
from tests.controller.cast import AN_BINH

SENT = "2026-11-02T16:55:00+07:00"
EXPIRES = "<expires>2026-11-02T20:00:00+07:00</expires>"
RIVER = place("<polygon>21.11,105.91 21.11,105.93 21.13,105.93 21.13,105.91 21.11,105.91</polygon>")
"""The dike and the mill of Thôn 2 lie in it."""
SOUTH = place("<circle>10.0,106.0 2</circle>")
WORDS = "<headline>Lũ về sông Cái</headline><description>Nước lên nhanh</description>"


def warning(**parts: str) -> bytes:
    """Return a warning of a flood on the river, in force until 20:00."""
    said = {"sent": SENT, "infos": info(words=WORDS, times=EXPIRES, tail=RIVER)} | parts
    return cap(**said)


def elsewhere(**parts: str) -> bytes:
    """Return one for the far south."""
    infos = info(words=WORDS, times=EXPIRES, tail=SOUTH)
    return warning(identifier="VN-2", infos=infos, **parts)


def cancel(**parts: str) -> bytes:
    """Return the cancel of `warning`."""
    more = f"<references>dubao@example.vn,VN-1,{SENT}</references>"
    said = {"identifier": "VN-3", "msg_type": "Cancel", "more": more, "infos": ""} | parts
    return warning(sent="2026-11-02T16:57:00+07:00", **said)


@dataclass
class Outside:
    """The inbox of An Bình; it begins with one open source, `kttv`."""

    console: Console

    def source(self, source_id: str, **values: Any) -> str:
        """Add a source of An Bình."""
        asked: dict[str, Any] = {
            "name": "Đài khí tượng",
            "area_id": AN_BINH,
            "kind": "mqtt",
            "is_open": True,
            "created_by": "chief",
            "created_at": self.console.clock(),
        }
        with self.console.sessions.begin() as session:
            session.add(CapSource(id=source_id, **asked | values))
        return source_id

    def take(self, content: bytes, source: str = "kttv") -> int:
        """Take a message in; return its number."""
        with self.console.sessions.begin() as session:
            row = take(session, content, session.get_one(CapSource, source), self.console.clock())
            return row.id

    def proposal(self, warning_id: int | None = None) -> int:
        """Return the number of the newest proposal, or of that of a message."""
        with self.console.sessions() as session:
            rows = select(CapProposal.id).order_by(CapProposal.id.desc())
            if warning_id is not None:
                rows = rows.where(CapProposal.message_id == warning_id)
            return session.scalars(rows.limit(1)).one()

    def state(self, proposal_id: int) -> str:
        """Return where a proposal stands."""
        with self.console.sessions() as session:
            return session.get_one(CapProposal, proposal_id).state

    def content(self, warning_id: int) -> bytes:
        """Return the bytes as they are kept."""
        with self.console.sessions() as session:
            return session.get_one(CapMessage, warning_id).content


def listen(console: Console) -> Outside:
    """Begin to listen to the outside."""
    made = Outside(console)
    made.source("kttv")
    return made
