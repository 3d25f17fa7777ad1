"""Alerts over the JSON API: draft, listen, submit, confirm, undo, cancel, end; reach and proof."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Flask, Response, current_app
from pydantic import AwareDatetime, BaseModel, Field

from controller.emergencies import drafting, lifecycle, releasing, service
from controller.emergencies.content import LONGEST_MINUTES, LONGEST_TEXT, Draft
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import Alert
from controller.emergencies.progress import as_csv, clusters, not_reached, progress, why_of
from controller.emergencies.proof import proof_of
from controller.emergencies.releasing import SecondFactor
from controller.emergencies.rules import needs_of
from controller.emergencies.speech import Studio
from controller.emergencies.wording import ZONE
from controller.people.access import access, actor, now, reading, writing
from controller.web.api import (
    Asked,
    Key,
    Number,
    PageQuery,
    Told,
    Words,
    allow,
    answer,
    make_api,
    page,
    page_of,
)

emergencies_api = make_api("emergencies", "Phát khẩn cấp", "Emergency alerts")

_NAME = "truyenthanh.emergencies"
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
StatusName = Literal["real", "exercise", "drill"]
StateName = Literal[
    "drafted", "awaiting", "counting", "released", "cancelled", "ended", "withdrawn"
]
TextBody = Annotated[Words, Field(max_length=LONGEST_TEXT)]
LanguageName = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


@dataclass(frozen=True, slots=True)
class EmergencyParts:
    """What the routes need: what speaks, and what checks a second factor."""

    studio: Studio
    verify: SecondFactor
    zone: str = ZONE


def install_emergencies(app: Flask, parts: EmergencyParts) -> None:
    """Give the parts to an app that registers the routes, or pages that do the same."""
    app.extensions[_NAME] = parts


def emergency_parts() -> EmergencyParts:
    """Return what the app was given."""
    found: EmergencyParts = current_app.extensions[_NAME]
    return found


class AlertPath(BaseModel):
    """Which alert."""

    alert_id: Key


class RevisionPath(AlertPath):
    """Which text of it."""

    revision: Number


class ClusterPath(AlertPath):
    """Which cluster of an alert."""

    cluster_id: Key


class AlertQuery(PageQuery):
    """Which alerts."""

    state: StateName | None = None
    status: StatusName | None = None
    area_id: Key | None = None


class CircleBody(Asked):
    """A circle on the map."""

    shape: Literal["circle"]
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    radius_m: float = Field(gt=0, le=2_000_000)


class PolygonBody(Asked):
    """A closed ring of (latitude, longitude)."""

    shape: Literal["polygon"]
    points: list[
        tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
    ] = Field(min_length=4, max_length=2000)


class RepeatBody(Asked):
    """How often it is spoken."""

    count: int = Field(3, ge=1, le=1000)
    gap_s: int = Field(10, ge=0, le=86_400)
    every_s: int = Field(0, ge=0, le=86_400)


class DraftBody(Asked):
    """What an alert says, to whom; empty areas and shapes mean all of `area_id`."""

    area_id: Key
    status: StatusName
    hazard: Key
    level: int = Field(ge=1, le=5)
    texts: dict[LanguageName, TextBody] = Field({}, max_length=10)
    areas: list[Key] = Field([], max_length=500)
    shapes: list[Annotated[CircleBody | PolygonBody, Field(discriminator="shape")]] = Field(
        [], max_length=20
    )
    exceptions: list[Key] = Field([], max_length=500)
    recordings: dict[LanguageName, Hash] = Field({}, max_length=10)
    siren: Key | None = None
    siren_ms: int = Field(6000, ge=0, le=60_000)
    repeat: RepeatBody | None = None
    minutes: int | None = Field(None, ge=1, le=LONGEST_MINUTES)
    starts_at: AwareDatetime | None = None
    template_id: Key | None = None


class HeardBody(Asked):
    """The hash of the sound that was listened to."""

    sha256: Hash


class ConfirmBody(Asked):
    """The code of the second factor, where one is needed."""

    code: Words = Field("", max_length=40)


class StopBody(Asked):
    """Whether the horns say that it is over, and a note for the record."""

    all_clear: bool = True
    note: Words = Field("", max_length=2000)


class RevisionOut(Told):
    """One text of an alert."""

    number: int
    action: str
    state: str
    content: dict[str, Any]
    spoken: dict[str, str]
    audio: dict[str, Any]
    all_clear: dict[str, str]
    is_prepared: bool
    issued_at: datetime
    created_by: str
    created_at: datetime
    submitted_at: datetime | None
    goes_at: datetime | None
    rev: int | None
    digest: str | None
    signed_at: datetime | None
    note: str


class AlertOut(Told):
    """An emergency announcement."""

    id: str
    area_id: str
    publish_area_id: str
    status: str
    hazard: str
    level: int
    state: str
    supersedes: str | None
    template_id: str | None
    created_by: str
    created_at: datetime
    released_at: datetime | None
    ends_at: datetime | None
    closed_at: datetime | None


class AlertDetail(AlertOut):
    """An alert with all its texts, the oldest first."""

    revisions: list[RevisionOut]


class AlertPage(BaseModel):
    """One page of alerts."""

    total: int
    items: list[AlertOut]


class PlaceOut(BaseModel):
    """A cluster and why it would sound or not."""

    cluster_id: str
    name: str
    area_id: str
    latitude: float | None
    longitude: float | None
    why: str
    sounds: bool


class LookOut(BaseModel):
    """What a draft would say and who would hear it."""

    publish_area_id: str
    publish_area_name: str
    is_wide: bool
    hearing: int
    without_position: int
    spoken: dict[str, str]
    places: list[PlaceOut]


class NeedsOut(Told):
    """What a release needs of the person who asks."""

    people: int
    needs_second_factor: bool
    countdown_s: int
    is_preauthorised: bool
    why: list[str]


class ConfirmedOut(BaseModel):
    """How many people count now; `goes_at` when nobody else is needed."""

    people: int
    needed: int
    is_limited: bool
    goes_at: datetime | None


class CountsOut(Told):
    """How many clusters stand where."""

    total: int
    heard: int
    waiting: int
    received: int
    sounding: int
    finished: int
    failed: int
    not_reached: int
    is_settled: bool


class AreaProgressOut(Told):
    """One area with clusters of its own."""

    area_id: str
    name: str
    counts: CountsOut


class ProgressOut(Told):
    """How far an alert came."""

    alert_id: str
    at: datetime
    counts: CountsOut
    stopped: int
    areas: list[AreaProgressOut]


class ClusterReachOut(Told):
    """One cluster of an alert."""

    cluster_id: str
    name: str
    area_id: str
    area_name: str
    device_id: str
    station_name: str
    station_phone: str
    head_name: str
    head_phone: str
    shown: str
    code: str
    detail: str
    received_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    heard_at: datetime | None
    stopped_at: datetime | None
    played_ms: int | None
    is_meant: bool


class ClusterReachPage(BaseModel):
    """The clusters of an alert."""

    total: int
    items: list[ClusterReachOut]


class AnswerOut(BaseModel):
    """Why a cluster sounded, or did not, step by step."""

    cluster_id: str
    has_sounded: bool
    vi: list[str]
    en: list[str]


class ReleaseOut(Told):
    """A confirmation."""

    revision: int
    login: str
    full_name: str
    factor: str
    at: datetime


class HeardOut(Told):
    """Somebody listened."""

    login: str
    sha256: str
    at: datetime


class EntryOut(Told):
    """A link of the audit chain."""

    number: int
    at: datetime
    who: str
    action: str
    facts: dict[str, Any]
    hash: str
    previous_hash: str


class ProofOut(Told):
    """Everything about one broadcast."""

    alert: AlertOut
    area_name: str
    publish_area_name: str
    revisions: list[RevisionOut]
    releases: list[ReleaseOut]
    hearings: list[HeardOut]
    entries: list[EntryOut]
    audit_head: str
    counts: CountsOut
    clusters: list[ClusterReachOut]
    made_at: datetime


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


@emergencies_api.get("/alerts/<alert_id>/progress", responses={200: ProgressOut})
@allow("view")
def get_progress(path: AlertPath) -> Response:
    """Show how far an alert came."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        return answer(ProgressOut.model_validate(progress(session, alert.id, now())))


@emergencies_api.get("/alerts/<alert_id>/clusters", responses={200: ClusterReachPage})
@allow("view")
def list_reach(path: AlertPath) -> Response:
    """List every cluster of an alert with what it did."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        found = [ClusterReachOut.model_validate(o) for o in clusters(session, alert.id, now())]
        return page_of(found, len(found))


@emergencies_api.get("/alerts/<alert_id>/not-reached", responses={200: ClusterReachPage})
@allow("view")
def list_not_reached(path: AlertPath) -> Response:
    """List the clusters where it was not heard."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        found = [ClusterReachOut.model_validate(o) for o in not_reached(session, alert.id, now())]
        return page_of(found, len(found))


@emergencies_api.get("/alerts/<alert_id>/not-reached.csv", responses={200: None})
@allow("view")
def export_not_reached(path: AlertPath) -> Response:
    """Return the same as a table for spreadsheets."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        text = as_csv(not_reached(session, alert.id, now()))
    answered = Response(text, mimetype="text/csv")
    answered.headers["Content-Disposition"] = f"attachment; filename={path.alert_id}.csv"
    return answered


@emergencies_api.get("/alerts/<alert_id>/clusters/<cluster_id>/why", responses={200: AnswerOut})
@allow("view")
def explain_cluster(path: ClusterPath) -> Response:
    """Say why a cluster sounded, or did not."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        found = why_of(session, alert, path.cluster_id, now())
    return answer(
        AnswerOut(
            cluster_id=found.cluster_id,
            has_sounded=found.has_sounded,
            vi=[vi for vi, _ in found.steps],
            en=[en for _, en in found.steps],
        )
    )


@emergencies_api.get("/alerts/<alert_id>/proof", responses={200: ProofOut})
@allow("view")
def get_proof(path: AlertPath) -> Response:
    """Return the proof of one broadcast."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        return answer(ProofOut.model_validate(proof_of(session, alert, now())))


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
