"""An alert as the pages show it: what it says, where, what waits, what the person may do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.content import Content, stored_content
from controller.emergencies.models import Alert, AlertRevision, AlertState
from controller.emergencies.service import current_revision, newest_revision, pending_revision
from controller.people.rights import Actor, allows
from wire.alert import Target

NAMED = 4


@dataclass(frozen=True, slots=True)
class Where:
    """Where an alert is for, in names; a page joins them in the person's language."""

    areas: tuple[str, ...]
    more: int
    shapes: int
    exceptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert: the text that sounds (else the newest), and a text that waits for its release."""

    alert: Alert
    revision: AlertRevision
    waiting: AlertRevision | None
    content: Content
    where: Where
    speaker: Area
    may_draft: bool
    may_fire: bool
    may_release: bool
    may_cancel: bool

    @property
    def is_active(self) -> bool:
        """Return whether it is in force now."""
        return self.alert.state == AlertState.RELEASED

    @property
    def phase(self) -> str:
        """Return where its life stands, in a word."""
        return phase_of(self.alert)

    @property
    def is_sent(self) -> bool:
        """Return whether any text of it ever went out."""
        return self.alert.released_at is not None


def shown(session: Session, actor: Actor, alert: Alert) -> Shown:
    """Return an alert that the actor sees, as pages show it."""
    revision = current_revision(alert) or newest_revision(alert)
    speaker = find_area(session, alert.area_id)
    content = stored_content(revision.content)
    return Shown(
        alert=alert,
        revision=revision,
        waiting=pending_revision(alert),
        content=content,
        where=where(session, content.target),
        speaker=speaker,
        may_draft=allows(actor, "alert.draft", speaker),
        may_fire=allows(actor, "alert.fire", speaker),
        may_release=allows(actor, "alert.release", speaker),
        may_cancel=allows(actor, "alert.cancel", speaker),
    )


def phase_of(alert: Alert) -> str:
    """Return a word that changes when an alert comes to another phase of its life."""
    newest = newest_revision(alert)
    return f"{alert.state}.{newest.number}.{newest.state}"


def all_shown(session: Session, actor: Actor, alerts: Iterable[Alert]) -> tuple[Shown, ...]:
    """Return several alerts as pages show them, in the same order."""
    return tuple(shown(session, actor, alert) for alert in alerts)


def where(session: Session, target: Target) -> Where:
    """Return the names of a target, the first four of its areas."""
    areas = names(session, target.areas)
    return Where(
        areas=areas[:NAMED],
        more=max(0, len(areas) - NAMED),
        shapes=len(target.shapes),
        exceptions=names(session, target.exceptions),
    )


def names(session: Session, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the names of areas, each after its parent."""
    return tuple(session.scalars(select(Area.name).where(Area.id.in_(ids)).order_by(Area.path)))
