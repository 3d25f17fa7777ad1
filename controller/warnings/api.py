"""Warnings from outside over the JSON API: list, one, its bytes, take up, dismiss."""

from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from controller.cap.models import CapMessage, CapProposal
from controller.cap.taking_up import take_up
from controller.emergencies.parts import emergency_parts
from controller.people.access import access, actor, now, reading, writing
from controller.warnings import finding
from controller.warnings.deciding import LONGEST_REASON, proposal_in_sight, put_away
from controller.warnings.matched import Sounds
from controller.warnings.parts import words_here
from controller.warnings.shown import Shown, shown
from controller.warnings.views import as_download
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

warnings_api = make_api("warnings", "Cảnh báo từ bên ngoài", "Warnings from outside")

MOST_NAMED = 1000


class WarningPath(BaseModel):
    """Which warning."""

    warning_id: Number


class ProposalPath(BaseModel):
    """Which proposal of a warning."""

    proposal_id: Number


class WarningQuery(PageQuery):
    """Which warnings."""

    group: Literal["waiting", "for_us", "elsewhere", "ignored", "refused"] | None = None
    source_id: Key | None = None


class DismissBody(Asked):
    """Why nothing is to be said."""

    reason: Words = Field(min_length=1, max_length=LONGEST_REASON)


class WarningOut(Told):
    """A message as it came, with its verdict and why."""

    id: int
    source_id: str
    group: str
    received_at: datetime
    identifier: str
    sender: str
    sent_at: datetime | None
    status: str
    msg_type: str
    outcome: str
    reason: str
    why_vi: str
    why_en: str
    signature: str
    signer: str
    hazard: str | None
    level: int | None
    headline: str
    is_for_us: bool


class WarningPage(BaseModel):
    """One page of warnings."""

    total: int
    items: list[WarningOut]


class ProposalOut(Told):
    """What may be made of a warning; `held_vi` and `held_en` say why it was not by itself."""

    id: int
    action: str
    state: str
    draft: dict[str, Any]
    clusters: list[str]
    alert_id: str | None
    created_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    closed_by: str
    held: str
    held_vi: str
    held_en: str


class NoteOut(Told):
    """Something that is remarkable about a message."""

    code: str
    vi: str
    en: str


class SoundsOut(Told):
    """A cluster or area that is meant: by the area that is named, or else by a shape."""

    id: str
    name: str
    within: str
    area: str
    code: str


class WarningDetail(BaseModel):
    """A warning with everything that is known of it; of clusters and areas the first 1,000."""

    warning: WarningOut
    starts_at: datetime | None
    ends_at: datetime | None
    notes: list[NoteOut]
    proposals: list[ProposalOut]
    clusters_total: int
    clusters: list[SoundsOut]
    areas_total: int
    areas: list[SoundsOut]


class TakenOut(BaseModel):
    """The alert that a proposal became, or that it cancelled."""

    alert_id: str


@warnings_api.get("/warnings", responses={200: WarningPage})
@allow("cap.view")
def list_warnings(query: WarningQuery) -> Response:
    """List what came from the sources of my areas, newest first."""
    with reading() as session:
        found = finding.warnings(session, actor(), now(), **query.model_dump())
        groups = finding.groups_of(session, found.rows, now())
        return page_of((_out(row, groups[row.id]) for row in found.rows), found.total)


@warnings_api.get("/warnings/<int:warning_id>", responses={200: WarningDetail})
@allow("cap.view")
def get_warning(path: WarningPath) -> Response:
    """Show one warning: its verdict, where it would sound and why, what is proposed."""
    with reading() as session:
        row = finding.warning_of(session, actor(), path.warning_id)
        found = shown(session, actor(), row, words_here(), now())
        group = finding.groups_of(session, (row,), now())[row.id]
        return answer(_detail(found, group))


@warnings_api.get("/warnings/<int:warning_id>/original")
@allow("cap.view")
def get_original(path: WarningPath) -> Response:
    """Hand over the bytes as they came."""
    with reading() as session:
        return as_download(finding.warning_of(session, actor(), path.warning_id))


@warnings_api.post("/warning-proposals/<int:proposal_id>/take-up", responses={200: TakenOut})
@allow("alert.draft")
def take_up_proposal(path: ProposalPath) -> Response:
    """Do what is proposed in my name: a draft, new words for what stands, or its cancel."""
    here, parts = access(), emergency_parts()
    with reading() as session:
        proposal_in_sight(session, actor(), path.proposal_id)
    alert_id = take_up(
        here.sessions,
        here.read_sessions,
        parts.studio,
        actor(),
        path.proposal_id,
        now(),
        parts.zone,
    )
    return answer(TakenOut(alert_id=alert_id))


@warnings_api.post("/warning-proposals/<int:proposal_id>/dismiss", responses={200: ProposalOut})
@allow("alert.draft")
def dismiss_proposal(path: ProposalPath, body: DismissBody) -> Response:
    """Put a proposal away, with the reason."""
    with writing() as session:
        found = put_away(
            session,
            actor=actor(),
            proposal_id=path.proposal_id,
            reason=body.reason,
            now=now(),
        )
        return answer(_proposal(found))


def _out(row: CapMessage, group: str) -> WarningOut:
    values = {name: getattr(row, name) for name in WarningOut.model_fields if name != "group"}
    return WarningOut(group=group, **values)


def _proposal(row: CapProposal) -> ProposalOut:
    return ProposalOut.model_validate(row)


def _detail(found: Shown, group: str) -> WarningDetail:
    return WarningDetail(
        warning=_out(found.row, group),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        notes=[NoteOut.model_validate(note) for note in found.notes],
        proposals=[_proposal(one.row) for one in found.offers],
        clusters_total=len(found.matched.clusters),
        clusters=_sounds(found.matched.clusters),
        areas_total=len(found.matched.areas),
        areas=_sounds(found.matched.areas),
    )


def _sounds(found: tuple[Sounds, ...]) -> list[SoundsOut]:
    return [SoundsOut.model_validate(one) for one in found[:MOST_NAMED]]
