"""Finding alerts: those of the actor's own areas, and released ones that sound there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.errors import AlertMissing, RevisionMissing
from controller.emergencies.models import Alert, AlertRevision, AlertState, RevisionState
from controller.errors import Conflict
from controller.listing import Listing, above, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require

NAME = "emergencies"
"""What wakes the sender (`wake.ask`)."""
OPEN = frozenset({RevisionState.DRAFTED, RevisionState.AWAITING, RevisionState.COUNTING})
STATE_NAMES = {
    AlertState.DRAFTED: ("bản nháp", "a draft"),
    AlertState.AWAITING: ("đang chờ duyệt", "awaiting its release"),
    AlertState.COUNTING: ("đang đếm ngược", "about to go out"),
    AlertState.RELEASED: ("đã phát", "released"),
    AlertState.CANCELLED: ("đã hủy", "cancelled"),
    AlertState.ENDED: ("đã kết thúc", "ended"),
    AlertState.WITHDRAWN: ("đã rút lại", "withdrawn"),
}

Owner = aliased(Area, name="owner")
Published = aliased(Area, name="published")


def alert_of(session: Session, actor: Actor, alert_id: str) -> Alert:
    """Return an alert that the actor can see, else AlertMissing."""
    found = session.scalar(_rows().where(Alert.id == alert_id, _in_sight(actor)))
    if found is None:
        raise AlertMissing(id=alert_id)
    return found


def alerts(
    session: Session,
    actor: Actor,
    *,
    state: str | None = None,
    status: str | None = None,
    area_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[Alert]:
    """Return what the actor can see, newest first; with `area_id` what was published below it."""
    rows = _rows().where(_in_sight(actor))
    if state is not None:
        rows = rows.where(Alert.state == state)
    if status is not None:
        rows = rows.where(Alert.status == status)
    if area_id is not None:
        rows = rows.where(Published.path.startswith(find_area(session, area_id).path))
    return listing(session, rows.order_by(Alert.created_at.desc(), Alert.id), limit, offset)


def areas_seen(session: Session, actor: Actor, alert: Alert) -> frozenset[str] | None:
    """Return the ids of the areas whose clusters the actor may see; None when that is all of them.

    An alert from above concerns neighbours too: their clusters are nobody's business here.
    """
    tops = paths_for(actor, "view")
    published = find_area(session, alert.publish_area_id)
    if any(published.path.startswith(top) for top in tops):
        return None
    return frozenset(session.scalars(select(Area.id).where(below(Area.path, tops))))


def active_alerts(session: Session, actor: Actor) -> tuple[Alert, ...]:
    """Return what is in force or on its way where the actor can see it, newest first."""
    states = (AlertState.RELEASED, AlertState.COUNTING, AlertState.AWAITING)
    rows = _rows().where(_in_sight(actor), Alert.state.in_(states))
    return tuple(session.scalars(rows.order_by(Alert.created_at.desc(), Alert.id)))


def open_alert(session: Session, actor: Actor, alert_id: str, action: str) -> Alert:
    """Return an alert that the actor may do this to, locked until the end of the transaction.

    The right is needed where the alert's owner stands: a commune stops nothing of the district's.
    """
    alert = alert_of(session, actor, alert_id)
    require(actor, action, find_area(session, alert.area_id))
    session.refresh(alert, with_for_update=True)
    session.expire(alert, ["revisions"])
    return alert


def newest_revision(alert: Alert) -> AlertRevision:
    """Return what was written last."""
    return alert.revisions[-1]


def revision_of(alert: Alert, number: int) -> AlertRevision:
    """Return one text of an alert, or raise RevisionMissing."""
    for revision in alert.revisions:
        if revision.number == number:
            return revision
    raise RevisionMissing(id=alert.id, number=number)


def current_revision(alert: Alert) -> AlertRevision | None:
    """Return what was sent last, None before the first."""
    sent = [one for one in alert.revisions if one.state == RevisionState.RELEASED]
    return sent[-1] if sent else None


def pending_revision(alert: Alert) -> AlertRevision | None:
    """Return the text that is on its way to its release, None when there is none."""
    newest = newest_revision(alert)
    return newest if newest.state in OPEN else None


def require_state(alert: Alert, *states: AlertState) -> None:
    """Raise Conflict unless the alert stands in one of these."""
    if AlertState(alert.state) not in states:
        vi, en = STATE_NAMES[AlertState(alert.state)]
        raise Conflict(why_vi=f"Tin này {vi}", why_en=f"This alert is {en}")


def note_change(
    session: Session,
    now: datetime,
    who: str,
    action: str,
    alert: Alert,
    facts: Mapping[str, Any],
) -> None:
    """Write a change of an alert into the audit chain."""
    audit.record(session, now, who, action, "alert", alert.id, alert.area_id, facts)


def _rows() -> Select[Alert]:
    return (
        select(Alert)
        .join(Owner, Owner.id == Alert.area_id)
        .join(Published, Published.id == Alert.publish_area_id)
    )


def _in_sight(actor: Actor) -> ColumnElement[bool]:
    tops = paths_for(actor, "view")
    sounds_here = or_(below(Published.path, tops), above(Published.path, tops))
    return or_(below(Owner.path, tops), and_(Alert.released_at.is_not(None), sounds_here))
