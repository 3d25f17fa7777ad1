"""The library over the JSON API: upload, speak, list, archive."""

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from flask import Flask, Response, current_app
from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.library import service
from controller.library.models import Asset, LibraryItem
from controller.library.reading import FASTEST, HIGHEST, SLOWEST, reading_of
from controller.library.speech import Reader
from controller.library.store import AssetStore
from controller.listing import Listing
from controller.people.access import actor, now, reading, writing
from controller.pronunciation import bulletin
from controller.pronunciation.checking import LONGEST_SPOKEN, LONGEST_WRITTEN
from controller.pronunciation.noting import unread_notes
from controller.web.api import (
    Asked,
    FormWords,
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

library_api = make_api("library", "Thư viện âm thanh", "Sound library")

NAME = "truyenthanh.library"
KindName = Literal["bulletin", "music", "chime", "jingle", "spot"]


@dataclass(frozen=True, slots=True)
class LibraryParts:
    """What the library's routes need."""

    store: AssetStore
    reader: Reader
    target_lufs: float


def install_library(app: Flask, parts: LibraryParts) -> None:
    """Give the parts to an app that registers `library_api`."""
    app.extensions[NAME] = parts


class ItemPath(BaseModel):
    """Which item."""

    item_id: Number


class ItemQuery(PageQuery):
    """Which items; with `area_id` those that this area can use."""

    area_id: Key | None = None
    kind: KindName | None = None
    search: Words = ""
    archived: bool = False


class UploadForm(BaseModel):
    """A sound from outside: WAV, MP3, M4A, OGG, Opus or FLAC, whatever its name says."""

    file: FileStorage
    area_id: FormWords
    title: FormWords
    kind: FormWords


class OwnReading(Asked):
    """How one thing is read in this bulletin alone."""

    written: Words = Field(max_length=LONGEST_WRITTEN)
    spoken: Words = Field(max_length=LONGEST_SPOKEN)


class BulletinBody(Asked):
    """A text to be spoken; voice, speed and pitch are those of the area unless said otherwise.

    `pronunciations` count in it alone, before every dictionary.
    """

    area_id: Key
    title: Words = Field(max_length=300)
    text: Words = Field(max_length=service.LONGEST_TEXT)
    voice: Words | None = None
    speed: int | None = Field(None, ge=SLOWEST, le=FASTEST, description="words a minute")
    pitch: int | None = Field(None, ge=0, le=HIGHEST)
    pronunciations: list[OwnReading] = Field([], max_length=bulletin.MOST)


class ItemOut(Told):
    """An item; the sound itself is at `/audio/{sha256}`."""

    id: int
    area_id: str
    sha256: str
    kind: str
    title: str
    text: str
    voice: str
    pronunciations: list[dict[str, str]]
    language: str
    original_name: str
    created_by: str
    created_at: datetime
    archived_at: datetime | None


class SoundOut(Told):
    """What is known of the sound; `peaks` are 0..1 of full scale over its whole length."""

    bytes: int
    duration_ms: int
    codec: str
    input_lufs: float | None
    output_lufs: float | None
    true_peak_dbtp: float | None
    peaks: list[float]


class ItemDetail(ItemOut):
    """An item with its sound."""

    sound: SoundOut


class ItemPage(BaseModel):
    """One page of items."""

    total: int
    items: list[ItemOut]


class VoiceOut(Told):
    """A voice that can speak bulletins."""

    id: str
    vi: str
    en: str


class VoicePage(BaseModel):
    """All voices, the default one first."""

    total: int
    items: list[VoiceOut]


@library_api.get("/library", responses={200: ItemPage})
@allow("view")
def list_items(query: ItemQuery) -> Response:
    """List the sounds I can see, newest first."""
    with reading() as session:
        found = service.items(session, actor(), **query.model_dump())
        return page(ItemOut, found)


@library_api.post("/library", responses={201: ItemDetail})
@allow("library.edit", takes_upload=True)
def upload_item(form: UploadForm) -> Response:
    """Upload a sound; it is checked, levelled and encoded before the answer comes."""
    parts = _parts()
    _check(form.area_id, form.title, form.kind)
    with tempfile.NamedTemporaryFile() as file:
        form.file.save(file)
        file.flush()
        with writing() as session:
            item = service.add_upload(
                session,
                parts.store,
                Path(file.name),
                actor=actor(),
                area_id=form.area_id,
                title=form.title,
                kind=form.kind,
                original_name=form.file.filename or "",
                now=now(),
                target_lufs=parts.target_lufs,
            )
            return answer(_detail(session, item), 201)


@library_api.post("/library/bulletins", responses={201: ItemDetail})
@allow("library.edit")
def speak_bulletin(body: BulletinBody) -> Response:
    """Let a voice read a text, and keep it as a bulletin."""
    parts = _parts()
    _check(body.area_id, body.title, service.Kind.BULLETIN)
    own = bulletin.own_entries((one.written, one.spoken) for one in body.pronunciations)
    with reading() as session:
        found = reading_of(session, find_area(session, body.area_id))
    chosen = body.model_dump(include={"voice", "speed", "pitch"}, exclude_none=True)
    with writing() as session:
        item = service.speak_bulletin(
            session,
            parts.store,
            parts.reader,
            actor=actor(),
            area_id=body.area_id,
            title=body.title,
            text=body.text,
            reading=replace(found, manner=replace(found.manner, **chosen)),
            own=own,
            tell=unread_notes().of(body.area_id, now()),
            now=now(),
            target_lufs=parts.target_lufs,
        )
        return answer(_detail(session, item), 201)


@library_api.get("/library/<int:item_id>", responses={200: ItemDetail})
@allow("view")
def get_item(path: ItemPath) -> Response:
    """Show one item with its sound."""
    with reading() as session:
        return answer(_detail(session, service.item_of(session, actor(), path.item_id)))


@library_api.delete("/library/<int:item_id>", responses={200: ItemOut})
@allow("library.edit")
def archive_item(path: ItemPath) -> Response:
    """Archive an item; programmes that have it keep playing it."""
    with writing() as session:
        item = service.archive_item(session, actor=actor(), item_id=path.item_id, now=now())
        return answer(ItemOut.model_validate(item))


@library_api.get("/voices", responses={200: VoicePage})
@allow("view")
def list_voices() -> Response:
    """List the voices that can read bulletins."""
    voices = _parts().reader.voices()
    return page(VoiceOut, Listing(voices, len(voices)))


def _parts() -> LibraryParts:
    parts: LibraryParts = current_app.extensions[NAME]
    return parts


def _check(area_id: str, title: str, kind: str) -> None:
    with reading() as session:
        service.check_new_item(session, actor(), area_id, title, kind)


def _detail(session: Session, item: LibraryItem) -> ItemDetail:
    sound = SoundOut.model_validate(session.get_one(Asset, item.sha256))
    return ItemDetail(**ItemOut.model_validate(item).model_dump(), sound=sound)
