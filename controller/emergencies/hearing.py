"""Listen before send: who heard which sound, by its hash."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.emergencies.errors import NotHeard, OnlyPeople
from controller.emergencies.models import AlertHearing
from controller.errors import Missing
from controller.people.rights import Actor


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

    Twice is once. Raises Missing for a sound that does not belong to it, OnlyPeople.
    """
    if sha256 not in {one["sha256"] for one in audio.values()}:
        raise Missing(what="bản đọc | sound", id=sha256[:64])
    if actor.person_id is None:
        raise OnlyPeople(action="nghe duyệt", area="-")
    key = (actor.person_id, sha256, about)
    if session.get(AlertHearing, key) is None:
        session.add(
            AlertHearing(
                person_id=actor.person_id, sha256=sha256, about=about, login=actor.login, at=now
            )
        )
        session.flush()


def heard(session: Session, actor: Actor, about: str) -> frozenset[str]:
    """Return the hashes of what the actor listened to of an alert or template."""
    rows = select(AlertHearing.sha256).where(
        AlertHearing.person_id == actor.person_id, AlertHearing.about == about
    )
    return frozenset(session.scalars(rows))


def require_heard(session: Session, actor: Actor, about: str, audio: Mapping[str, Any]) -> None:
    """Raise NotHeard unless the actor listened to every language of it."""
    known = heard(session, actor, about)
    missing = [language for language, one in audio.items() if one["sha256"] not in known]
    if missing:
        raise NotHeard(languages=", ".join(missing))
