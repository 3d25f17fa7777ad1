"""The calendar of drills, and afterwards how each village heard them."""

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.service import find_area, names_of
from controller.desk.forms import local_time_in
from controller.emergencies import drills as use
from controller.emergencies.models import Alert, AlertState, TemplateState
from controller.emergencies.prepared import templates
from controller.emergencies.service import alerts
from controller.listing import LARGEST_LIMIT
from controller.people.access import actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import allows
from controller.web.page import PAGE_SIZE, done, offset, page
from wire.alert import AlertStatus

OVER = (AlertState.ENDED, AlertState.CANCELLED)

drill_views = Blueprint("drills", __name__, template_folder="templates")


@drill_views.get("/desk/drills")
def drills() -> str:
    """List the calendar, the next drill first, and offer to plan another."""
    with reading() as session:
        coming = use.drills(session, actor(), since=now(), limit=LARGEST_LIMIT).rows
        past = use.drills(session, actor(), until=now(), limit=PAGE_SIZE, offset=offset())
        ids = {one.area_id for one in (*coming, *past.rows)}
        names = names_of(session, ids)
        ready = templates(session, actor(), state=TemplateState.APPROVED, limit=LARGEST_LIMIT)
        return page(
            "desk/drills.html",
            coming=coming,
            past=tuple(reversed(past.rows)),
            total=past.total,
            areas=names,
            choices=places(session, actor(), "drill.plan"),
            templates=[(one.id, one.title) for one in ready.rows],
        )


@drill_views.post("/desk/drills")
def plan() -> AnyResponse:
    """Put a drill into the calendar."""
    form = request.form
    with writing() as session:
        made = use.plan_drill(
            session,
            actor=actor(),
            area_id=form.get("area_id", ""),
            title=form.get("title", ""),
            planned_at=local_time_in(form, "planned_at"),
            now=now(),
            template_id=form.get("template_id") or None,
        )
        return done(f"/desk/drills/{made.id}", _("Đã lên lịch diễn tập"))


@drill_views.get("/desk/drills/<drill_id>")
def drill(drill_id: str) -> str:
    """Show one drill: how to hold it, and how each village heard it."""
    with reading() as session:
        row = use.drill_of(session, actor(), drill_id)
        area = find_area(session, row.area_id)
        alert = session.get(Alert, row.alert_id) if row.alert_id else None
        held = alerts(session, actor(), status=AlertStatus.DRILL, area_id=row.area_id, limit=20)
        return page(
            "desk/drill.html",
            row=row,
            area=area,
            alert=alert,
            held=[one for one in held.rows if one.released_at is not None],
            is_over=alert is not None and alert.state in OVER,
            scores=sorted(row.score.values(), key=lambda one: (one["score"], one["name"])),
            may_plan=allows(actor(), "drill.plan", area),
        )


@drill_views.post("/desk/drills/<drill_id>/move")
def move(drill_id: str) -> AnyResponse:
    """Hold it at another time."""
    at = local_time_in(request.form, "planned_at")
    with writing() as session:
        use.change_drill(session, actor=actor(), drill_id=drill_id, now=now(), planned_at=at)
    return done(f"/desk/drills/{drill_id}", _("Đã dời buổi diễn tập"))


@drill_views.post("/desk/drills/<drill_id>/cancel")
def cancel(drill_id: str) -> AnyResponse:
    """Take it out of the calendar."""
    with writing() as session:
        use.cancel_drill(session, actor=actor(), drill_id=drill_id, now=now())
    return done("/desk/drills", _("Đã hủy lịch diễn tập"))


@drill_views.post("/desk/drills/<drill_id>/hold")
def hold(drill_id: str) -> AnyResponse:
    """Say which alert it was."""
    alert_id = request.form.get("alert_id", "")
    with writing() as session:
        use.hold_drill(session, actor=actor(), drill_id=drill_id, alert_id=alert_id, now=now())
    return done(f"/desk/drills/{drill_id}", _("Đã ghi lần phát của buổi diễn tập"))


@drill_views.post("/desk/drills/<drill_id>/score")
def score(drill_id: str) -> AnyResponse:
    """Count how each village heard it."""
    with writing() as session:
        use.score_drill(session, actor=actor(), drill_id=drill_id, now=now())
    return done(f"/desk/drills/{drill_id}", _("Đã chấm điểm từng thôn"))
