"""Templates and release rules: prepared in quiet, so that a night needs three taps."""

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.service import find_area, names_of
from controller.desk.forms import template_in, whole
from controller.desk.sounds import Sound, sounds_of
from controller.emergencies import prepared, rules
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import AlertTemplate, TemplateState
from controller.emergencies.parts import emergency_parts
from controller.people.access import access, actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import allows
from controller.web.page import PAGE_SIZE, done, offset, page

prepared_views = Blueprint("prepared", __name__, template_folder="templates")


@prepared_views.get("/desk/templates")
def templates() -> str:
    """List the templates of one's areas and of those above."""
    with reading() as session:
        found = prepared.templates(session, actor(), limit=PAGE_SIZE, offset=offset())
        shown = [one for one in found.rows if one.state != TemplateState.RETIRED]
        areas = names_of(session, {one.area_id for one in shown})
        return page("desk/templates.html", rows=shown, areas=areas, total=found.total)


@prepared_views.get("/desk/templates/new")
def new() -> str:
    """Ask for the words of a template."""
    with reading() as session:
        areas = places(session, actor(), "alert.template")
    return page("desk/template_form.html", areas=areas, values=None)


@prepared_views.post("/desk/templates/new")
def new_post() -> AnyResponse:
    """Speak a template and keep it, to be approved by somebody else."""
    return _kept(request.form.get("area_id", ""), None)


@prepared_views.get("/desk/templates/<template_id>")
def template(template_id: str) -> str:
    """Show a template, to listen to and to approve."""
    with reading() as session:
        return page("desk/template.html", **_one(session, template_id))


@prepared_views.get("/desk/templates/<template_id>/edit")
def edit(template_id: str) -> str:
    """Ask for other words."""
    with reading() as session:
        values = prepared.template_of(session, actor(), template_id)
    return page("desk/template_form.html", areas=(), values=values)


@prepared_views.post("/desk/templates/<template_id>/edit")
def edit_post(template_id: str) -> AnyResponse:
    """Keep other words, which void the approval."""
    with reading() as session:
        area_id = prepared.template_of(session, actor(), template_id).area_id
    return _kept(area_id, template_id)


@prepared_views.post("/desk/templates/<template_id>/heard")
def hear(template_id: str) -> str:
    """Note that the person listened to a template to its end."""
    sha256 = request.form.get("sha256", "")
    with writing() as session:
        row = prepared.template_of(session, actor(), template_id)
        note_hearing(
            session, actor=actor(), about=row.id, audio=row.audio, sha256=sha256, now=now()
        )
    return page("desk/_heard_mark.html", sound=Sound("", "", sha256, is_heard=True))


@prepared_views.post("/desk/templates/<template_id>/approve")
def approve(template_id: str) -> AnyResponse:
    """Approve the words that were listened to."""
    with writing() as session:
        prepared.approve_template(
            session,
            actor=actor(),
            template_id=template_id,
            now=now(),
            version=whole(request.form, "version", 0),
            preauthorise="preauthorise" in request.form,
        )
    return done(f"/desk/templates/{template_id}", _("Đã duyệt mẫu"))


@prepared_views.post("/desk/templates/<template_id>/retire")
def retire(template_id: str) -> AnyResponse:
    """Offer a template no longer."""
    with writing() as session:
        prepared.retire_template(session, actor=actor(), template_id=template_id, now=now())
    return done("/desk/templates", _("Mẫu không còn được dùng"))


@prepared_views.get("/desk/rules")
def release_rules() -> str:
    """Show who must release what."""
    with reading() as session:
        found = rules.rules(session, actor())
        areas = names_of(session, {one.area_id for one in found})
        choices = places(session, actor(), "alert.rules")
        return page("desk/rules.html", rules=found, areas=areas, choices=choices)


@prepared_views.post("/desk/rules")
def set_rule() -> AnyResponse:
    """Write a rule, or change one."""
    form = request.form
    with writing() as session:
        rules.set_rule(
            session,
            actor=actor(),
            area_id=form.get("area_id", ""),
            now=now(),
            rule_id=whole(form, "rule_id", 0) or None,
            hazard=form.get("hazard") or None,
            level_from=whole(form, "level_from", 1),
            level_to=whole(form, "level_to", 5),
            people=whole(form, "people", 2),
            needs_second_factor="needs_second_factor" in form,
            preauthorised_only="preauthorised_only" in form,
            countdown_s=whole(form, "countdown_s", 0),
        )
    return done("/desk/rules", _("Đã lưu quy tắc phát"))


@prepared_views.post("/desk/rules/<int:rule_id>/remove")
def remove_rule(rule_id: int) -> AnyResponse:
    """Remove a rule; the next one upward holds."""
    with writing() as session:
        rules.remove_rule(session, actor=actor(), rule_id=rule_id, now=now())
    return done("/desk/rules", _("Đã bỏ quy tắc phát"))


def _kept(area_id: str, template_id: str | None) -> AnyResponse:
    here, draft = access(), template_in(request.form)
    kept = prepared.write_template(
        here.sessions,
        here.read_sessions,
        emergency_parts().studio,
        actor(),
        area_id,
        draft,
        now(),
        template_id,
    )
    return done(f"/desk/templates/{kept}", _("Đã lưu mẫu: người khác hãy nghe và duyệt"))


def _one(session: Session, template_id: str) -> dict[str, Any]:
    row: AlertTemplate = prepared.template_of(session, actor(), template_id)
    area = find_area(session, row.area_id)
    return {
        "row": row,
        "area": area,
        "sounds": sounds_of(
            session, actor(), row.id, prepared.words_of(row), row.audio, area, row.texts
        ),
        "may_edit": allows(actor(), "alert.template", area),
        "may_approve": allows(actor(), "alert.approve_template", area)
        and actor().login not in {row.created_by, row.changed_by},
    }
