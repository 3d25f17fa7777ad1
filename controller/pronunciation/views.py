"""The page of the dictionary: look up, add, change, remove; what waits for an entry; CSV."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.service import names_of
from controller.errors import Invalid
from controller.people.access import actor, now, reading, writing
from controller.people.places import area_in_sight, places
from controller.people.rights import ACTIONS, NotAllowed, allows
from controller.pronunciation import service
from controller.pronunciation.exchange import MOST_BYTES, as_csv, import_entries
from controller.pronunciation.finding import as_shown, entries, own_entries_of
from controller.pronunciation.models import EntryKind
from controller.pronunciation.unread import dismiss_unread, unread_words
from controller.web.page import PAGE_SIZE, done, offset, page

pronunciation_views = Blueprint("pronunciation", __name__, template_folder="templates")

MOST_WAITING = 20


@pronunciation_views.get("/pronunciations")
def dictionary() -> str:
    """Show what holds in an area, its own and inherited, and what waits for an entry."""
    query = request.args
    with reading() as session:
        choices = _choices(session)
        area = area_in_sight(session, actor(), query.get("area_id") or choices[0][0])
        found = entries(
            session,
            actor(),
            area_id=area.id,
            search=query.get("search", "")[:100],
            kind=query.get("kind") or None,
            limit=PAGE_SIZE,
            offset=offset(),
        )
        waiting = unread_words(session, actor(), area_id=area.id, limit=MOST_WAITING)
        return page(
            "pronunciation/dictionary.html",
            area=area,
            choices=choices,
            found=found,
            rows=as_shown(session, area, found.rows),
            waiting=waiting,
            names=names_of(session, {one.area_id for one in waiting.rows}),
            may_edit=allows(actor(), "pronunciation.edit", area),
            written=query.get("written", "")[:100],
        )


@pronunciation_views.post("/pronunciations")
def add() -> AnyResponse:
    """Say how an area reads something."""
    area_id = request.form.get("area_id", "")
    with writing() as session:
        row = service.add_entry(
            session,
            actor=actor(),
            area_id=area_id,
            written=request.form.get("written", ""),
            now=now(),
            **_said(),
        )
        said = _("Đã thêm cách đọc của “%(written)s”", written=row.written)
    return done(_address(area_id), said)


@pronunciation_views.post("/pronunciations/<int:entry_id>")
def change(entry_id: int) -> AnyResponse:
    """Read an entry otherwise."""
    with writing() as session:
        row = service.change_entry(session, actor=actor(), entry_id=entry_id, now=now(), **_said())
        said = _("Đã sửa cách đọc của “%(written)s”", written=row.written)
        return done(_address(row.area_id), said)


@pronunciation_views.post("/pronunciations/<int:entry_id>/remove")
def remove(entry_id: int) -> AnyResponse:
    """Remove an entry."""
    with writing() as session:
        service.remove_entry(session, actor=actor(), entry_id=entry_id, now=now())
    return done(_address(request.form.get("area_id", "")), _("Đã bỏ cách đọc"))


@pronunciation_views.post("/pronunciations/waiting/<int:unread_id>/dismiss")
def dismiss(unread_id: int) -> AnyResponse:
    """Take a word off the list that needs no entry."""
    with writing() as session:
        dismiss_unread(session, actor=actor(), unread_id=unread_id, now=now())
    return done(_address(request.form.get("area_id", "")), _("Đã bỏ qua"))


@pronunciation_views.get("/pronunciations.csv")
def export() -> Response:
    """Return the entries of one area itself, to be kept or given to a neighbour."""
    with reading() as session:
        area = area_in_sight(session, actor(), request.args.get("area_id", ""))
        text = as_csv(own_entries_of(session, area))
    answer = Response(text, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{area.id}.csv")
    return answer


@pronunciation_views.post("/pronunciations/import")
def import_csv() -> AnyResponse:
    """Take the entries of a CSV file, all of them or none."""
    area_id, file = request.form.get("area_id", ""), request.files.get("file")
    if file is None or not file.filename:
        raise Invalid(field="file", why_vi="hãy chọn tệp CSV", why_en="choose a CSV file")
    content = file.read(MOST_BYTES + 1)
    with writing() as session:
        done_with = import_entries(session, actor=actor(), area_id=area_id, file=content, now=now())
    counts = {"a": done_with.added, "c": done_with.changed, "s": done_with.same}
    said = _("Đã nhập: %(a)s mục mới, %(c)s mục sửa, %(s)s mục có sẵn", **counts)
    return done(_address(area_id), said)


def _choices(session: Session) -> list[tuple[str, str]]:
    """Return the areas of the person; raises NotAllowed where there are none."""
    found = list(places(session, actor(), "view"))
    if not found:
        named = ACTIONS["view"]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area="-")
    return found


def _said() -> dict[str, str]:
    form = request.form
    kind = form.get("kind", EntryKind.ACRONYM)
    return {"spoken": form.get("spoken", ""), "kind": kind, "note": form.get("note", "")}


def _address(area_id: str) -> str:
    return f"/pronunciations?{urlencode({'area_id': area_id})}"
