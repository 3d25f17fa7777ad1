"""Pages of the sources of warnings: how they are, what they may; add, change, approve, retire."""

from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.service import find_area, names_of
from controller.cap.approving import approve_release, approved_level
from controller.cap.finding import source_of, sources
from controller.cap.models import CapMessage, CapSource, SourceKind
from controller.cap.registering import (
    LOCAL,
    SourceDraft,
    change_source,
    register_source,
    retire_source,
)
from controller.cap.source_checks import LONGEST_PINS
from controller.emergencies.parts import emergency_parts
from controller.errors import Invalid
from controller.people.access import actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import allows
from controller.warnings.finding import require_a_right
from controller.warnings.pins import pins_of
from controller.web.i18n import word_of
from controller.web.page import PAGE_SIZE, done, offset, page

source_views = Blueprint("warning_sources", __name__, template_folder="templates")

OFFERED = (SourceKind.HTTP, SourceKind.MQTT)
"""What a page may set up; files of the server are named at its terminal only."""


@source_views.get("/warnings/sources")
def source_list() -> str:
    """List the sources of one's areas with their health."""
    require_a_right(actor())
    with reading() as session:
        found = sources(
            session,
            actor(),
            with_retired="retired" in request.args,
            limit=PAGE_SIZE,
            offset=offset(),
        )
        return page(
            "warnings/sources.html",
            rows=found.rows,
            total=found.total,
            areas=names_of(session, {row.area_id for row in found.rows}),
            heard=_last_heard(session, found.rows),
            level_of=approved_level,
        )


@source_views.get("/warnings/new-source")
def new() -> str:
    """Ask for a new source."""
    require_a_right(actor(), "cap.sources")
    with reading() as session:
        areas = places(session, actor(), "cap.sources")
    return page("warnings/source_form.html", areas=areas, kinds=_kinds(), values=None)


@source_views.post("/warnings/new-source")
def new_post() -> AnyResponse:
    """Write a source down."""
    form = request.form
    with writing() as session:
        made = register_source(
            session,
            actor=actor(),
            source_id=form.get("id", "").strip(),
            area_id=form.get("area_id", ""),
            draft=_draft(form.get("kind", "")),
            now=now(),
        )
        source_id = made.id
    return done(f"/warnings/sources/{source_id}", _("Đã thêm nguồn cảnh báo"))


@source_views.get("/warnings/sources/<source_id>")
def one(source_id: str) -> str:
    """Show a source: its health, its certificates, what it may, and how to change it."""
    require_a_right(actor())
    with reading() as session:
        return page("warnings/source.html", **_one(session, source_id))


@source_views.post("/warnings/sources/<source_id>")
def change(source_id: str) -> AnyResponse:
    """Write a source down anew."""
    with reading() as session:
        kind = source_of(session, actor(), source_id).kind
    with writing() as session:
        change_source(session, actor=actor(), source_id=source_id, draft=_draft(kind), now=now())
    return done(f"/warnings/sources/{source_id}", _("Đã lưu nguồn cảnh báo"))


@source_views.post("/warnings/sources/<source_id>/approve")
def approve(source_id: str) -> AnyResponse:
    """Let a source release by itself, as the second person."""
    form = request.form
    with writing() as session:
        approve_release(
            session,
            actor=actor(),
            source_id=source_id,
            version=_whole("version", 0),
            now=now(),
            verify=emergency_parts().verify,
            code=form.get("code", ""),
        )
    return done(f"/warnings/sources/{source_id}", _("Đã duyệt: nguồn được tự phát đến cấp đã nêu"))


@source_views.post("/warnings/sources/<source_id>/retire")
def retire(source_id: str) -> AnyResponse:
    """Take nothing of a source any more."""
    with writing() as session:
        retire_source(session, actor=actor(), source_id=source_id, now=now())
    return done("/warnings/sources", _("Đã ngừng hẳn nguồn cảnh báo"))


def _one(session: Session, source_id: str) -> dict[str, Any]:
    source = source_of(session, actor(), source_id)
    area = find_area(session, source.area_id)
    is_used = source.retired_at is None
    wants = is_used and source.releases_upto and not source.releases_approved_by
    return {
        "source": source,
        "area": area,
        "heard": _last_heard(session, (source,)).get(source.id),
        "pins": pins_of(source.pinned),
        "level": approved_level(source),
        "now": now(),
        "may_edit": is_used and allows(actor(), "cap.sources", area),
        "may_approve": wants and allows(actor(), "alert.release", area),
        "is_local": source.kind in LOCAL,
    }


def _draft(kind: str) -> SourceDraft:
    """Return a source as the form says it."""
    if kind not in set(SourceKind):
        raise Invalid(field="kind", why_vi="hãy chọn cách nhận tin", why_en="choose how it comes")
    form = request.form
    return SourceDraft(
        kind=SourceKind(kind),
        name=form.get("name", ""),
        place=form.get("place", ""),
        hosts=tuple(form.get("hosts", "").replace(",", " ").split()),
        poll_s=_whole("poll_s", 60),
        pinned=form.get("pinned", "") + _uploaded(),
        is_open="is_open" in form,
        stops_at_once="stops_at_once" in form,
        releases_upto=_whole("releases_upto", 0),
        is_on="is_off" not in form,
    )


def _uploaded() -> str:
    """Return the certificates of the uploaded files, after a new line."""
    files = request.files.getlist("pinned_files")
    texts = [file.read(LONGEST_PINS + 1).decode("ascii", "replace") for file in files]
    return "".join(f"\n{text}" for text in texts if text)


def _whole(name: str, default: int) -> int:
    text = request.form.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(field=name, why_vi="không phải số", why_en="is no number")
    return int(text)


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, word_of("source_kind", kind)) for kind in OFFERED]


def _last_heard(session: Session, rows: tuple[CapSource, ...]) -> dict[str, datetime]:
    """Return when each source last had something new to say."""
    found = session.execute(
        select(CapMessage.source_id, func.max(CapMessage.received_at))
        .where(CapMessage.source_id.in_([row.id for row in rows]))
        .group_by(CapMessage.source_id)
    )
    return {row[0]: row[1] for row in found}
