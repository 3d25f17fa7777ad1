"""An alert as the pages show it: what it says now, where, what waits for somebody, what one may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies.content import Content, stored_content
from controller.emergencies.models import Alert, AlertRevision, AlertState, RevisionState
from controller.people.rights import Actor, allows
from wire.alert import Circle, Target

OPEN = frozenset({RevisionState.DRAFTED, RevisionState.AWAITING, RevisionState.COUNTING})
NAMED = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is for, in names; a page joins them in the person's language."""

    areas: tuple[str, ...]
    more: int
    circles: int
    polygons: int
    exceptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert with its newest text that went out (or its only one) and a newer one that waits."""

    alert: Alert
    revision: AlertRevision
    waiting: AlertRevision | None
    content: Content
    place: Place
    speaker: Area
    may_release: bool
    may_cancel: bool
    may_draft: bool

    @property
    def is_active(self) -> bool:
        """Return whether it is in force now."""
        return self.alert.state == AlertState.RELEASED

    @property
    def is_sent(self) -> bool:
        """Return whether any text of it ever went out."""
        return self.alert.released_at is not None


def shown(session: Session, actor: Actor, alert: Alert) -> Shown:
    """Return an alert that the actor sees, as pages show it."""
    sent = [one for one in alert.revisions if one.state == RevisionState.RELEASED]
    newest = alert.revisions[-1]
    revision = sent[-1] if sent else newest
    speaker = session.get_one(Area, alert.area_id)
    content = stored_content(revision.content)
    return Shown(
        alert=alert,
        revision=revision,
        waiting=newest if newest is not revision and newest.state in OPEN else None,
        content=content,
        place=place_of(session, content.target),
        speaker=speaker,
        may_release=allows(actor, "alert.release", speaker),
        may_cancel=allows(actor, "alert.cancel", speaker),
        may_draft=allows(actor, "alert.draft", speaker),
    )


def place_of(session: Session, target: Target) -> Place:
    """Return the names of a target, the first four of its areas."""
    areas = _names(session, target.areas)
    circles = sum(isinstance(shape, Circle) for shape in target.shapes)
    return Place(
        areas=areas[:NAMED],
        more=max(0, len(areas) - NAMED),
        circles=circles,
        polygons=len(target.shapes) - circles,
        exceptions=_names(session, target.exceptions),
    )


def _names(session: Session, ids: Sequence[str]) -> tuple[str, ...]:
    rows = session.scalars(select(Area.name).where(Area.id.in_(ids)).order_by(Area.path))
    return tuple(rows)
