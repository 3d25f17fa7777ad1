"""The Today page, and the part of it that refreshes itself."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from sqlalchemy.orm import Session

from controller.people.gate import actor
from controller.today.attention import decisions, troubles
from controller.today.board import Board, board
from controller.web.desk import Desk, day_in, page, page_number

BEFORE, AFTER = timedelta(hours=1), timedelta(hours=5)


def make_today_views(desk: Desk) -> Blueprint:
    """Return the blueprint of the first page."""
    views = Blueprint("today", __name__, template_folder="templates")

    @views.get("/")
    def today() -> str:
        with desk.read_sessions() as session:
            return page("today/today.html", board=_board(session), **_attention(session))

    @views.get("/today/board")
    def refresh() -> str:
        with desk.read_sessions() as session:
            return page("today/_board.html", board=_board(session), **_attention(session))

    def _board(session: Session) -> Board:
        now = desk.now()
        return board(session, actor(), now, _window(now, desk.config.zone), page_number())

    def _attention(session: Session) -> dict[str, object]:
        return {
            "troubles": troubles(session, actor()),
            "decisions": decisions(session, actor()),
        }

    return views


def _window(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the six hours around now, or the whole local day that was asked for."""
    day = day_in(request.args, "day")
    if day is not None:
        start = datetime.combine(day, time(), ZoneInfo(zone))
        return start, start + timedelta(days=1)
    hour = now.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
    return hour - BEFORE, hour + AFTER
