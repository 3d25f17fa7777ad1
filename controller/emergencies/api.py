"""Alerts over the JSON API: draft, listen, submit, confirm, undo, change, cancel, end."""

from flask import Response

from controller.emergencies import drafting, lifecycle, releasing, service
from controller.emergencies.api_asked import (
    AlertPath,
    AlertQuery,
    ConfirmBody,
    DraftBody,
    HeardBody,
    RevisionPath,
    StopBody,
)
from controller.emergencies.api_told import (
    AlertDetail,
    AlertOut,
    AlertPage,
    ConfirmedOut,
    LookOut,
    NeedsOut,
    PlaceOut,
    RevisionOut,
)
from controller.emergencies.content import Draft
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import Alert
from controller.emergencies.parts import emergency_parts
from controller.emergencies.rules import needs_of
from controller.people.access import access, actor, now, reading, writing
from controller.web.api import allow, answer, make_api, page

emergencies_api = make_api("emergencies", "Phát khẩn cấp", "Emergency alerts")


@emergencies_api.get("/alerts", responses={200: AlertPage})
@allow("view")
def list_alerts(query: AlertQuery) -> Response:
    """List the alerts I can see, newest first."""
    with reading() as session:
        return page(AlertOut, service.alerts(session, actor(), **query.model_dump()))


@emergencies_api.post("/alerts/look", responses={200: LookOut})
@allow("alert.draft")
def look_at_alert(body: DraftBody) -> Response:
    """Show what a draft would say and who would hear it; nothing is kept."""
    parts = emergency_parts()
    with reading() as session:
        looked = drafting.look(session, actor(), _draft(body), now(), parts.zone)
    parts.studio.note(looked.area_id, looked.read, now())
    return answer(_look(looked))


@emergencies_api.post("/alerts", responses={201: AlertDetail})
@allow("alert.draft")
def create_alert(body: DraftBody) -> Response:
    """Draft an alert; its words are spoken at once, so this takes a second."""
    parts, here = emergency_parts(), access()
    alert_id = drafting.write_alert(
        here.sessions, here.read_sessions, parts.studio, actor(), _draft(body), now(), parts.zone
    )
    return _detail(alert_id, 201)


@emergencies_api.get("/alerts/<alert_id>", responses={200: AlertDetail})
@allow("view")
def get_alert(path: AlertPath) -> Response:
    """Show one alert with its texts."""
    return _detail(path.alert_id)


@emergencies_api.post("/alerts/<alert_id>/texts/<int:revision>/heard", responses={200: AlertDetail})
@allow("alert.fire")
def hear_alert(path: RevisionPath, body: HeardBody) -> Response:
    """Say that I listened to a sound of this text."""
    with writing() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        row = service.revision_of(alert, path.revision)
        note_hearing(
            session,
            actor=actor(),
            about=alert.id,
            audio=row.audio,
            sha256=body.sha256,
            now=now(),
        )
    return _detail(path.alert_id)


@emergencies_api.get("/alerts/<alert_id>/texts/<int:revision>/needs", responses={200: NeedsOut})
@allow("view")
def get_needs(path: RevisionPath) -> Response:
    """Show what the release of this text needs of me."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        row = service.revision_of(alert, path.revision)
        return answer(NeedsOut.model_validate(needs_of(session, alert, row, actor(), now())))


@emergencies_api.post(
    "/alerts/<alert_id>/texts/<int:revision>/submit", responses={200: RevisionOut}
)
@allow("alert.draft")
def submit_alert(path: RevisionPath) -> Response:
    """Ask for the release of a draft."""
    with writing() as session:
        row = releasing.submit(session, actor=actor(), now=now(), **path.model_dump())
        return answer(RevisionOut.model_validate(row))


@emergencies_api.post(
    "/alerts/<alert_id>/texts/<int:revision>/confirm", responses={200: ConfirmedOut}
)
@allow("alert.fire")
def confirm_alert(path: RevisionPath, body: ConfirmBody) -> Response:
    """Confirm the release of exactly this text; the last one needed starts the countdown."""
    with writing() as session:
        done = releasing.confirm(
            session,
            actor=actor(),
            now=now(),
            verify=emergency_parts().verify,
            code=body.code,
            **path.model_dump(),
        )
    return answer(
        ConfirmedOut(
            people=done.people,
            needed=done.needs.people,
            is_limited=done.needs.is_limited,
            goes_at=done.goes_at,
        )
    )


@emergencies_api.post("/alerts/<alert_id>/undo", responses={200: AlertDetail})
@allow("alert.cancel")
def undo_alert(path: AlertPath) -> Response:
    """Stop a countdown before it goes out."""
    with writing() as session:
        releasing.undo(session, actor=actor(), alert_id=path.alert_id, now=now())
    return _detail(path.alert_id)


@emergencies_api.put("/alerts/<alert_id>", responses={200: AlertDetail})
@allow("alert.draft")
def change_alert(path: AlertPath, body: DraftBody) -> Response:
    """Write new words: of a draft, or as the update of what sounds. Status cannot change."""
    parts, here = emergency_parts(), access()
    drafting.rewrite_alert(
        here.sessions,
        here.read_sessions,
        parts.studio,
        actor(),
        path.alert_id,
        _draft(body),
        now(),
        parts.zone,
    )
    return _detail(path.alert_id)


@emergencies_api.post("/alerts/<alert_id>/withdraw", responses={200: AlertDetail})
@allow("alert.cancel")
def withdraw_alert(path: AlertPath) -> Response:
    """Give up a text before it goes out."""
    with writing() as session:
        releasing.withdraw(session, actor=actor(), alert_id=path.alert_id, now=now())
    return _detail(path.alert_id)


@emergencies_api.post("/alerts/<alert_id>/cancel", responses={200: AlertDetail})
@allow("alert.cancel")
def cancel_alert(path: AlertPath, body: StopBody) -> Response:
    """Take an alert back, wherever it stands."""
    with writing() as session:
        lifecycle.cancel_alert(
            session, actor=actor(), alert_id=path.alert_id, now=now(), **body.model_dump()
        )
    return _detail(path.alert_id)


@emergencies_api.post("/alerts/<alert_id>/end", responses={200: AlertDetail})
@allow("alert.cancel")
def end_alert(path: AlertPath, body: StopBody) -> Response:
    """End an alert that sounds."""
    with writing() as session:
        lifecycle.end_alert(
            session, actor=actor(), alert_id=path.alert_id, now=now(), **body.model_dump()
        )
    return _detail(path.alert_id)


def _detail(alert_id: str, status: int = 200) -> Response:
    with reading() as session:
        found: Alert = service.alert_of(session, actor(), alert_id)
        return answer(AlertDetail.model_validate(found), status)


def _draft(body: DraftBody) -> Draft:
    values = body.model_dump()
    lists = ("areas", "shapes", "exceptions")
    return Draft(**{**values, **{name: tuple(values[name]) for name in lists}})


def _look(looked: drafting.Look) -> LookOut:
    resolved = looked.resolved
    return LookOut(
        publish_area_id=resolved.publish_area_id,
        publish_area_name=resolved.publish_area_name,
        is_wide=resolved.is_wide,
        hearing=len(resolved.hearing),
        without_position=len(resolved.without_position),
        spoken=looked.spoken,
        places=[
            PlaceOut(**place._asdict() | {"sounds": place.why.sounds}) for place in resolved.places
        ],
    )
