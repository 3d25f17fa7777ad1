"""Dictionaries over the JSON API: look up, add, change, remove, CSV; what waits for an entry."""

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from controller.people.access import actor, now, reading, writing
from controller.people.places import area_in_sight
from controller.pronunciation import service
from controller.pronunciation.checking import LONGEST_NOTE, LONGEST_SPOKEN, LONGEST_WRITTEN
from controller.pronunciation.exchange import MOST_BYTES, as_csv, import_entries
from controller.pronunciation.finding import entries, entry_of, own_entries_of
from controller.pronunciation.models import EntryKind
from controller.pronunciation.unread import dismiss_unread, unread_words
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
    nothing,
    page,
)

pronunciation_api = make_api("pronunciation", "Từ điển phát âm", "Dictionaries of areas")

KindName = Literal["acronym", "abbreviation", "name", "foreign_name", "minority_name"]


class EntryPath(BaseModel):
    """Which entry."""

    entry_id: Number


class UnreadPath(BaseModel):
    """Which waiting word."""

    unread_id: Number


class EntryQuery(PageQuery):
    """Which entries; with `area_id` those that hold there, its own and inherited ones."""

    area_id: Key | None = None
    search: Words = Field("", max_length=100, description="knows no accents")
    kind: KindName | None = None


class UnreadQuery(PageQuery):
    """Which waiting words; with `area_id` those of this area and below."""

    area_id: Key | None = None


class AreaQuery(BaseModel):
    """Which area."""

    area_id: Key


class EntryEdit(Asked):
    """How it is read."""

    spoken: Words = Field(max_length=LONGEST_SPOKEN, description="in words: no figures, no units")
    kind: KindName = EntryKind.ACRONYM.value
    note: Words = Field("", max_length=LONGEST_NOTE)


class EntryBody(EntryEdit):
    """A new entry; small letters are found in any case, others as they are."""

    area_id: Key
    written: Words = Field(max_length=LONGEST_WRITTEN)


class ImportBody(Asked):
    """The text of a CSV file: `written,spoken,kind,note` with that heading."""

    area_id: Key
    csv: Words = Field(max_length=MOST_BYTES)


class EntryOut(Told):
    """How an area, and what is below it, reads something."""

    id: int
    area_id: str
    written: str
    spoken: str
    kind: str
    note: str
    changed_by: str
    changed_at: datetime


class EntryPage(BaseModel):
    """One page of entries, those of the highest area first."""

    total: int
    items: list[EntryOut]


class UnreadOut(Told):
    """A word of an area's texts that could not be read, with the sentence it stood in last."""

    id: int
    area_id: str
    text: str
    count: int
    first_at: datetime
    last_at: datetime
    example: str


class UnreadPage(BaseModel):
    """One page of waiting words, the newest first."""

    total: int
    items: list[UnreadOut]


class ImportedOut(Told):
    """How many entries were added, changed, and there already."""

    added: int
    changed: int
    same: int


@pronunciation_api.get("/pronunciations", responses={200: EntryPage})
@allow("view")
def list_entries(query: EntryQuery) -> Response:
    """List the entries that count in my areas; the nearest one of a writing wins."""
    with reading() as session:
        return page(EntryOut, entries(session, actor(), **query.model_dump()))


@pronunciation_api.post("/pronunciations", responses={201: EntryOut})
@allow("pronunciation.edit")
def add_entry(body: EntryBody) -> Response:
    """Say how an area reads something."""
    with writing() as session:
        row = service.add_entry(session, actor=actor(), now=now(), **body.model_dump())
        return answer(EntryOut.model_validate(row), 201)


@pronunciation_api.get("/pronunciations/<int:entry_id>", responses={200: EntryOut})
@allow("view")
def get_entry(path: EntryPath) -> Response:
    """Show one entry."""
    with reading() as session:
        return answer(EntryOut.model_validate(entry_of(session, actor(), path.entry_id)))


@pronunciation_api.put("/pronunciations/<int:entry_id>", responses={200: EntryOut})
@allow("pronunciation.edit")
def change_entry(path: EntryPath, body: EntryEdit) -> Response:
    """Read an entry otherwise; what is written, and where it holds, never change."""
    with writing() as session:
        row = service.change_entry(
            session, actor=actor(), entry_id=path.entry_id, now=now(), **body.model_dump()
        )
        return answer(EntryOut.model_validate(row))


@pronunciation_api.delete("/pronunciations/<int:entry_id>", responses={204: None})
@allow("pronunciation.edit")
def remove_entry(path: EntryPath) -> Response:
    """Remove an entry; then the next one upward counts."""
    with writing() as session:
        service.remove_entry(session, actor=actor(), entry_id=path.entry_id, now=now())
    return nothing()


@pronunciation_api.get("/pronunciations/csv", responses={200: None})
@allow("view")
def export_entries(query: AreaQuery) -> Response:
    """Return the entries of one area itself as CSV."""
    with reading() as session:
        area = area_in_sight(session, actor(), query.area_id)
        return Response(as_csv(own_entries_of(session, area)), mimetype="text/csv")


@pronunciation_api.post("/pronunciations/csv", responses={200: ImportedOut})
@allow("pronunciation.edit")
def import_csv(body: ImportBody) -> Response:
    """Take the entries of a CSV text, all of them or none."""
    with writing() as session:
        found = import_entries(
            session, actor=actor(), area_id=body.area_id, file=body.csv.encode(), now=now()
        )
        return answer(ImportedOut.model_validate(found))


@pronunciation_api.get("/pronunciations/unread", responses={200: UnreadPage})
@allow("pronunciation.edit")
def list_unread(query: UnreadQuery) -> Response:
    """List what my areas' texts held that nobody has taught us to read."""
    with reading() as session:
        return page(UnreadOut, unread_words(session, actor(), **query.model_dump()))


@pronunciation_api.delete("/pronunciations/unread/<int:unread_id>", responses={204: None})
@allow("pronunciation.edit")
def dismiss_word(path: UnreadPath) -> Response:
    """Take a word off the list; it comes back when a text holds it again."""
    with writing() as session:
        dismiss_unread(session, actor=actor(), unread_id=path.unread_id, now=now())
    return nothing()
