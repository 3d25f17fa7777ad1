"""Use cases of programmes: create, change, archive, find. Their versions are in `versions.py`.

Every change is audited, and asks for new plans where it can change what airs. The caller commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Conflict, Invalid
from controller.listing import Listing, above, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from controller.programmes.errors import ProgrammeMissing
from controller.programmes.models import Programme, ProgrammeVersion
from controller.replan import replan
from wire.message import BroadcastClass, Origin

LONGEST_TITLE = 300
_LADDER = tuple(Origin)
_LEVELS = {
    "country": Origin.CENTRAL,
    "province": Origin.PROVINCE,
    "district": Origin.DISTRICT,
    "region": Origin.DISTRICT,
    "commune": Origin.COMMUNE,
}


def create_programme(
    session: Session,
    *,
    actor: Actor,
    area_id: str,
    title: str,
    now: datetime,
    broadcast_class: str = BroadcastClass.NORMAL,
    origin: str | None = None,
    resume: str = "clock",
) -> Programme:
    """Create a programme without versions. `origin` is the area's own level, or one below it.

    Raises Missing, NotAllowed, Invalid. An emergency is an alert, never a programme (R18).
    """
    area = find_area(session, area_id)
    require(actor, "programme.edit", area)
    programme = Programme(
        id=f"p-{uuid4().hex[:12]}",
        area_id=area.id,
        title=_title(title),
        broadcast_class=_class(broadcast_class),
        origin=_origin(area, origin),
        resume=_resume(resume),
        created_by=actor.login,
        created_at=now,
    )
    session.add(programme)
    session.flush()
    facts = {"title": programme.title, "class": broadcast_class, "origin": programme.origin}
    note_change(session, now, actor, "programme.create", programme, facts)
    return programme


def change_programme(
    session: Session,
    *,
    actor: Actor,
    programme_id: str,
    now: datetime,
    title: str | None = None,
    resume: str | None = None,
) -> Programme:
    """Rename a programme, or say how it goes on after an interruption (`clock` or `skip`)."""
    programme = open_programme(session, actor, programme_id, "programme.edit")
    before = {"title": programme.title, "resume": programme.resume}
    programme.title = programme.title if title is None else _title(title)
    programme.resume = programme.resume if resume is None else _resume(resume)
    after = {"title": programme.title, "resume": programme.resume}
    if after != before:
        note_change(
            session, now, actor, "programme.change", programme, {"old": before, "new": after}
        )
        replan_programme(session, programme, now)
    return programme


def archive_programme(
    session: Session, *, actor: Actor, programme_id: str, now: datetime
) -> Programme:
    """End a programme; its rules play nothing any more. Twice is once."""
    programme = programme_of(session, actor, programme_id)
    require(actor, "programme.edit", find_area(session, programme.area_id))
    if programme.archived_at is None:
        programme.archived_at = now
        note_change(session, now, actor, "programme.archive", programme, {"title": programme.title})
        replan_programme(session, programme, now)
    return programme


def programme_of(session: Session, actor: Actor, programme_id: str) -> Programme:
    """Return a programme of the actor's own areas or of one above them, else ProgrammeMissing."""
    programme = session.scalar(
        select(Programme)
        .join(Area, Area.id == Programme.area_id)
        .where(Programme.id == programme_id, in_sight(actor))
    )
    if programme is None:
        raise ProgrammeMissing(id=programme_id)
    return programme


def programmes(
    session: Session,
    actor: Actor,
    *,
    area_id: str | None = None,
    state: str | None = None,
    search: str = "",
    archived: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Listing[Programme]:
    """Return what the actor can see, newest first; `state` is that of any of its versions."""
    rows = select(Programme).join(Area, Area.id == Programme.area_id).where(in_sight(actor))
    rows = rows.where(Programme.archived_at.is_not(None) == archived)
    if area_id is not None:
        rows = rows.where(below(Area.path, [find_area(session, area_id).path]))
    if state is not None:
        rows = rows.where(Programme.versions.any(ProgrammeVersion.state == state))
    if search:
        rows = rows.where(Programme.title.icontains(search, autoescape=True))
    newest = rows.order_by(Programme.created_at.desc(), Programme.id)
    return listing(session, newest, limit, offset)


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Area`: the actor's own areas, and those above, which offer."""
    tops = paths_for(actor, "view")
    return or_(below(Area.path, tops), above(Area.path, tops))


def open_programme(session: Session, actor: Actor, programme_id: str, action: str) -> Programme:
    """Return a programme that the actor may change now, locked until the end of the transaction."""
    programme = programme_of(session, actor, programme_id)
    require(actor, action, find_area(session, programme.area_id))
    session.refresh(programme, with_for_update=True)
    if programme.archived_at is not None:
        raise Conflict(
            why_vi="Chương trình đã lưu trữ, không sửa được nữa",
            why_en="The programme is archived and cannot be changed any more",
        )
    return programme


def replan_programme(session: Session, programme: Programme, now: datetime) -> None:
    """Ask for new plans wherever the rules of a programme send it."""
    areas = {area for rule in programme.rules for area in rule.target_areas}
    clusters = {cluster for rule in programme.rules for cluster in rule.target_clusters}
    replan(session, areas=sorted(areas), clusters=sorted(clusters), now=now)


def note_change(
    session: Session,
    now: datetime,
    actor: Actor,
    action: str,
    programme: Programme,
    facts: Mapping[str, Any],
) -> None:
    """Write a change of a programme into the audit chain."""
    audit.record(
        session, now, actor.login, action, "programme", programme.id, programme.area_id, facts
    )


def _title(title: str) -> str:
    if not 1 <= len(title.strip()) <= LONGEST_TITLE:
        raise Invalid(field="title", why_vi="cần 1 đến 300 chữ", why_en="needs 1 to 300 letters")
    return title.strip()


def _class(name: str) -> str:
    if name not in {BroadcastClass.NORMAL, BroadcastClass.PRIORITY}:
        raise Invalid(
            field="broadcast_class",
            why_vi="chọn normal hoặc priority; khẩn cấp phải qua phát khẩn cấp",
            why_en="normal or priority; an emergency goes out as an alert",
        )
    return name


def origin_of(area: Area) -> Origin:
    """Return the level at which an area speaks; what is below a commune is a village."""
    return _LEVELS.get(area.kind, Origin.VILLAGE)


def _origin(area: Area, name: str | None) -> str:
    own = origin_of(area)
    if name is None:
        return own
    allowed = _LADDER[_LADDER.index(own) :]
    if name not in allowed:
        known = ", ".join(allowed)
        raise Invalid(
            field="origin",
            why_vi=f"{area.name} chỉ được chọn {known}",
            why_en=f"{area.name} may only be {known}",
        )
    return name


def _resume(name: str) -> str:
    if name not in {"clock", "skip"}:
        raise Invalid(field="resume", why_vi="chọn clock hoặc skip", why_en="clock or skip")
    return name
