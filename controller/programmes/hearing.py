"""Listen before approval: what a machine speaks in a version must be heard by who approves it.

A recording is a person's own word, and music nobody has to sit through: neither is asked for. A
voice of a machine may misread, so nobody lets it out unheard. What counts is the hash: the audio
that airs is the audio that was heard. Heard once, it is heard for every version of the programme.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.errors import Missing
from controller.library import hearing
from controller.library.models import LibraryItem
from controller.people.rights import Actor
from controller.programmes.errors import NotHeard
from controller.programmes.models import Programme, ProgrammeVersion


@dataclass(frozen=True, slots=True)
class SpokenSound:
    """A sound of a version that a machine speaks: its text, and whether the person heard it."""

    sha256: str
    title: str
    text: str
    is_heard: bool


def spoken_sounds(
    session: Session, actor: Actor, version: ProgrammeVersion
) -> tuple[SpokenSound, ...]:
    """Return what a machine speaks in a version, in its order; fallbacks of relays too.

    Titles and texts are those of the programme's own library and of the ones above it.
    """
    wanted = tuple(dict.fromkeys(_sounds_in(version.items)))
    libraries = find_area(session, version.programme.area_id).chain
    rows = select(LibraryItem).where(
        LibraryItem.sha256.in_(wanted),
        LibraryItem.voice != "",
        LibraryItem.area_id.in_(libraries),
    )
    spoken = {row.sha256: row for row in session.scalars(rows.order_by(LibraryItem.id.desc()))}
    known = hearing.heard(session, actor, version.programme_id)
    return tuple(
        SpokenSound(sha256, spoken[sha256].title, spoken[sha256].text, sha256 in known)
        for sha256 in wanted
        if sha256 in spoken
    )


def note_hearing(
    session: Session,
    *,
    actor: Actor,
    programme: Programme,
    version: ProgrammeVersion,
    sha256: str,
    now: datetime,
) -> None:
    """Note that a person listened to a sound of a version to its end. Twice is once.

    Raises Missing for what no machine speaks in it, OnlyPeopleListen.
    """
    if sha256 not in {sound.sha256 for sound in spoken_sounds(session, actor, version)}:
        raise Missing(what="bản đọc | sound", id=sha256[:64])
    hearing.note_hearing(session, actor=actor, about=programme.id, sha256=sha256, now=now)


def require_heard(session: Session, actor: Actor, version: ProgrammeVersion) -> list[str]:
    """Return the hashes of what a machine speaks, or raise NotHeard with the titles not heard."""
    sounds = spoken_sounds(session, actor, version)
    if missing := [sound.title for sound in sounds if not sound.is_heard]:
        raise NotHeard(titles="; ".join(f"“{title}”" for title in missing))
    return [sound.sha256 for sound in sounds]


def _sounds_in(items: list[Mapping[str, Any]]) -> Iterator[str]:
    for item in items:
        for name in ("sha256", "fallback"):
            if item.get(name):
                yield item[name]
