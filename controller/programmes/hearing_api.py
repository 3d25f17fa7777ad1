"""What an approver must have heard, over the JSON API."""

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from controller.people.access import actor, now, reading, writing
from controller.programmes import versions
from controller.programmes.hearing import spoken_sounds
from controller.programmes.models import ProgrammeVersion
from controller.web.api import Asked, Key, Number, Told, allow, answer, make_api

hearings_api = make_api("hearings", "Nghe duyệt", "Listening before approval")


class SoundsPath(BaseModel):
    """Which version of which programme."""

    programme_id: Key
    number: Number


class HeardBody(Asked):
    """The hash of the sound that was listened to, to its end."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class SpokenOut(Told):
    """A sound that a machine speaks; listen to it at `/audio/{sha256}`."""

    sha256: str
    title: str
    text: str
    is_heard: bool


class SpokenList(BaseModel):
    """All that a machine speaks in a version; `is_heard` is about who asks."""

    total: int
    items: list[SpokenOut]


@hearings_api.get(
    "/programmes/<programme_id>/versions/<int:number>/spoken", responses={200: SpokenList}
)
@allow("view")
def list_spoken(path: SoundsPath) -> Response:
    """List what a machine speaks in a version, and what of it I have heard."""
    with reading() as session:
        found = versions.version_of(session, actor(), path.programme_id, path.number)
        return _answer(session, found)


@hearings_api.post(
    "/programmes/<programme_id>/versions/<int:number>/heard", responses={200: SpokenList}
)
@allow("programme.approve")
def hear_version(path: SoundsPath, body: HeardBody) -> Response:
    """Say that I listened to a sound of this version."""
    with writing() as session:
        heard = versions.hear(
            session, actor=actor(), sha256=body.sha256, now=now(), **path.model_dump()
        )
        return _answer(session, heard)


def _answer(session: Session, version: ProgrammeVersion) -> Response:
    items = [SpokenOut.model_validate(sound) for sound in spoken_sounds(session, actor(), version)]
    return answer(SpokenList(total=len(items), items=items))
