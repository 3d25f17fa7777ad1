"""Drills: when one is planned, which alert it was, and afterwards how each village heard it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.errors import DrillMissing
from controller.emergencies.models import Alert, AlertState, Drill
from controller.emergencies.prepared import usable_template
from controller.emergencies.progress import ClusterReach, Shown, clusters
from controller.emergencies.service import alert_of
from controller.errors import Conflict, Invalid
from controller.listing import Listing, above, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from wire.alert import AlertStatus

LATE_AFTER = timedelta(seconds=10)
"""A village is on time when its loudspeaker sounds within so long (what EN 54-16 asks is 3 s)."""
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class AreaScore:
    """How one village took part; `score` is 0-100: heard counts whole, late half."""

    area_id: str
    name: str
    heard: int
    late: int
    not_heard: int

    @property
    def score(self) -> int:
        """Return the points of 100."""
        total = self.heard + self.late + self.not_heard
        return round(100 * (self.heard + self.late / 2) / total) if total else 0


def plan_drill(
    session: Session,
    *,
    actor: Actor,
    area_id: str,
    title: str,
    planned_at: datetime,
    now: datetime,
    template_id: str | None = None,
) -> Drill:
    """Put a drill into the calendar. Raises NotAllowed, Missing, Invalid, TemplateMissing."""
    area = find_area(session, area_id)
    require(actor, "drill.plan", area)
    _check(title, planned_at, now)
    if template_id is not None:
        usable_template(session, area, template_id)
    drill = Drill(
        id=f"t-{uuid4().hex[:12]}",
        area_id=area.id,
        title=title.strip(),
        planned_at=planned_at,
        template_id=template_id,
        created_by=actor.login,
        created_at=now,
        score={},
    )
    session.add(drill)
    session.flush()
    _note(session, now, actor, "drill.plan", drill, {"title": drill.title, "at": planned_at})
    return drill


def change_drill(
    session: Session,
    *,
    actor: Actor,
    drill_id: str,
    now: datetime,
    title: str | None = None,
    planned_at: datetime | None = None,
) -> Drill:
    """Move or rename a drill that was not held yet."""
    drill = _open(session, actor, drill_id)
    _check(title or drill.title, planned_at or now, now)
    drill.title = (title or drill.title).strip()
    drill.planned_at = planned_at or drill.planned_at
    facts = {"title": drill.title, "at": drill.planned_at}
    _note(session, now, actor, "drill.change", drill, facts)
    return drill


def cancel_drill(session: Session, *, actor: Actor, drill_id: str, now: datetime) -> Drill:
    """Take a drill out of the calendar; twice is once."""
    drill = drill_of(session, actor, drill_id)
    require(actor, "drill.plan", find_area(session, drill.area_id))
    if drill.cancelled_at is None:
        drill.cancelled_at = now
        _note(session, now, actor, "drill.cancel", drill, {"title": drill.title})
    return drill


def hold_drill(
    session: Session, *, actor: Actor, drill_id: str, alert_id: str, now: datetime
) -> Drill:
    """Say which alert the drill is: only one that is no real alert, in the same area or below."""
    drill = _open(session, actor, drill_id)
    alert = alert_of(session, actor, alert_id)
    area, own = find_area(session, alert.area_id), find_area(session, drill.area_id)
    require(actor, "drill.plan", area)
    if alert.status == AlertStatus.REAL:
        raise Conflict(
            why_vi="Tin thật không phải buổi diễn tập", why_en="A real alert is no drill"
        )
    if not area.path.startswith(own.path):
        raise Invalid(
            field="alert_id", why_vi="không thuộc địa bàn này", why_en="is not of this area"
        )
    drill.alert_id = alert.id
    session.flush()
    _note(session, now, actor, "drill.hold", drill, {"alert": alert.id})
    return drill


def score_drill(session: Session, *, actor: Actor, drill_id: str, now: datetime) -> Drill:
    """Count how each village heard it, once it is over; may be done again for late receipts."""
    drill = drill_of(session, actor, drill_id)
    require(actor, "drill.plan", find_area(session, drill.area_id))
    alert = session.get(Alert, drill.alert_id) if drill.alert_id else None
    if alert is None or alert.state not in {AlertState.ENDED, AlertState.CANCELLED}:
        raise Conflict(why_vi="Buổi diễn tập chưa kết thúc", why_en="The drill is not over yet")
    scores = scores_of(session, alert.id, now)
    drill.score = {
        one.area_id: {
            "name": one.name,
            "heard": one.heard,
            "late": one.late,
            "not_heard": one.not_heard,
            "score": one.score,
        }
        for one in scores
    }
    drill.scored_at = now
    facts = {one.area_id: one.score for one in scores}
    _note(session, now, actor, "drill.score", drill, {"scores": facts})
    return drill


def scores_of(session: Session, alert_id: str, now: datetime) -> tuple[AreaScore, ...]:
    """Return how each village heard an alert, the worst first."""
    by_area: dict[tuple[str, str], list[ClusterReach]] = defaultdict(list)
    for one in clusters(session, alert_id, now):
        if one.is_meant:
            by_area[one.area_id, one.area_name].append(one)
    released_at = session.get_one(Alert, alert_id).released_at or now
    scores = [_score(*area, some, released_at) for area, some in by_area.items()]
    return tuple(sorted(scores, key=lambda one: (one.score, one.name)))


def drill_of(session: Session, actor: Actor, drill_id: str) -> Drill:
    """Return a drill of the actor's areas or of one above, else DrillMissing."""
    tops = paths_for(actor, "view")
    drill = session.scalar(
        select(Drill)
        .join(Area, Area.id == Drill.area_id)
        .where(Drill.id == drill_id, below(Area.path, tops) | above(Area.path, tops))
    )
    if drill is None:
        raise DrillMissing(id=drill_id)
    return drill


def drills(
    session: Session,
    actor: Actor,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[Drill]:
    """Return the calendar `[since, until)`, the earliest first; without cancelled drills."""
    tops = paths_for(actor, "view")
    rows = select(Drill).join(Area, Area.id == Drill.area_id)
    rows = rows.where(below(Area.path, tops) | above(Area.path, tops), Drill.cancelled_at.is_(None))
    if since is not None:
        rows = rows.where(Drill.planned_at >= since)
    if until is not None:
        rows = rows.where(Drill.planned_at < until)
    return listing(session, rows.order_by(Drill.planned_at, Drill.id), limit, offset)


def _score(area_id: str, name: str, some: list[ClusterReach], released_at: datetime) -> AreaScore:
    heard = [one for one in some if one.heard_at is not None and one.shown is not Shown.NOT_REACHED]
    late = [one for one in heard if one.heard_at and one.heard_at - released_at > LATE_AFTER]
    return AreaScore(area_id, name, len(heard) - len(late), len(late), len(some) - len(heard))


def _open(session: Session, actor: Actor, drill_id: str) -> Drill:
    drill = drill_of(session, actor, drill_id)
    require(actor, "drill.plan", find_area(session, drill.area_id))
    session.refresh(drill, with_for_update=True)
    if drill.cancelled_at is not None or drill.alert_id is not None:
        raise Conflict(
            why_vi="Buổi diễn tập này đã diễn ra hoặc đã hủy",
            why_en="This drill was held or cancelled already",
        )
    return drill


def _check(title: str, planned_at: datetime, now: datetime) -> None:
    if not 1 <= len(title.strip()) <= LONGEST_TITLE:
        raise Invalid(field="title", why_vi="cần 1 đến 200 chữ", why_en="needs 1 to 200 letters")
    if planned_at < now - timedelta(days=1):
        raise Invalid(field="planned_at", why_vi="đã qua", why_en="is in the past")


def _note(
    session: Session, now: datetime, actor: Actor, action: str, drill: Drill, facts: dict[str, Any]
) -> None:
    audit.record(session, now, actor.login, action, "drill", drill.id, drill.area_id, facts)
