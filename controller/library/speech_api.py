"""How texts are read aloud, over the JSON API: what an area chose, previews, single sentences."""

from dataclasses import replace
from typing import Literal

from flask import Response, current_app
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.library.api import NAME, LibraryParts
from controller.library.preview import Line, Piece, preview_of
from controller.library.preview_views import telling
from controller.library.reading import (
    FASTEST,
    HIGHEST,
    SLOWEST,
    effective_parts,
    own_reading,
    reading_of,
    set_reading,
)
from controller.library.sentences import LONGEST_SENTENCE
from controller.library.service import LONGEST_TEXT, speak_sentence
from controller.people.access import actor, now, reading, writing
from controller.people.places import area_in_sight
from controller.speech import SpeechWarning
from controller.web.api import Asked, Key, Told, Words, allow, answer, make_api
from controller.web.words import WORDS

speech_api = make_api("speech", "Cách đọc", "Reading aloud")

Speed = Field(None, ge=SLOWEST, le=FASTEST, description="words a minute")
Pitch = Field(None, ge=0, le=HIGHEST)


class AreaPath(BaseModel):
    """Which area."""

    area_id: Key


class ReadingBody(Asked):
    """Parts of an area's reading; null takes a part from the area above."""

    voice: Key | None = None
    speed: int | None = Speed
    pitch: int | None = Pitch
    region: Literal["north", "central", "south"] | None = None
    thousand: Literal["nghìn", "ngàn"] | None = None
    empty_tens: Literal["linh", "lẻ"] | None = None
    early_day: Literal["mùng", "mồng"] | None = None


class PreviewBody(Asked):
    """A text, and the area whose dictionaries and words count."""

    area_id: Key
    text: Words = Field(max_length=LONGEST_TEXT)


class SentenceBody(Asked):
    """A sentence as a preview returned it, in words; without `voice` the area's own speaks."""

    area_id: Key
    spoken: Words = Field(max_length=LONGEST_SENTENCE)
    voice: Key | None = None


class PartsOut(Told):
    """What decides how a text sounds; null where nothing is set."""

    voice: str | None
    speed: int | None
    pitch: int | None
    region: str | None
    thousand: str | None
    empty_tens: str | None
    early_day: str | None


class ReadingOut(BaseModel):
    """What holds in an area, and what of it the area itself sets."""

    area_id: str
    effective: PartsOut
    own: PartsOut


class PieceOut(Told):
    """A stretch of a sentence, written and spoken; `rule` changed it, `doubt` wants a person."""

    written: str
    spoken: str
    rule: str
    rule_vi: str
    rule_en: str
    doubt: str


class LineOut(BaseModel):
    """One sentence as it will be spoken."""

    number: int
    spoken: str
    pieces: list[PieceOut]


class WarningOut(BaseModel):
    """Something that a person must look at, by its place in `written`."""

    doubt: str
    text: str
    start: int
    end: int
    vi: str
    en: str


class PreviewOut(BaseModel):
    """A text, written (in Unicode's composed form) and as it is spoken."""

    written: str
    spoken: str
    lines: list[LineOut]
    warnings: list[WarningOut]


@speech_api.get("/areas/<area_id>/reading", responses={200: ReadingOut})
@allow("view")
def get_reading(path: AreaPath) -> Response:
    """Show how texts are read in an area."""
    with reading() as session:
        return answer(_reading(session, area_in_sight(session, actor(), path.area_id)))


@speech_api.put("/areas/<area_id>/reading", responses={200: ReadingOut})
@allow("area.policy")
def change_reading(path: AreaPath, body: ReadingBody) -> Response:
    """Change voice, speed, pitch or words; what is not named stays."""
    voices = {voice.id for voice in _parts().reader.voices()}
    changes = body.model_dump(exclude_unset=True)
    with writing() as session:
        set_reading(
            session, actor=actor(), area_id=path.area_id, voices=voices, now=now(), **changes
        )
        return answer(_reading(session, area_in_sight(session, actor(), path.area_id)))


@speech_api.post("/speech/preview", responses={200: PreviewOut})
@allow("view")
def preview_speech(body: PreviewBody) -> Response:
    """Show what will be spoken for a text, and why; what is not known waits in the dictionary."""
    with reading() as session:
        area = area_in_sight(session, actor(), body.area_id)
        read = reading_of(session, area)
    spoken = read.normalised(body.text)
    if (tell := telling(area)) is not None:
        tell(spoken)
    shown = preview_of(spoken)
    return answer(
        PreviewOut(
            written=spoken.written,
            spoken=spoken.text,
            lines=[_line(line) for line in shown.lines],
            warnings=[_warning(warning) for warning in spoken.warnings],
        )
    )


@speech_api.post("/speech/sentences", responses={200: {"content": {"audio/wav": {}}}})
@allow("view")
def speak_one_sentence(body: SentenceBody) -> Response:
    """Speak one sentence of a preview; the answer is a WAV."""
    with reading() as session:
        read = reading_of(session, area_in_sight(session, actor(), body.area_id))
    manner = replace(read.manner, voice=body.voice or read.manner.voice)
    wav = speak_sentence(_parts().reader, body.spoken, manner)
    return Response(wav, mimetype="audio/wav")


def _parts() -> LibraryParts:
    parts: LibraryParts = current_app.extensions[NAME]
    return parts


def _reading(session: Session, area: Area) -> ReadingOut:
    return ReadingOut(
        area_id=area.id,
        effective=PartsOut(**effective_parts(session, area)),
        own=PartsOut(**own_reading(session, area)),
    )


def _line(line: Line) -> LineOut:
    pieces = [_piece(piece) for piece in line.pieces]
    return LineOut(number=line.number, spoken=line.spoken, pieces=pieces)


def _piece(piece: Piece) -> PieceOut:
    vi, en = WORDS["spoken_rule"].get(piece.rule, ("", ""))
    return PieceOut(
        written=piece.written,
        spoken=piece.spoken,
        rule=piece.rule,
        rule_vi=vi,
        rule_en=en,
        doubt=piece.doubt,
    )


def _warning(warning: SpeechWarning) -> WarningOut:
    return WarningOut(
        doubt=warning.doubt,
        text=warning.text,
        start=warning.start,
        end=warning.end,
        vi=warning.sentence("vi"),
        en=warning.sentence("en"),
    )
