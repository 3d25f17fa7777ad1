"""Programmes, their versions and their schedule rules over the JSON API."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import AfterValidator, BaseModel, Field, NaiveDatetime

from controller.listing import Listing
from controller.people.access import actor, now, reading, writing
from controller.programmes import schedule, service, versions
from controller.web.api import (
    Asked,
    Key,
    Number,
    PageQuery,
    Told,
    Words,
    allow,
    answer,
    cut,
    make_api,
    nothing,
    page,
)

programmes_api = make_api("programmes", "Chương trình và lịch phát", "Programmes and schedules")

Gain = Annotated[float, Field(ge=-120, le=24)]
Length = Annotated[int, Field(ge=1, le=86_400_000)]
StateName = Literal["draft", "submitted", "approved", "returned", "superseded", "withdrawn"]


def _day_or_time(text: str) -> str:
    (datetime if "T" in text else date).fromisoformat(text)
    return text


DayOrTime = Annotated[str, Field(max_length=32), AfterValidator(_day_or_time)]
"""A local day `2026-11-02`, or a wall time `2026-11-02T17:00:00`."""


class ProgrammePath(BaseModel):
    """Which programme."""

    programme_id: Key


class VersionPath(ProgrammePath):
    """Which version."""

    number: Number


class RulePath(BaseModel):
    """Which schedule rule."""

    rule_id: Key


class OccurrencePath(RulePath):
    """Which occurrence, by its original wall time."""

    original: NaiveDatetime


class ProgrammeQuery(PageQuery):
    """Which programmes."""

    area_id: Key | None = None
    state: StateName | None = None
    search: Words = ""
    archived: bool = False


class RuleQuery(PageQuery):
    """Which rules."""

    programme_id: Key | None = None


class ProgrammeBody(Asked):
    """A new programme; `origin` is the area's own level unless said lower."""

    area_id: Key
    title: Words = Field(max_length=300)
    broadcast_class: Literal["normal", "priority"] = "normal"
    origin: Literal["central", "province", "district", "commune", "village"] | None = None
    resume: Literal["clock", "skip"] = "clock"


class ProgrammeEdit(Asked):
    """What changes."""

    title: Words | None = Field(None, max_length=300)
    resume: Literal["clock", "skip"] | None = None


class AssetItem(Asked):
    """Plays a sound of the library."""

    kind: Literal["asset"]
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    gain_db: Gain = 0.0


class RelayItem(Asked):
    """Carries another station's stream; the fallback plays where it fails."""

    kind: Literal["relay"]
    url: Words = Field(max_length=500)
    source: Literal["http", "icecast", "hls"] = "http"
    for_ms: Length
    fallback: str = Field(pattern="^[0-9a-f]{64}$")
    gain_db: Gain = 0.0


class ToneItem(Asked):
    """A sound that the device makes itself."""

    kind: Literal["tone"]
    tone: Literal["chime", "test"]
    for_ms: Length


ItemBody = Annotated[AssetItem | RelayItem | ToneItem, Field(discriminator="kind")]


class VersionBody(Asked):
    """The items of a new version, in order."""

    items: list[ItemBody] = Field(min_length=1, max_length=100)


class NoteBody(Asked):
    """A word to go with a decision."""

    note: Words = Field("", max_length=2000)


class RuleBody(Asked):
    """When a programme plays, in wall time, and where."""

    dtstart: NaiveDatetime
    zone: Words = Field("Asia/Ho_Chi_Minh", max_length=40)
    rrule: Words | None = Field(None, max_length=500)
    lunar: Words | None = Field(None, max_length=200)
    exdates: list[DayOrTime] = Field([], max_length=400)
    rdates: list[NaiveDatetime] = Field([], max_length=400)
    valid_from: date | None = None
    valid_until: date | None = None
    duration_ms: Length | None = None
    target_areas: list[Key] = Field([], max_length=500)
    target_clusters: list[Key] = Field([], max_length=500)


class MoveBody(Asked):
    """The wall time at which one occurrence begins instead; null cancels it."""

    moved_to: NaiveDatetime | None


class VersionOut(Told):
    """The items of a programme at one time, and who decided what."""

    number: int
    state: str
    items: list[dict[str, Any]]
    duration_ms: int
    created_by: str
    created_at: datetime
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    note: str


class ProgrammeOut(Told):
    """What plays; the newest approved version goes to air."""

    id: str
    area_id: str
    title: str
    broadcast_class: str
    origin: str
    resume: str
    created_by: str
    created_at: datetime
    archived_at: datetime | None


class ProgrammeDetail(ProgrammeOut):
    """A programme with all its versions, the oldest first."""

    versions: list[VersionOut]


class ProgrammePage(BaseModel):
    """One page of programmes."""

    total: int
    items: list[ProgrammeOut]


class RuleOut(Told):
    """A stored schedule rule; `moves` maps an original start to its new one, or to null."""

    id: str
    programme_id: str
    dtstart: str
    zone: str
    rrule: str | None
    lunar: str | None
    exdates: list[str]
    rdates: list[str]
    moves: dict[str, str | None]
    valid_from: date | None
    valid_until: date | None
    duration_ms: int | None
    target_areas: list[str]
    target_clusters: list[str]
    is_active: bool
    created_by: str
    created_at: datetime


class RulePage(BaseModel):
    """One page of rules."""

    total: int
    items: list[RuleOut]


class OccurrenceOut(Told):
    """One time a rule plays; `original` names it, also after a move."""

    original: datetime
    start: datetime
    end: datetime


class OccurrencePage(BaseModel):
    """The next occurrences."""

    total: int
    items: list[OccurrenceOut]


@programmes_api.get("/programmes", responses={200: ProgrammePage})
@allow("view")
def list_programmes(query: ProgrammeQuery) -> Response:
    """List the programmes I can see, newest first."""
    with reading() as session:
        return page(ProgrammeOut, service.programmes(session, actor(), **query.model_dump()))


@programmes_api.post("/programmes", responses={201: ProgrammeOut})
@allow("programme.edit")
def create_programme(body: ProgrammeBody) -> Response:
    """Create a programme; its content follows as a version."""
    with writing() as session:
        made = service.create_programme(session, actor=actor(), now=now(), **body.model_dump())
        return answer(ProgrammeOut.model_validate(made), 201)


@programmes_api.get("/programmes/<programme_id>", responses={200: ProgrammeDetail})
@allow("view")
def get_programme(path: ProgrammePath) -> Response:
    """Show one programme with its versions."""
    with reading() as session:
        found = service.programme_of(session, actor(), path.programme_id)
        return answer(ProgrammeDetail.model_validate(found))


@programmes_api.patch("/programmes/<programme_id>", responses={200: ProgrammeOut})
@allow("programme.edit")
def change_programme(path: ProgrammePath, body: ProgrammeEdit) -> Response:
    """Rename a programme, or say how it goes on after an interruption."""
    with writing() as session:
        changed = service.change_programme(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(ProgrammeOut.model_validate(changed))


@programmes_api.delete("/programmes/<programme_id>", responses={200: ProgrammeOut})
@allow("programme.edit")
def archive_programme(path: ProgrammePath) -> Response:
    """Archive a programme; its rules play nothing any more."""
    with writing() as session:
        ended = service.archive_programme(
            session, actor=actor(), programme_id=path.programme_id, now=now()
        )
        return answer(ProgrammeOut.model_validate(ended))


@programmes_api.post("/programmes/<programme_id>/versions", responses={201: VersionOut})
@allow("programme.edit")
def add_version(path: ProgrammePath, body: VersionBody) -> Response:
    """Write a new draft; older drafts are superseded."""
    with writing() as session:
        items = [item.model_dump() for item in body.items]
        made = versions.add_version(
            session, actor=actor(), now=now(), programme_id=path.programme_id, items=items
        )
        return answer(VersionOut.model_validate(made), 201)


@programmes_api.post(
    "/programmes/<programme_id>/versions/<int:number>/submit", responses={200: VersionOut}
)
@allow("programme.edit")
def submit_version(path: VersionPath) -> Response:
    """Ask for the approval of a draft."""
    with writing() as session:
        moved = versions.submit(session, actor=actor(), now=now(), **path.model_dump())
        return answer(VersionOut.model_validate(moved))


@programmes_api.post(
    "/programmes/<programme_id>/versions/<int:number>/approve", responses={200: VersionOut}
)
@allow("programme.approve")
def approve_version(path: VersionPath, body: NoteBody) -> Response:
    """Put a submitted version on air."""
    with writing() as session:
        moved = versions.approve(
            session, actor=actor(), now=now(), note=body.note, **path.model_dump()
        )
        return answer(VersionOut.model_validate(moved))


@programmes_api.post(
    "/programmes/<programme_id>/versions/<int:number>/return", responses={200: VersionOut}
)
@allow("programme.approve")
def return_version(path: VersionPath, body: NoteBody) -> Response:
    """Send a submitted version back with a note that says what to change."""
    with writing() as session:
        moved = versions.return_version(
            session, actor=actor(), now=now(), note=body.note, **path.model_dump()
        )
        return answer(VersionOut.model_validate(moved))


@programmes_api.post(
    "/programmes/<programme_id>/versions/<int:number>/withdraw", responses={200: VersionOut}
)
@allow("programme.edit")
def withdraw_version(path: VersionPath, body: NoteBody) -> Response:
    """Take a version back, or off the air."""
    with writing() as session:
        moved = versions.withdraw(
            session, actor=actor(), now=now(), note=body.note, **path.model_dump()
        )
        return answer(VersionOut.model_validate(moved))


@programmes_api.post("/programmes/<programme_id>/rules", responses={201: RuleOut})
@allow("schedule.edit")
def create_rule(path: ProgrammePath, body: RuleBody) -> Response:
    """Let a programme play by a rule."""
    with writing() as session:
        made = schedule.create_rule(
            session,
            actor=actor(),
            programme_id=path.programme_id,
            draft=_draft(body),
            now=now(),
        )
        return answer(RuleOut.model_validate(made), 201)


@programmes_api.post("/programmes/<programme_id>/rules/preview", responses={200: OccurrencePage})
@allow("schedule.edit")
def preview_rule(path: ProgrammePath, body: RuleBody) -> Response:
    """Show the next ten occurrences of a rule that is not saved."""
    with reading() as session:
        found = schedule.preview_rule(
            session,
            actor=actor(),
            programme_id=path.programme_id,
            draft=_draft(body),
            now=now(),
        )
        return page(OccurrenceOut, Listing(found, len(found)))


@programmes_api.get("/rules", responses={200: RulePage})
@allow("view")
def list_rules(query: RuleQuery) -> Response:
    """List the schedule rules that concern my areas."""
    with reading() as session:
        found = schedule.rules(session, actor(), programme_id=query.programme_id)
        return page(RuleOut, cut(found, query))


@programmes_api.get("/rules/<rule_id>", responses={200: RuleOut})
@allow("view")
def get_rule(path: RulePath) -> Response:
    """Show one schedule rule."""
    with reading() as session:
        found = schedule.find_rule(session, actor(), path.rule_id)
        return answer(RuleOut.model_validate(found))


@programmes_api.put("/rules/<rule_id>", responses={200: RuleOut})
@allow("schedule.edit")
def change_rule(path: RulePath, body: RuleBody) -> Response:
    """Replace what a rule says; moved and cancelled occurrences stay so."""
    with writing() as session:
        changed = schedule.change_rule(
            session, actor=actor(), rule_id=path.rule_id, draft=_draft(body), now=now()
        )
        return answer(RuleOut.model_validate(changed))


@programmes_api.delete("/rules/<rule_id>", responses={204: None})
@allow("schedule.edit")
def delete_rule(path: RulePath) -> Response:
    """Remove a rule."""
    with writing() as session:
        schedule.delete_rule(session, actor=actor(), rule_id=path.rule_id, now=now())
    return nothing()


@programmes_api.post("/rules/<rule_id>/pause", responses={200: RuleOut})
@allow("schedule.edit")
def pause_rule(path: RulePath) -> Response:
    """Stop a rule for a while."""
    return _set_active(path.rule_id, is_active=False)


@programmes_api.post("/rules/<rule_id>/resume", responses={200: RuleOut})
@allow("schedule.edit")
def resume_rule(path: RulePath) -> Response:
    """Let a paused rule go on."""
    return _set_active(path.rule_id, is_active=True)


@programmes_api.get("/rules/<rule_id>/occurrences", responses={200: OccurrencePage})
@allow("view")
def list_occurrences(path: RulePath) -> Response:
    """Show the next ten occurrences of a rule."""
    with reading() as session:
        row = schedule.find_rule(session, actor(), path.rule_id)
        found = schedule.occurrences_of(session, row, now())
        return page(OccurrenceOut, Listing(found, len(found)))


@programmes_api.put("/rules/<rule_id>/occurrences/<original>", responses={200: RuleOut})
@allow("schedule.edit")
def move_occurrence(path: OccurrencePath, body: MoveBody) -> Response:
    """Move one occurrence, or cancel it."""
    with writing() as session:
        changed = schedule.move_occurrence(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(RuleOut.model_validate(changed))


@programmes_api.delete("/rules/<rule_id>/occurrences/<original>", responses={200: RuleOut})
@allow("schedule.edit")
def restore_occurrence(path: OccurrencePath) -> Response:
    """Undo the moving or cancelling of one occurrence."""
    with writing() as session:
        changed = schedule.restore_occurrence(
            session, actor=actor(), now=now(), **path.model_dump()
        )
        return answer(RuleOut.model_validate(changed))


def _set_active(rule_id: str, *, is_active: bool) -> Response:
    with writing() as session:
        row = schedule.pause_rule(
            session, actor=actor(), rule_id=rule_id, is_active=is_active, now=now()
        )
        return answer(RuleOut.model_validate(row))


def _draft(body: RuleBody) -> schedule.RuleDraft:
    values = body.model_dump()
    values["exdates"] = [
        datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
        for text in body.exdates
    ]
    lists = ("exdates", "rdates", "target_areas", "target_clusters")
    return schedule.RuleDraft(**{**values, **{name: tuple(values[name]) for name in lists}})
