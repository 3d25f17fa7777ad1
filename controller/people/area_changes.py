"""Changes of the tree of areas by a person: allowed there, audited, and plans asked for anew.

The tree itself is `areas/service.py`; it stands below people and knows none.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from controller import wake
from controller.areas import importing
from controller.areas import service as tree
from controller.areas.importing import Imported
from controller.areas.models import Area
from controller.people.audit import record
from controller.people.rights import ACTIONS, Actor, NotAllowed, may, require
from controller.replan import replan

ACTION = "area.edit"


def create_area(
    session: Session,
    actor: Actor,
    *,
    area_id: str,
    kind: str,
    name: str,
    parent_id: str | None,
    now: datetime,
    **values: Any,
) -> Area:
    """Create an area below one of the actor's; at the top only who has every area."""
    _require_at(session, actor, parent_id)
    area = tree.create_area(
        session, area_id=area_id, kind=kind, name=name, parent_id=parent_id, **values
    )
    facts = {"name": name, "kind": kind, "parent_id": parent_id, **values}
    record(session, now, actor.login, "area.create", "area", area_id, area_id, facts)
    return area


def edit_area(session: Session, actor: Actor, area_id: str, now: datetime, **changes: Any) -> Area:
    """Change name, kind, code, date or position."""
    require(actor, ACTION, tree.find_area(session, area_id))
    area = tree.edit_area(session, area_id, **changes)
    record(session, now, actor.login, "area.edit", "area", area_id, area_id, changes)
    return area


def set_policy(session: Session, actor: Actor, area_id: str, now: datetime, **changes: Any) -> Area:
    """Change hard stop, night ceiling, self-approval or languages; recorded, and plans follow."""
    require(actor, "area.policy", tree.find_area(session, area_id))
    area = tree.set_policy(session, area_id, **changes)
    facts = {name: _plain(value) for name, value in changes.items()}
    record(session, now, actor.login, "area.policy", "area", area_id, area_id, facts)
    replan(session, areas=[area_id], wants_desired=True, now=now)
    if "languages" in changes:
        wake.ask(session, tree.LANGUAGES_CHANGED)
    return area


def set_head(
    session: Session, actor: Actor, area_id: str, name: str, phone: str, now: datetime
) -> Area:
    """Say who is called when an area is silent; that it changed is recorded, not the number."""
    require(actor, "area.contact", tree.find_area(session, area_id))
    area = tree.set_head(session, area_id, name, phone)
    facts = {"has_name": bool(area.head_name), "has_phone": bool(area.head_phone)}
    record(session, now, actor.login, "area.contact", "area", area_id, area_id, facts)
    return area


def move_area(
    session: Session, actor: Actor, area_id: str, parent_id: str | None, now: datetime
) -> Area:
    """Hang an area under another parent; rights are needed at both ends."""
    area = tree.find_area(session, area_id)
    require(actor, ACTION, area)
    _require_at(session, actor, area.parent_id)
    _require_at(session, actor, parent_id)
    facts = {"from": area.parent_id, "to": parent_id}
    area = tree.move_area(session, area_id, parent_id)
    record(session, now, actor.login, "area.move", "area", area_id, area_id, facts)
    replan(session, areas=[area_id], wants_desired=True, now=now)
    return area


def close_area(session: Session, actor: Actor, area_id: str, until: date, now: datetime) -> Area:
    """End an area on a day."""
    require(actor, ACTION, tree.find_area(session, area_id))
    area = tree.close_area(session, area_id, until)
    record(session, now, actor.login, "area.close", "area", area_id, area_id, {"until": until})
    return area


def merge_areas(
    session: Session,
    actor: Actor,
    old_ids: Iterable[str],
    new_id: str,
    since: date,
    now: datetime,
) -> Area:
    """Make an area the successor of others; rights are needed in all of them."""
    old = list(old_ids)
    for area_id in (*old, new_id):
        require(actor, ACTION, tree.find_area(session, area_id))
    area = tree.merge_areas(session, old, new_id, since)
    facts = {"from": old, "since": since}
    record(session, now, actor.login, "area.merge", "area", new_id, new_id, facts)
    replan(session, areas=[new_id], wants_desired=True, now=now)
    return area


def import_areas(
    session: Session,
    actor: Actor,
    text: str,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Read a CSV file into the tree (`areas/importing.py`): only who has every area may."""
    _require_at(session, actor, None)
    imported = importing.import_areas(session, text.splitlines(keepends=True), progress)
    facts = {"sha256": hashlib.sha256(text.encode()).hexdigest(), **asdict(imported)}
    record(session, now, actor.login, "area.import", "area", "csv", "", facts)
    return imported


def _require_at(session: Session, actor: Actor, area_id: str | None) -> None:
    if area_id:
        require(actor, ACTION, tree.find_area(session, area_id))
    elif not may(actor, ACTIONS[ACTION].roles, "/"):
        named = ACTIONS[ACTION]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area="/")


def _plain(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
