"""Listen before send: the sounds of an alert or template, and who must have heard them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from controller.emergencies.errors import NotHeard
from controller.errors import Missing
from controller.library import hearing
from controller.people.rights import Actor

heard = hearing.heard


def note_hearing(
    session: Session,
    *,
    actor: Actor,
    about: str,
    audio: Mapping[str, Any],
    sha256: str,
    now: datetime,
) -> None:
    """Note that a person listened to one sound (`audio` by language) of an alert or template.

    Twice is once. Raises Missing for a sound that does not belong to it, OnlyPeopleListen.
    """
    if sha256 not in {one["sha256"] for one in audio.values()}:
        raise Missing(what="bản đọc | sound", id=sha256[:64])
    hearing.note_hearing(session, actor=actor, about=about, sha256=sha256, now=now)


def require_heard(session: Session, actor: Actor, about: str, audio: Mapping[str, Any]) -> None:
    """Raise NotHeard unless the actor listened to every language of it."""
    known = heard(session, actor, about)
    missing = [language for language, one in audio.items() if one["sha256"] not in known]
    if missing:
        raise NotHeard(languages=", ".join(missing))
