"""What a release would need, before anything is written: the rules, asked about a draft."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.desk.hears import NOBODY, Hears, hears
from controller.desk.shown import Where, where
from controller.emergencies.content import Draft
from controller.emergencies.drafting import Look, look
from controller.emergencies.errors import NobodyHears
from controller.emergencies.models import Alert, AlertRevision
from controller.emergencies.rules import WHY, Needs, needs_of
from controller.people.rights import Actor, allows
from controller.web.i18n import word


@dataclass(frozen=True, slots=True)
class Ahead:
    """A draft that was looked at; `looked` and `needs` are None where nobody would hear it."""

    hears: Hears
    where: Where | None = None
    looked: Look | None = None
    needs: Needs | None = None
    may_release: bool = False

    @property
    def seen(self) -> str:
        """Return what was confirmed on the page: another place or number needs another look."""
        return (
            f"{self.looked.resolved.publish_area_id}:{self.hears.clusters}" if self.looked else ""
        )


def ahead(session: Session, actor: Actor, draft: Draft, now: datetime, zone: str) -> Ahead:
    """Look at a draft; raises what `look` raises, but for nobody who hears."""
    try:
        looked = look(session, actor, draft, now, zone)
    except NobodyHears:
        return Ahead(NOBODY)
    alert, revision = _unwritten(looked)
    needs = needs_of(session, alert, revision, actor, now)
    return Ahead(
        hears=hears(session, looked.resolved.places),
        where=where(session, looked.content.target),
        looked=looked,
        needs=needs,
        may_release=may_release(session, actor, looked.area_id, needs),
    )


def may_release(session: Session, actor: Actor, area_id: str, needs: Needs) -> bool:
    """Return whether the actor's confirmation counts; operators fire what is pre-authorised."""
    area = find_area(session, area_id)
    is_ready = needs.people == 1 and needs.is_preauthorised
    return allows(actor, "alert.fire" if is_ready else "alert.release", area)


def reasons(needs: Needs, area: str) -> list[str]:
    """Return why so many people are needed, in words."""
    return [word(WHY[code]).format(area=area) for code in needs.why]


def _unwritten(looked: Look) -> tuple[Alert, AlertRevision]:
    """Return rows as drafting would write them; they are never added to a session."""
    content = looked.content
    alert = Alert(
        id="",
        area_id=looked.area_id,
        publish_area_id=looked.resolved.publish_area_id,
        status=content.status,
        hazard=content.hazard,
        level=content.level,
        template_id=looked.template.id if looked.template else None,
    )
    revision = AlertRevision(
        number=1,
        content=looked.content.stored(),
        is_prepared=looked.is_prepared,
        template_version=looked.template.version if looked.template else None,
    )
    return alert, revision
