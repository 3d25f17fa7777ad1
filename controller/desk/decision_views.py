"""What people decide about an alert: heard it, release, undo, give up, cancel, end."""

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from controller.desk.sounds import Sound
from controller.emergencies import lifecycle, releasing
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import RevisionState
from controller.emergencies.parts import emergency_parts
from controller.emergencies.service import alert_of, revision_of
from controller.people.access import actor, now, writing
from controller.web.page import done, page

decision_views = Blueprint("decisions", __name__, template_folder="templates")


@decision_views.post("/desk/alerts/<alert_id>/revisions/<int:number>/heard")
def hear(alert_id: str, number: int) -> str:
    """Note that the person listened to a sound to its end."""
    sha256 = request.form.get("sha256", "")
    with writing() as session:
        found = alert_of(session, actor(), alert_id)
        audio = revision_of(found, number).audio
        note_hearing(session, actor=actor(), about=found.id, audio=audio, sha256=sha256, now=now())
    return page("desk/_heard_mark.html", sound=Sound("", "", sha256, is_heard=True))


@decision_views.post("/desk/alerts/<alert_id>/revisions/<int:number>/release")
def release(alert_id: str, number: int) -> AnyResponse:
    """Confirm exactly this text; a draft is submitted first."""
    values: dict[str, Any] = {"actor": actor(), "alert_id": alert_id, "revision": number}
    with writing() as session:
        row = revision_of(alert_of(session, actor(), alert_id), number)
        if row.state == RevisionState.DRAFTED:
            releasing.submit(session, **values, now=now())
        code, verify = request.form.get("code", ""), emergency_parts().verify
        confirmed = releasing.confirm(session, **values, now=now(), verify=verify, code=code)
    said = "" if confirmed.is_released else _("Đã ghi nhận: cần thêm một người duyệt phát")
    return done(f"/desk/alerts/{alert_id}", said)


@decision_views.post("/desk/alerts/<alert_id>/revisions/<int:number>/submit")
def submit(alert_id: str, number: int) -> AnyResponse:
    """Ask for the release of a draft."""
    with writing() as session:
        releasing.submit(session, actor=actor(), alert_id=alert_id, revision=number, now=now())
    return done(f"/desk/alerts/{alert_id}", _("Đã gửi người duyệt phát"))


@decision_views.post("/desk/alerts/<alert_id>/undo")
def undo(alert_id: str) -> AnyResponse:
    """Stop the countdown; nothing went out."""
    with writing() as session:
        releasing.undo(session, actor=actor(), alert_id=alert_id, now=now())
    return done(f"/desk/alerts/{alert_id}", _("Đã dừng: chưa có gì được phát"))


@decision_views.post("/desk/alerts/<alert_id>/withdraw")
def withdraw(alert_id: str) -> AnyResponse:
    """Send back or give up a text before it goes out."""
    with writing() as session:
        releasing.withdraw(session, actor=actor(), alert_id=alert_id, now=now())
    return done(f"/desk/alerts/{alert_id}", _("Đã rút lại: chưa có gì được phát"))


@decision_views.post("/desk/alerts/<alert_id>/stop")
def stop(alert_id: str) -> AnyResponse:
    """Cancel or end what sounds, with an all-clear or in silence."""
    form = request.form
    use = lifecycle.end_alert if form.get("action") == "end" else lifecycle.cancel_alert
    with writing() as session:
        use(
            session,
            actor=actor(),
            alert_id=alert_id,
            now=now(),
            all_clear="all_clear" in form,
            note=form.get("note", ""),
        )
    return done(f"/desk/alerts/{alert_id}", _("Đã gửi lệnh dừng tới mọi loa"))
