"""The Today page, and the part of it that refreshes itself."""

from datetime import datetime, time, timedelta

from flask import Blueprint, request
from flask_babel import get_timezone

from controller.people.access import actor, now, reading
from controller.today.attention import decisions, troubles
from controller.today.board import board
from controller.web.page import day_in, page, page_number

BEFORE, AFTER = timedelta(hours=1), timedelta(hours=5)

today_views = Blueprint("today", __name__, template_folder="templates")


@today_views.get("/")
def today() -> str:
    """Show what plays now and next."""
    return _today("today/today.html")


@today_views.get("/today/board")
def refresh() -> str:
    """Show the part that refreshes itself."""
    return _today("today/_board.html")


def _today(template: str) -> str:
    at, who = now(), actor()
    with reading() as session:
        return page(
            template,
            board=board(session, who, at, _window(at), page_number()),
            troubles=troubles(session, who),
            decisions=decisions(session, who),
        )


def _window(at: datetime) -> tuple[datetime, datetime]:
    """Return the six hours around now, or the whole local day that was asked for."""
    zone = get_timezone()
    day = day_in(request.args, "day")
    if day is not None:
        start = datetime.combine(day, time(), zone)
        return start, start + timedelta(days=1)
    hour = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return hour - BEFORE, hour + AFTER
