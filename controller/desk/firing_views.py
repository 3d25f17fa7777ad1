"""From a template or free words to an alert: look at who hears what, then confirm or ask others."""

from contextlib import suppress
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from controller.desk.ahead import Ahead, ahead, reasons
from controller.desk.forms import draft_in, draft_of_template
from controller.desk.sounds import shown_in
from controller.emergencies import drafting, releasing
from controller.emergencies.content import Draft
from controller.emergencies.drills import hold_drill
from controller.emergencies.models import AlertTemplate
from controller.emergencies.parts import emergency_parts
from controller.emergencies.prepared import template_of
from controller.emergencies.service import alert_of, newest_revision
from controller.errors import Conflict, ControllerError, Invalid
from controller.people.access import access, actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import ACTIONS, NotAllowed
from controller.web.page import done, page

firing_views = Blueprint("firing", __name__, template_folder="templates")


@firing_views.get("/desk/fire/<template_id>")
def fire(template_id: str) -> str:
    """Show in words and on a map who would hear a template, and what its release needs."""
    with reading() as session:
        template = template_of(session, actor(), template_id)
        areas = _areas(session)
        found = _ahead(session, _of_template(template, areas))
        return page("desk/fire.html", ready=template, areas=areas, **_decision(found))


@firing_views.post("/desk/fire/<template_id>/look")
def look_again(template_id: str) -> str:
    """Show the same for another place, time or status."""
    with reading() as session:
        template = template_of(session, actor(), template_id)
        found = _ahead(session, _of_template(template, _areas(session)))
        return page("desk/_decision.html", ready=template, **_decision(found))


@firing_views.post("/desk/fire/<template_id>")
def fire_post(template_id: str) -> AnyResponse:
    """Release a template where it was shown, or ask for its release."""
    form = request.form
    with reading() as session:
        template = template_of(session, actor(), template_id)
        draft = _of_template(template, _areas(session))
        found = _ahead(session, draft)
    if found.seen != form.get("seen", "") or not found.looked:
        raise Conflict(
            why_vi="Nơi phát đã khác lúc bạn xem: hãy xem lại rồi nhấn lần nữa",
            why_en="The place differs from what you saw: look again and press once more",
        )
    alert_id = _write(draft)
    try:
        _send_on(alert_id, form.get("code", ""), is_release=found.may_release)
    except ControllerError:
        _give_up(alert_id)
        raise
    if drill_id := form.get("drill_id"):
        with writing() as session:
            hold_drill(session, actor=actor(), drill_id=drill_id, alert_id=alert_id, now=now())
    return done(f"/desk/alerts/{alert_id}")


@firing_views.get("/desk/compose")
def compose() -> str:
    """Ask for free words, level and place."""
    with reading() as session:
        areas = _areas(session)
    return page("desk/compose.html", areas=areas, values=None, alert=None)


@firing_views.post("/desk/compose")
def compose_post() -> AnyResponse:
    """Speak free words and keep them as a draft, to be listened to."""
    with reading() as session:
        area_id = _speaker(_areas(session))
    return done(f"/desk/alerts/{_write(draft_in(request.form, area_id))}")


@firing_views.get("/desk/alerts/<alert_id>/change")
def change(alert_id: str) -> str:
    """Ask for new words: of a draft, or as the update of what sounds."""
    with reading() as session:
        alert = alert_of(session, actor(), alert_id)
        values = drafting.draft_of(alert, newest_revision(alert))
        areas = _areas(session)
    return page("desk/compose.html", areas=areas, values=values, alert=alert)


@firing_views.post("/desk/alerts/<alert_id>/change")
def change_post(alert_id: str) -> AnyResponse:
    """Speak the new words and keep them; they need their own release."""
    here, parts = access(), emergency_parts()
    with reading() as session:
        draft = draft_in(request.form, alert_of(session, actor(), alert_id).area_id)
    drafting.rewrite_alert(
        here.sessions,
        here.read_sessions,
        parts.studio,
        actor(),
        alert_id,
        draft,
        now(),
        parts.zone,
    )
    return done(f"/desk/alerts/{alert_id}", _("Đã ghi lời mới: hãy nghe lại"))


@firing_views.post("/desk/heard")
def who_hears() -> str:
    """Show who would hear the place of a form that is still being filled in."""
    with reading() as session:
        draft = _placed(_speaker(_areas(session)))
        return page("desk/_heard.html", hears=_ahead(session, draft).hears)


def _areas(session: Session) -> list[tuple[str, str]]:
    """Return the areas where the person may draft; raises NotAllowed where there are none."""
    found = list(places(session, actor(), "alert.draft"))
    if not found:
        named = ACTIONS["alert.draft"]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area="-")
    return found


def _speaker(areas: list[tuple[str, str]]) -> str:
    """Return the area that speaks: the chosen one, else the person's highest."""
    wanted = request.values.get("area_id", "") or areas[0][0]
    if wanted not in dict(areas):
        raise Invalid(
            field="area_id", why_vi="không phải địa bàn của bạn", why_en="is no area of yours"
        )
    return wanted


def _of_template(template: AlertTemplate, areas: list[tuple[str, str]]) -> Draft:
    return draft_of_template(request.values, _speaker(areas), template)


def _placed(area_id: str) -> Draft:
    """Return a draft that says nothing yet, to be looked at for its place alone."""
    said = {"status": "drill", "hazard": "other", "level": "1", "text_vi": "a", "minutes": "30"}
    values = MultiDict(said)
    for name in ("areas", "exceptions", "shapes"):
        values.setlist(name, request.form.getlist(name))
    return draft_in(values, area_id)


def _ahead(session: Session, draft: Draft) -> Ahead:
    return ahead(session, actor(), draft, now(), emergency_parts().zone)


def _decision(found: Ahead) -> dict[str, Any]:
    needs = found.needs
    area = found.looked.resolved.publish_area_name if found.looked else ""
    looked = found.looked
    shown = (
        shown_in(looked.content.texts, looked.spoken, looked.reading, looked.area_id)
        if looked
        else {}
    )
    return {"ahead": found, "why": reasons(needs, area) if needs else [], "shown": shown}


def _write(draft: Draft) -> str:
    here, parts = access(), emergency_parts()
    return drafting.write_alert(
        here.sessions, here.read_sessions, parts.studio, actor(), draft, now(), parts.zone
    )


def _send_on(alert_id: str, code: str, *, is_release: bool) -> None:
    """Submit a new alert, and confirm it at once where the person may."""
    with writing() as session:
        releasing.submit(session, actor=actor(), alert_id=alert_id, revision=1, now=now())
        if is_release:
            releasing.confirm(
                session,
                actor=actor(),
                alert_id=alert_id,
                revision=1,
                now=now(),
                verify=emergency_parts().verify,
                code=code,
            )


def _give_up(alert_id: str) -> None:
    """Leave no draft behind a refused release: the form is still there, and writes another."""
    with suppress(ControllerError), writing() as session:
        releasing.withdraw(session, actor=actor(), alert_id=alert_id, now=now())
