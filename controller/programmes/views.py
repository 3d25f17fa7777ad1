"""Pages of programmes: list, compose, submit, approve or return, history."""

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.library import service as library
from controller.listing import LARGEST_LIMIT
from controller.people.access import actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import allows
from controller.programmes import schedule, service, versions
from controller.programmes.hearing import spoken_sounds
from controller.programmes.item_forms import items_of, row_of
from controller.programmes.models import Programme
from controller.web.page import PAGE_SIZE, done, is_htmx, offset, page

programmes_views = Blueprint("programmes", __name__, template_folder="templates")


@programmes_views.get("/programmes")
def programmes() -> str:
    """List the programmes that one can see."""
    query = request.args
    with reading() as session:
        found = service.programmes(
            session,
            actor(),
            state=query.get("state") or None,
            search=query.get("search", ""),
            archived="archived" in query,
            limit=PAGE_SIZE,
            offset=offset(),
        )
        areas = {row.area_id: find_area(session, row.area_id) for row in found.rows}
        return page("programmes/list.html", found=found, areas=areas)


@programmes_views.get("/programmes/new")
def new() -> str:
    """Ask for a new programme; `sound` is its first item."""
    sound = request.args.get("sound")
    rows = [row_of({"kind": "asset", "sha256": sound})] if sound else []
    with reading() as session:
        areas = places(session, actor(), "programme.edit")
        return page("programmes/new.html", areas=areas, rows=rows, **_sounds(session))


@programmes_views.post("/programmes/new")
def new_post() -> AnyResponse:
    """Create a programme, with a first draft where there are items."""
    form, items = request.form, items_of(request.form)
    with writing() as session:
        made = service.create_programme(
            session,
            actor=actor(),
            area_id=form.get("area_id", ""),
            title=form.get("title", ""),
            broadcast_class=form.get("broadcast_class", "normal"),
            now=now(),
        )
        if items:
            _add_version(session, made.id, items)
        return done(f"/programmes/{made.id}", _("Đã tạo chương trình"))


@programmes_views.get("/programmes/item")
def item() -> str:
    """Return an empty row for the form: an asset or a relay."""
    kind = "relay" if request.args.get("kind") == "relay" else "asset"
    with reading() as session:
        return page("programmes/_item.html", row=row_of({"kind": kind}), **_sounds(session))


@programmes_views.get("/programmes/<programme_id>")
def programme(programme_id: str) -> str:
    """Show a programme with its versions."""
    with reading() as session:
        found = service.programme_of(session, actor(), programme_id)
        area = find_area(session, found.area_id)
        newest = found.versions[-1] if found.versions else None
        return page(
            "programmes/programme.html",
            programme=found,
            area=area,
            rules=schedule.rules(session, actor(), programme_id=found.id),
            rows=[row_of(item) for item in newest.items] if newest else [],
            may=_rights(area, found),
            spoken=spoken_sounds(session, actor(), newest) if newest else (),
            **_sounds(session, area.id),
        )


@programmes_views.post("/programmes/<programme_id>/versions")
def add_version(programme_id: str) -> AnyResponse:
    """Keep the items as a new draft, and submit it at once when asked to."""
    with writing() as session:
        version = _add_version(session, programme_id, items_of(request.form))
        if "submit" in request.form:
            _step(session, versions.submit, programme_id, version.number)
    return done(f"/programmes/{programme_id}", _("Đã lưu phiên bản %(n)s", n=version.number))


@programmes_views.post("/programmes/<programme_id>/versions/<int:number>/submit")
def submit(programme_id: str, number: int) -> AnyResponse:
    """Ask for approval."""
    with writing() as session:
        _step(session, versions.submit, programme_id, number)
    return done(f"/programmes/{programme_id}", _("Đã trình duyệt"))


@programmes_views.post("/programmes/<programme_id>/versions/<int:number>/heard")
def hear(programme_id: str, number: int) -> AnyResponse | str:
    """Note that the person listened to a sound to its end."""
    sha256 = request.form.get("sha256", "")
    with writing() as session:
        _step(session, versions.hear, programme_id, number, sha256=sha256)
    if is_htmx():
        return page("programmes/_heard_mark.html", is_heard=True)
    return done(f"/programmes/{programme_id}", _("Đã ghi nhận bạn nghe hết"))


@programmes_views.post("/programmes/<programme_id>/versions/<int:number>/decide")
def decide(programme_id: str, number: int) -> AnyResponse:
    """Approve or return a version, with a note."""
    note = request.form.get("note", "")
    is_approved = request.form.get("decision") == "approve"
    with writing() as session:
        use_case = versions.approve if is_approved else versions.return_version
        _step(session, use_case, programme_id, number, note=note)
    said = _("Đã duyệt") if is_approved else _("Đã trả lại")
    return done(f"/programmes/{programme_id}", said)


@programmes_views.post("/programmes/<programme_id>/versions/<int:number>/withdraw")
def withdraw(programme_id: str, number: int) -> AnyResponse:
    """Take a version back."""
    with writing() as session:
        _step(session, versions.withdraw, programme_id, number)
    return done(f"/programmes/{programme_id}", _("Đã rút lại"))


@programmes_views.post("/programmes/<programme_id>/rename")
def rename(programme_id: str) -> AnyResponse:
    """Change title, and how it goes on after an interruption."""
    form = request.form
    values = {"title": form.get("title"), "resume": form.get("resume")}
    with writing() as session:
        _step(session, service.change_programme, programme_id, None, **values)
    return done(f"/programmes/{programme_id}", _("Đã lưu"))


@programmes_views.post("/programmes/<programme_id>/archive")
def archive(programme_id: str) -> AnyResponse:
    """End a programme."""
    with writing() as session:
        _step(session, service.archive_programme, programme_id, None)
    return done("/programmes", _("Đã lưu trữ chương trình"))


def _step(
    session: Session, use_case: Any, programme_id: str, number: int | None, **values: Any
) -> None:
    which = {"programme_id": programme_id} | ({"number": number} if number is not None else {})
    use_case(session, actor=actor(), now=now(), **which, **values)


def _add_version(session: Session, programme_id: str, items: list[dict[str, Any]]) -> Any:
    return versions.add_version(
        session, actor=actor(), programme_id=programme_id, items=items, now=now()
    )


def _sounds(session: Session, area_id: str | None = None) -> dict[str, Any]:
    """Return the sounds that a form offers, by hash, the newest first."""
    found = library.items(session, actor(), area_id=area_id, limit=LARGEST_LIMIT)
    return {"sounds": {row.sha256: row.title for row in found.rows}}


def _rights(area: Area, programme: Programme) -> dict[str, bool]:
    is_open = programme.archived_at is None
    return {
        "edit": is_open and allows(actor(), "programme.edit", area),
        "approve": is_open and allows(actor(), "programme.approve", area),
        "schedule": is_open and bool(programme.versions),
    }
