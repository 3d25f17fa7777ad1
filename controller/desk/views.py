"""The desk itself, the wall screen, the banner of every page, and the alerts before."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState

from controller.desk.board import Line, board, lines, with_bars
from controller.desk.ground import ground
from controller.desk.named import NAMES
from controller.desk.shown import all_shown
from controller.desk.watch import watch
from controller.emergencies.models import TemplateState
from controller.emergencies.prepared import templates
from controller.emergencies.service import alerts
from controller.listing import LARGEST_LIMIT
from controller.people.access import actor, now, reading
from controller.people.rights import paths_for
from controller.web.page import PAGE_SIZE, offset, page
from wire.alert import AlertStatus

desk_views = Blueprint("desk", __name__, template_folder="templates")


@desk_views.record_once
def name_things(state: BlueprintSetupState) -> None:
    """Let every page name hazards, levels and statuses, and show what is in force."""
    state.app.jinja_env.globals.update(NAMES, banner_lines=banner_lines)


@desk_views.get("/desk")
def desk() -> str:
    """Show what is going on, and the templates to fire: real ones, or as a drill."""
    status = _status()
    with reading() as session:
        ready = templates(session, actor(), state=TemplateState.APPROVED, limit=LARGEST_LIMIT).rows
        may_fire = bool(paths_for(actor(), "alert.fire"))
    by_level = sorted(ready, key=lambda one: (one.hazard, -one.level, one.title))
    return page(
        "desk/desk.html", status=status, templates=by_level, may_fire=may_fire, **_going_on(status)
    )


@desk_views.get("/desk/state")
def refresh() -> str:
    """Show the part of the desk that refreshes itself."""
    return page("desk/_state.html", **_going_on(_status()))


@desk_views.get("/desk/wall")
def wall() -> str:
    """Show what is going on, to be read from five metres away."""
    return page("desk/wall.html", **_going_on())


@desk_views.get("/desk/wall/state")
def wall_state() -> str:
    """Show the part of the wall that refreshes itself."""
    return page("desk/_wall.html", **_going_on())


@desk_views.get("/desk/banner")
def banner() -> str:
    """Show what is in force where the person is, for every page."""
    return page("desk/_banner.html")


@desk_views.get("/desk/alerts")
def history() -> str:
    """List the alerts that one can see, newest first."""
    status = request.args.get("status") or None
    with reading() as session:
        found = alerts(session, actor(), status=status, limit=PAGE_SIZE, offset=offset())
        rows = all_shown(session, actor(), found.rows)
        return page("desk/history.html", rows=rows, total=found.total)


@desk_views.get("/desk/ground.json")
def ground_points() -> Response:
    """Return the clusters and areas to draw over."""
    with reading() as session:
        found = ground(session, actor())
    return jsonify({"clusters": found.clusters, "areas": found.areas})


def banner_lines() -> tuple[Line, ...]:
    """Return the alerts in force where the person is."""
    with reading() as session:
        return lines(session, actor())


def _status() -> AlertStatus:
    is_drill = request.args.get("status") == AlertStatus.DRILL
    return AlertStatus.DRILL if is_drill else AlertStatus.REAL


def _going_on(status: AlertStatus = AlertStatus.REAL) -> dict[str, Any]:
    """Return what is going on; nothing real stands on the desk for drills."""
    with reading() as session:
        found = board(session, actor(), now(), only_unreal=status is not AlertStatus.REAL)
    return {
        "active": with_bars(found, watch(), now()),
        "waiting": found.waiting,
        "recent": found.recent,
        "local": found.local,
        "now": now(),
    }
