"""Templates, release rules, drills and local alerts over the JSON API."""

from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field

from controller.emergencies import drills, prepared, rules
from controller.emergencies.api import (
    Hash,
    LanguageName,
    RepeatBody,
    TextBody,
    emergency_parts,
)
from controller.emergencies.content import LONGEST_MINUTES, USUAL_MINUTES
from controller.emergencies.hearing import note_hearing
from controller.emergencies.panics import local_alerts
from controller.emergencies.prepared import TemplateDraft
from controller.listing import Listing
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
    cut,
    make_api,
    nothing,
    page,
)

prepared_api = make_api("prepared", "Mẫu, quy tắc, diễn tập", "Templates, rules and drills")


class TemplatePath(BaseModel):
    """Which template."""

    template_id: Key


class RulePath(BaseModel):
    """Which release rule."""

    release_rule_id: Number


class DrillPath(BaseModel):
    """Which drill."""

    drill_id: Key


class TemplateQuery(PageQuery):
    """Which templates."""

    state: Literal["drafted", "approved", "retired"] | None = None
    hazard: Key | None = None


class DrillQuery(PageQuery):
    """Which part of the calendar."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class LocalQuery(PageQuery):
    """Which local alerts."""

    only_active: bool = True


class TemplateBody(Asked):
    """What a template says."""

    area_id: Key
    title: Words = Field(max_length=200)
    hazard: Key
    level: int = Field(ge=1, le=5)
    texts: dict[LanguageName, TextBody] = Field(min_length=1, max_length=10)
    siren: Key | None = None
    minutes: int = Field(USUAL_MINUTES, ge=1, le=LONGEST_MINUTES)
    repeat: RepeatBody | None = None


class HeardTemplateBody(Asked):
    """The hash of the sound that was listened to."""

    sha256: Hash


class ApproveBody(Asked):
    """The version that was read and heard; `preauthorise` lets one person fire it."""

    version: Number
    preauthorise: bool = False


class RuleBody(Asked):
    """Who must release a real alert."""

    area_id: Key
    hazard: Key | None = None
    level_from: int = Field(1, ge=1, le=5)
    level_to: int = Field(5, ge=1, le=5)
    people: Literal[1, 2] = 2
    needs_second_factor: bool = True
    preauthorised_only: bool = False
    countdown_s: int = Field(0, ge=0, le=rules.LONGEST_COUNTDOWN_S)


class DrillBody(Asked):
    """A drill to be held."""

    area_id: Key
    title: Words = Field(max_length=200)
    planned_at: AwareDatetime
    template_id: Key | None = None


class DrillEdit(Asked):
    """What changes."""

    title: Words | None = Field(None, max_length=200)
    planned_at: AwareDatetime | None = None


class HoldBody(Asked):
    """The alert that the drill is."""

    alert_id: Key


class TemplateOut(Told):
    """A prepared alert."""

    id: str
    area_id: str
    title: str
    hazard: str
    level: int
    texts: dict[str, str]
    spoken: dict[str, str]
    audio: dict[str, Any]
    siren: str | None
    minutes: int
    repeat: dict[str, Any]
    state: str
    version: int
    is_preauthorised: bool
    changed_by: str
    changed_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class TemplatePage(BaseModel):
    """One page of templates."""

    total: int
    items: list[TemplateOut]


class RuleOut(Told):
    """A release rule."""

    id: int
    area_id: str
    hazard: str | None
    level_from: int
    level_to: int
    people: int
    needs_second_factor: bool
    preauthorised_only: bool
    countdown_s: int
    changed_by: str
    changed_at: datetime


class RulePage(BaseModel):
    """The release rules."""

    total: int
    items: list[RuleOut]


class DrillOut(Told):
    """A drill and, afterwards, how it went by area."""

    id: str
    area_id: str
    title: str
    planned_at: datetime
    template_id: str | None
    alert_id: str | None
    score: dict[str, Any]
    scored_at: datetime | None
    cancelled_at: datetime | None


class DrillPage(BaseModel):
    """One page of the calendar."""

    total: int
    items: list[DrillOut]


class LocalAlertOut(Told):
    """An alert that was raised at a device itself."""

    device_id: str
    id: str
    hazard: str
    outputs: list[str]
    starts_at: datetime
    ends_at: datetime
    told_at: datetime


class LocalAlertPage(BaseModel):
    """Local alerts."""

    total: int
    items: list[LocalAlertOut]


@prepared_api.get("/alert-templates", responses={200: TemplatePage})
@allow("view")
def list_templates(query: TemplateQuery) -> Response:
    """List the templates that my areas can use."""
    with reading() as session:
        return page(TemplateOut, prepared.templates(session, actor(), **query.model_dump()))


@prepared_api.post("/alert-templates", responses={201: TemplateOut})
@allow("alert.template")
def create_template(body: TemplateBody) -> Response:
    """Write a template; its words are spoken at once."""
    return _write_template(body, None)


@prepared_api.get("/alert-templates/<template_id>", responses={200: TemplateOut})
@allow("view")
def get_template(path: TemplatePath) -> Response:
    """Show one template."""
    with reading() as session:
        found = prepared.template_of(session, actor(), path.template_id)
        return answer(TemplateOut.model_validate(found))


@prepared_api.post("/alert-templates/<template_id>/heard", responses={200: TemplateOut})
@allow("alert.approve_template")
def hear_template(path: TemplatePath, body: HeardTemplateBody) -> Response:
    """Say that I listened to a sound of this template."""
    with writing() as session:
        row = prepared.template_of(session, actor(), path.template_id)
        note_hearing(
            session, actor=actor(), about=row.id, audio=row.audio, sha256=body.sha256, now=now()
        )
        return answer(TemplateOut.model_validate(row))


@prepared_api.post("/alert-templates/<template_id>/approve", responses={200: TemplateOut})
@allow("alert.approve_template")
def approve_template(path: TemplatePath, body: ApproveBody) -> Response:
    """Approve what somebody else wrote, after listening."""
    with writing() as session:
        row = prepared.approve_template(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(TemplateOut.model_validate(row))


@prepared_api.put("/alert-templates/<template_id>", responses={200: TemplateOut})
@allow("alert.template")
def change_template(path: TemplatePath, body: TemplateBody) -> Response:
    """Change a template, which voids its approval."""
    return _write_template(body, path.template_id)


@prepared_api.delete("/alert-templates/<template_id>", responses={200: TemplateOut})
@allow("alert.template")
def retire_template(path: TemplatePath) -> Response:
    """Offer a template no longer."""
    with writing() as session:
        row = prepared.retire_template(
            session, actor=actor(), template_id=path.template_id, now=now()
        )
        return answer(TemplateOut.model_validate(row))


@prepared_api.get("/release-rules", responses={200: RulePage})
@allow("view")
def list_release_rules(query: PageQuery) -> Response:
    """List the release rules of my areas and those above."""
    with reading() as session:
        return page(RuleOut, cut(rules.rules(session, actor()), query))


@prepared_api.post("/release-rules", responses={201: RuleOut})
@allow("alert.rules")
def create_release_rule(body: RuleBody) -> Response:
    """Write a release rule."""
    return _set_rule(body, None, 201)


@prepared_api.put("/release-rules/<int:release_rule_id>", responses={200: RuleOut})
@allow("alert.rules")
def change_release_rule(path: RulePath, body: RuleBody) -> Response:
    """Change a release rule."""
    return _set_rule(body, path.release_rule_id, 200)


@prepared_api.delete("/release-rules/<int:release_rule_id>", responses={204: None})
@allow("alert.rules")
def remove_release_rule(path: RulePath) -> Response:
    """Remove a release rule."""
    with writing() as session:
        rules.remove_rule(session, actor=actor(), rule_id=path.release_rule_id, now=now())
    return nothing()


@prepared_api.get("/drills", responses={200: DrillPage})
@allow("view")
def list_drills(query: DrillQuery) -> Response:
    """Show the calendar of drills."""
    with reading() as session:
        return page(DrillOut, drills.drills(session, actor(), **query.model_dump()))


@prepared_api.post("/drills", responses={201: DrillOut})
@allow("drill.plan")
def plan_drill(body: DrillBody) -> Response:
    """Put a drill into the calendar."""
    with writing() as session:
        made = drills.plan_drill(session, actor=actor(), now=now(), **body.model_dump())
        return answer(DrillOut.model_validate(made), 201)


@prepared_api.get("/drills/<drill_id>", responses={200: DrillOut})
@allow("view")
def get_drill(path: DrillPath) -> Response:
    """Show one drill."""
    with reading() as session:
        return answer(DrillOut.model_validate(drills.drill_of(session, actor(), path.drill_id)))


@prepared_api.patch("/drills/<drill_id>", responses={200: DrillOut})
@allow("drill.plan")
def change_drill(path: DrillPath, body: DrillEdit) -> Response:
    """Move or rename a drill."""
    with writing() as session:
        row = drills.change_drill(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(DrillOut.model_validate(row))


@prepared_api.post("/drills/<drill_id>/hold", responses={200: DrillOut})
@allow("drill.plan")
def hold_drill(path: DrillPath, body: HoldBody) -> Response:
    """Say which alert the drill is."""
    with writing() as session:
        row = drills.hold_drill(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(DrillOut.model_validate(row))


@prepared_api.post("/drills/<drill_id>/score", responses={200: DrillOut})
@allow("drill.plan")
def score_drill(path: DrillPath) -> Response:
    """Count how each village heard it."""
    with writing() as session:
        row = drills.score_drill(session, actor=actor(), drill_id=path.drill_id, now=now())
        return answer(DrillOut.model_validate(row))


@prepared_api.delete("/drills/<drill_id>", responses={200: DrillOut})
@allow("drill.plan")
def cancel_drill(path: DrillPath) -> Response:
    """Take a drill out of the calendar."""
    with writing() as session:
        row = drills.cancel_drill(session, actor=actor(), drill_id=path.drill_id, now=now())
        return answer(DrillOut.model_validate(row))


@prepared_api.get("/local-alerts", responses={200: LocalAlertPage})
@allow("view")
def list_local_alerts(query: LocalQuery) -> Response:
    """List alerts that somebody raised at a device itself."""
    with reading() as session:
        found = local_alerts(session, actor(), now(), only_active=query.only_active)
        listed = Listing(tuple(found), len(found))
        return page(LocalAlertOut, cut(listed.rows, query))


def _write_template(body: TemplateBody, template_id: str | None) -> Response:
    values, here = body.model_dump(), access()
    area_id = values.pop("area_id")
    name = prepared.write_template(
        here.sessions,
        here.read_sessions,
        emergency_parts().studio,
        actor(),
        area_id,
        TemplateDraft(**values),
        now(),
        template_id,
    )
    with reading() as session:
        found = prepared.template_of(session, actor(), name)
        return answer(TemplateOut.model_validate(found), 200 if template_id else 201)


def _set_rule(body: RuleBody, rule_id: int | None, status: int) -> Response:
    with writing() as session:
        row = rules.set_rule(
            session, actor=actor(), now=now(), rule_id=rule_id, **body.model_dump()
        )
        return answer(RuleOut.model_validate(row), status)
