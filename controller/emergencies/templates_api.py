"""Prepared alerts over the JSON API: write, listen, approve, change, retire."""

from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from controller.emergencies import prepared
from controller.emergencies.api_asked import Hash, LanguageName, RepeatBody, TextBody
from controller.emergencies.content import LONGEST_MINUTES, USUAL_MINUTES
from controller.emergencies.hearing import note_hearing
from controller.emergencies.parts import emergency_parts
from controller.emergencies.prepared import TemplateDraft
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
)

templates_api = make_api(
    "templates", "Mẫu, quy tắc, diễn tập", "Templates, rules and drills", tag="prepared"
)


class TemplatePath(BaseModel):
    """Which template."""

    template_id: Key


class TemplateQuery(PageQuery):
    """Which templates."""

    state: Literal["drafted", "approved", "retired"] | None = None
    hazard: Key | None = None


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


@templates_api.get("/alert-templates", responses={200: TemplatePage})
@allow("view")
def list_templates(query: TemplateQuery) -> Response:
    """List the templates that my areas can use."""
    with reading() as session:
        return page(TemplateOut, prepared.templates(session, actor(), **query.model_dump()))


@templates_api.post("/alert-templates", responses={201: TemplateOut})
@allow("alert.template")
def create_template(body: TemplateBody) -> Response:
    """Write a template; its words are spoken at once."""
    return _write_template(body, None)


@templates_api.get("/alert-templates/<template_id>", responses={200: TemplateOut})
@allow("view")
def get_template(path: TemplatePath) -> Response:
    """Show one template."""
    with reading() as session:
        found = prepared.template_of(session, actor(), path.template_id)
        return answer(TemplateOut.model_validate(found))


@templates_api.post("/alert-templates/<template_id>/heard", responses={200: TemplateOut})
@allow("alert.approve_template")
def hear_template(path: TemplatePath, body: HeardTemplateBody) -> Response:
    """Say that I listened to a sound of this template."""
    with writing() as session:
        row = prepared.template_of(session, actor(), path.template_id)
        note_hearing(
            session, actor=actor(), about=row.id, audio=row.audio, sha256=body.sha256, now=now()
        )
        return answer(TemplateOut.model_validate(row))


@templates_api.post("/alert-templates/<template_id>/approve", responses={200: TemplateOut})
@allow("alert.approve_template")
def approve_template(path: TemplatePath, body: ApproveBody) -> Response:
    """Approve what somebody else wrote, after listening."""
    with writing() as session:
        row = prepared.approve_template(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(TemplateOut.model_validate(row))


@templates_api.put("/alert-templates/<template_id>", responses={200: TemplateOut})
@allow("alert.template")
def change_template(path: TemplatePath, body: TemplateBody) -> Response:
    """Change a template, which voids its approval."""
    return _write_template(body, path.template_id)


@templates_api.delete("/alert-templates/<template_id>", responses={200: TemplateOut})
@allow("alert.template")
def retire_template(path: TemplatePath) -> Response:
    """Offer a template no longer."""
    with writing() as session:
        row = prepared.retire_template(
            session, actor=actor(), template_id=path.template_id, now=now()
        )
        return answer(TemplateOut.model_validate(row))


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
