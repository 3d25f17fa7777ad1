"""Listen before send: who heard which sound to its end, by its hash.

What `about` is (an alert, a template, a programme) and which sounds belong to it is the business
of the subject that asks: it checks that before it calls `note_hearing`.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.errors import Forbidden
from controller.library.models import Hearing
from controller.people.rights import Actor


class OnlyPeopleListen(Forbidden):
    """A terminal or the system itself has no ears that could be held to account."""

    code = "only_people"
    vi = "Chỉ người có tài khoản riêng mới nghe duyệt được"
    en = "Only a person with an own account can listen for an approval"


def note_hearing(session: Session, *, actor: Actor, about: str, sha256: str, now: datetime) -> None:
    """Note that a person listened to a sound to its end. Twice is once. Raises OnlyPeopleListen."""
    if actor.person_id is None:
        raise OnlyPeopleListen(action="nghe duyệt", area="-")
    if session.get(Hearing, (actor.person_id, sha256, about)) is None:
        session.add(
            Hearing(
                person_id=actor.person_id, sha256=sha256, about=about, login=actor.login, at=now
            )
        )
        session.flush()


def heard(session: Session, actor: Actor, about: str) -> frozenset[str]:
    """Return the hashes of what the actor listened to of an alert, template or programme."""
    rows = select(Hearing.sha256).where(
        Hearing.person_id == actor.person_id, Hearing.about == about
    )
    return frozenset(session.scalars(rows))
