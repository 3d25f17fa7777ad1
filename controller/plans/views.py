"""Pages of the schedule: rules made by people, with what comes and what collides before saving."""

from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask_babel import get_timezone
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.errors import Invalid
from controller.listing import LARGEST_LIMIT
from controller.people.access import actor, now, reading, writing
from controller.plans.preview import preview
from controller.plans.rule_forms import DAYS, draft_of, form_of, repeat_of
from controller.plans.shown_rules import shown, targets_on_offer
from controller.programmes import schedule
from controller.programmes.errors import translated
from controller.programmes.models import ScheduleRule
from controller.programmes.rules import rule_of
from controller.programmes.service import programme_of, programmes
from controller.web.page import PAGE_SIZE, done, offset, page
from schedules.day_templates import DayTemplate, load_template, template_names
from schedules.explain import explain_rule

schedule_views = Blueprint("schedule", __name__, template_folder="templates")

DAYS_AHEAD = 14


@schedule_views.get("/schedule")
def rules() -> str:
    """List the rules that one can see, with when they play next."""
    with reading() as session:
        found = schedule.rules(session, actor())
        rows = [shown(session, row, now()) for row in found[offset() : offset() + PAGE_SIZE]]
        return page("schedule/list.html", rows=rows, total=len(found))


@schedule_views.get("/schedule/templates")
def templates() -> str:
    """Show the usual days, to start from."""
    return page("schedule/templates.html", templates=[load_template(n) for n in template_names()])


@schedule_views.get("/schedule/new")
def new() -> str:
    """Ask for a new rule; of a programme, and from an item of a template, when said."""
    today = now().astimezone(get_timezone()).date().isoformat()
    values = {"first_day": today, "start": "17:00", "repeat": "weekdays", **_of_template()}
    values["programme"] = request.args.get("programme", "")
    with reading() as session:
        choices = _choices(session)
        return page("schedule/rule.html", row=None, values=values, may_edit=True, **choices)


@schedule_views.post("/schedule/preview")
def show_preview() -> str:
    """Show the next ten occurrences of what is in the form, and what collides; saves nothing."""
    form, zone = request.form, str(get_timezone())
    with reading() as session:
        programme_id, rule_id = form.get("programme", ""), form.get("rule", "")
        stored = schedule.find_rule(session, actor(), rule_id) if rule_id else None
        draft = draft_of(form, zone, stored)
        coming = schedule.preview_rule(
            session, actor=actor(), programme_id=programme_id, draft=draft, now=now()
        )
        row = _unsaved(session, programme_id, draft, stored)
        with translated():
            explained = explain_rule(rule_of(row, 1000))
            found = preview(session, row, now(), days=DAYS_AHEAD, zone=zone)
        return page(
            "schedule/_preview.html",
            coming=coming,
            found=found,
            explained=explained,
            days=DAYS_AHEAD,
        )


@schedule_views.post("/schedule/new")
def new_post() -> AnyResponse:
    """Keep a new rule."""
    draft = draft_of(request.form, str(get_timezone()))
    with writing() as session:
        made = schedule.create_rule(
            session,
            actor=actor(),
            programme_id=request.form.get("programme", ""),
            draft=draft,
            now=now(),
        )
        return done(f"/schedule/{made.id}", _("Đã đặt lịch phát"))


@schedule_views.get("/schedule/<rule_id>")
def rule(rule_id: str) -> str:
    """Show one rule with its next occurrences."""
    with reading() as session:
        row = schedule.find_rule(session, actor(), rule_id)
        values = {**form_of(row), "programme": row.programme_id}
        return page(
            "schedule/rule.html",
            row=row,
            rule=shown(session, row, now()),
            values=values,
            zone=str(get_timezone()),
            may_edit=schedule.may_edit(session, actor(), row),
            **_choices(session, row),
        )


@schedule_views.post("/schedule/<rule_id>")
def change(rule_id: str) -> AnyResponse:
    """Replace what a rule says."""
    with writing() as session:
        stored = schedule.find_rule(session, actor(), rule_id)
        draft = draft_of(request.form, stored.zone, stored)
        schedule.change_rule(session, actor=actor(), rule_id=rule_id, draft=draft, now=now())
    return done(f"/schedule/{rule_id}", _("Đã sửa lịch phát"))


@schedule_views.post("/schedule/<rule_id>/move")
def move(rule_id: str) -> AnyResponse:
    """Move or cancel one occurrence, or undo that."""
    form = request.form
    original, to = _moment(form.get("original", "")), form.get("moved_to")
    moved_to = _moment(to) if to else None
    with writing() as session:
        if "restore" in form:
            schedule.restore_occurrence(
                session, actor=actor(), rule_id=rule_id, original=original, now=now()
            )
        else:
            schedule.move_occurrence(
                session,
                actor=actor(),
                rule_id=rule_id,
                original=original,
                moved_to=moved_to,
                now=now(),
            )
    return done(f"/schedule/{rule_id}", _("Đã sửa lần phát này"))


@schedule_views.post("/schedule/<rule_id>/pause")
def pause(rule_id: str) -> AnyResponse:
    """Stop a rule for a while, or let it go on."""
    is_active = request.form.get("is_active") == "yes"
    with writing() as session:
        schedule.pause_rule(session, actor=actor(), rule_id=rule_id, is_active=is_active, now=now())
    said = _("Lịch phát chạy lại") if is_active else _("Đã tạm dừng lịch phát")
    return done(f"/schedule/{rule_id}", said)


@schedule_views.post("/schedule/<rule_id>/delete")
def delete(rule_id: str) -> AnyResponse:
    """Remove a rule."""
    with writing() as session:
        schedule.delete_rule(session, actor=actor(), rule_id=rule_id, now=now())
    return done("/schedule", _("Đã xóa lịch phát"))


def _choices(session: Session, row: ScheduleRule | None = None) -> dict[str, Any]:
    found = programmes(session, actor(), limit=LARGEST_LIMIT).rows
    areas, clusters = targets_on_offer(session, actor(), row)
    offered = [(one.id, one.title) for one in found if one.versions]
    return {"programmes": offered, "areas": areas, "clusters": clusters, "days": DAYS}


def _of_template() -> dict[str, Any]:
    name, key = request.args.get("template"), request.args.get("item")
    if not name:
        return {}
    with translated():
        template: DayTemplate = load_template(name)
    item = next((one for one in template.items if one.key == key), None)
    if item is None:
        return {}
    minutes = item.duration.total_seconds() / 60
    return {
        "start": item.start.isoformat("minutes"),
        "minutes": f"{minutes:g}",
        **repeat_of(item.rrule, None),
    }


def _unsaved(
    session: Session, programme_id: str, draft: schedule.RuleDraft, stored: ScheduleRule | None
) -> ScheduleRule:
    programme = programme_of(session, actor(), programme_id)
    return ScheduleRule(
        id=stored.id if stored else "r-new",
        programme_id=programme.id,
        dtstart=draft.dtstart.isoformat(),
        zone=draft.zone,
        rrule=draft.rrule,
        lunar=draft.lunar,
        exdates=[day.isoformat() for day in draft.exdates],
        rdates=[time.isoformat() for time in draft.rdates],
        moves=dict(stored.moves) if stored else {},
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        duration_ms=draft.duration_ms,
        target_areas=list(draft.target_areas),
        target_clusters=list(draft.target_clusters),
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field="Giờ | Time", why_vi="không đúng", why_en="is wrong") from error
