"""Sources of warnings over the JSON API: list, add, change, approve, retire."""

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from controller.cap import registering
from controller.cap.approving import approve_release, approved_level
from controller.cap.finding import source_of, sources
from controller.cap.models import CapSource, SourceKind
from controller.cap.registering import SourceDraft
from controller.cap.source_checks import LONGEST_PINS
from controller.emergencies.parts import emergency_parts
from controller.people.access import actor, now, reading, writing
from controller.warnings.pins import pins_of
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
    page_of,
)

warning_sources_api = make_api("warning-sources", "Nguồn cảnh báo", "Sources of warnings")


class SourcePath(BaseModel):
    """Which source."""

    source_id: Key


class SourceQuery(PageQuery):
    """Which sources."""

    with_retired: bool = False


class SourceBody(Asked):
    """What a source is, owes and may; files of the server are set at its terminal only."""

    kind: Literal["http", "mqtt", "folder", "file"]
    name: Words = Field("", max_length=200)
    place: Words = Field("", max_length=1000)
    hosts: list[Words] = Field(default_factory=list, max_length=50)
    poll_s: int = Field(60, ge=1, le=86_400)
    pinned: Words = Field("", max_length=LONGEST_PINS)
    is_open: bool = False
    stops_at_once: bool = False
    releases_upto: int = Field(0, ge=0, le=5)
    is_on: bool = True


class NewSourceBody(SourceBody):
    """A source of an area, under a name that it keeps for ever."""

    id: Key
    area_id: Key


class ApproveSourceBody(Asked):
    """The version that was looked at, and the second factor."""

    version: Number
    code: Words = Field("", max_length=40)


class PinOut(Told):
    """A certificate that is believed."""

    subject: str
    issuer: str
    fingerprint: str
    starts_at: datetime
    ends_at: datetime


class SourceOut(Told):
    """A source, its health, and up to which level it releases by itself now."""

    id: str
    area_id: str
    name: str
    kind: str
    place: str
    hosts: list[str]
    poll_s: int
    is_open: bool
    stops_at_once: bool
    is_on: bool
    releases_upto: int
    releases_now: int
    releases_approved_by: str
    releases_approved_at: datetime | None
    version: int
    asked_at: datetime | None
    due_at: datetime | None
    failures: int
    trouble_vi: str
    trouble_en: str
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime | None
    retired_at: datetime | None
    pins: list[PinOut]


class SourcePage(BaseModel):
    """One page of sources."""

    total: int
    items: list[SourceOut]


@warning_sources_api.get("/warning-sources", responses={200: SourcePage})
@allow("cap.view")
def list_sources(query: SourceQuery) -> Response:
    """List the sources of my areas with their health."""
    with reading() as session:
        found = sources(session, actor(), **query.model_dump())
        return page_of((_out(row) for row in found.rows), found.total)


@warning_sources_api.post("/warning-sources", responses={201: SourceOut})
@allow("cap.sources")
def create_source(body: NewSourceBody) -> Response:
    """Write a source down."""
    with writing() as session:
        made = registering.register_source(
            session,
            actor=actor(),
            source_id=body.id,
            area_id=body.area_id,
            draft=_draft(body),
            now=now(),
        )
        return answer(_out(made), 201)


@warning_sources_api.get("/warning-sources/<source_id>", responses={200: SourceOut})
@allow("cap.view")
def get_source(path: SourcePath) -> Response:
    """Show one source."""
    with reading() as session:
        return answer(_out(source_of(session, actor(), path.source_id)))


@warning_sources_api.put("/warning-sources/<source_id>", responses={200: SourceOut})
@allow("cap.sources")
def change_source(path: SourcePath, body: SourceBody) -> Response:
    """Write a source down anew."""
    with writing() as session:
        row = registering.change_source(
            session, actor=actor(), source_id=path.source_id, draft=_draft(body), now=now()
        )
        return answer(_out(row))


@warning_sources_api.post("/warning-sources/<source_id>/approve", responses={200: SourceOut})
@allow("alert.release")
def approve_source(path: SourcePath, body: ApproveSourceBody) -> Response:
    """Let a source release by itself, as the second person."""
    with writing() as session:
        row = approve_release(
            session,
            actor=actor(),
            source_id=path.source_id,
            version=body.version,
            now=now(),
            verify=emergency_parts().verify,
            code=body.code,
        )
        return answer(_out(row))


@warning_sources_api.delete("/warning-sources/<source_id>", responses={200: SourceOut})
@allow("cap.sources")
def retire_source(path: SourcePath) -> Response:
    """Take nothing of a source any more."""
    with writing() as session:
        row = registering.retire_source(session, actor=actor(), source_id=path.source_id, now=now())
        return answer(_out(row))


def _draft(body: SourceBody) -> SourceDraft:
    values = body.model_dump(include=set(SourceBody.model_fields))
    return SourceDraft(**values | {"kind": SourceKind(body.kind), "hosts": tuple(body.hosts)})


def _out(row: CapSource) -> SourceOut:
    made = {"releases_now", "pins"}
    values = {name: getattr(row, name) for name in SourceOut.model_fields if name not in made}
    pins = [PinOut.model_validate(one) for one in pins_of(row.pinned)]
    return SourceOut(releases_now=approved_level(row), pins=pins, **values)
