"""Pages of the library: list, listen, upload or record, bulletins from a text."""

import tempfile
from dataclasses import replace
from pathlib import Path

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.library import service
from controller.library.models import Asset
from controller.library.preview_views import chosen, manner_in, own_in
from controller.library.reading import reading_of
from controller.library.reading_views import offered_voices
from controller.library.work import spoken, uploaded
from controller.library.workshop import Work, workshop
from controller.people.access import access, actor, now, reading, writing
from controller.people.places import places
from controller.people.rights import require
from controller.pronunciation.bulletin import lines_of
from controller.pronunciation.noting import unread_notes
from controller.web.page import PAGE_SIZE, done, is_htmx, offset, page

library_views = Blueprint("library", __name__, template_folder="templates")

KINDS = tuple(service.Kind)


@library_views.get("/library")
def library() -> str:
    """List the sounds that one can see."""
    query, kind = request.args, request.args.get("kind") or None
    with reading() as session:
        found = service.items(
            session,
            actor(),
            kind=kind,
            search=query.get("search", ""),
            archived="archived" in query,
            limit=PAGE_SIZE,
            offset=offset(),
        )
        lengths = {row.sha256: session.get(Asset, row.sha256) for row in found.rows}
        areas = {row.area_id: session.get_one(Area, row.area_id) for row in found.rows}
        return page("library/list.html", found=found, sounds=lengths, areas=areas, kinds=KINDS)


@library_views.get("/library/<int:item_id>")
def item(item_id: int) -> str:
    """Show one sound, to listen to."""
    with reading() as session:
        found = service.item_of(session, actor(), item_id)
        sound, area = session.get_one(Asset, found.sha256), session.get_one(Area, found.area_id)
        return page("library/item.html", item=found, sound=sound, area=area)


@library_views.post("/library/<int:item_id>/archive")
def archive(item_id: int) -> AnyResponse:
    """Offer a sound no longer."""
    with writing() as session:
        service.archive_item(session, actor=actor(), item_id=item_id, now=now())
    return done("/library", _("Đã cất vào kho lưu trữ"))


@library_views.get("/library/upload")
def upload() -> str:
    """Ask for a file or a recording."""
    with reading() as session:
        areas = places(session, actor(), "library.edit")
        return page("library/upload.html", areas=areas, kinds=KINDS)


@library_views.post("/library/upload")
def upload_post() -> AnyResponse | str:
    """Take a file, and work on it while the page shows the progress."""
    form, file = request.form, request.files.get("file")
    area_id, title, kind = form.get("area_id", ""), form.get("title", ""), form.get("kind", "")
    with reading() as session:
        service.check_new_item(session, actor(), area_id, title, kind)
    kept = Path(tempfile.mkstemp(prefix="tt-upload-")[1])
    if file is not None:
        file.save(kept)
    values = {"area_id": area_id, "title": title, "kind": kind, "actor": actor(), "now": now()}
    name = file.filename or "" if file is not None else ""
    return _begun(title, uploaded(access().sessions, workshop(), kept, name, values))


@library_views.get("/library/bulletin")
def bulletin() -> str:
    """Ask for the text of a bulletin; `item` is one whose words are to be corrected."""
    number = request.args.get("item", type=int)
    with reading() as session:
        areas = places(session, actor(), "library.edit")
        old = service.item_of(session, actor(), number) if number else None
        own = lines_of(old.pronunciations) if old else ""
    return page("library/bulletin.html", areas=areas, voices=offered_voices(), old=old, own=own)


@library_views.post("/library/bulletin")
def bulletin_post() -> AnyResponse | str:
    """Let a voice read a text, and keep it."""
    form = request.form
    area_id, title = form.get("area_id", ""), form.get("title", "")
    with reading() as session:
        service.check_new_item(session, actor(), area_id, title, service.Kind.BULLETIN)
        read = reading_of(session, find_area(session, area_id))
        read = replace(read, manner=manner_in(form, read))
    values = {"area_id": area_id, "title": title, "actor": actor(), "now": now()}
    values |= {"text": form.get("text", ""), "reading": read, "own": own_in(form)}
    values |= {"tell": unread_notes().of(area_id, now())}
    return _begun(title, spoken(access().sessions, workshop(), values), service.SPOKEN_AT)


@library_views.post("/library/bulletin/listen")
def listen() -> Response:
    """Return a text as a voice would read it, without keeping it."""
    text = request.form.get("text", "")[: service.LONGEST_TEXT]
    with reading() as session:
        area = find_area(session, request.form.get("area_id", ""))
        require(actor(), "library.edit", area)
        read = chosen(request.form, reading_of(session, area))
    in_words = read.telling(unread_notes().of(area.id, now()))
    wav = workshop().reader.read(text, read.manner, normalise=in_words)
    return Response(wav, mimetype="audio/wav")


@library_views.get("/library/jobs/<job_id>")
def job(job_id: str) -> AnyResponse | str:
    """Show how far a sound is; when it is there, go to it."""
    found = workshop().job(actor().login, job_id)
    if found.error is not None:
        raise found.error
    if found.item_id is not None:
        return done(f"/library/{found.item_id}", _("Đã thêm vào thư viện"))
    return page("library/_job.html" if is_htmx() else "library/job.html", job=found)


def _begun(title: str, work: Work, spoken_at: float = 0.0) -> AnyResponse | str:
    begun = workshop().begin(actor().login, title, work, spoken_at)
    if not is_htmx():
        return done(f"/library/jobs/{begun.id}")
    return page("library/_job.html", job=begun)
