"""Finding warnings: what came from the sources in the actor's areas, in the groups of the inbox.

A source of an area above is the business of those who stand there: its messages are not shown
below.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, defer

from controller.areas.models import Area
from controller.cap.judging import Outcome
from controller.cap.models import CapMessage, CapProposal, CapSource, ProposalState
from controller.listing import Listing, below, listing
from controller.people.rights import ACTIONS, Actor, NotAllowed, paths_for
from controller.warnings.errors import WarningMissing

SEE = "cap.view"


class Group(StrEnum):
    """Where a message stands in the inbox; `waiting` for an officer, `for_us` no longer or not yet.

    `elsewhere` is believed, but no cluster of the source's area lies in it.
    """

    WAITING = "waiting"
    FOR_US = "for_us"
    ELSEWHERE = "elsewhere"
    IGNORED = "ignored"
    REFUSED = "refused"


def require_a_right(actor: Actor, action: str = SEE) -> None:
    """Raise NotAllowed for somebody who may not do this anywhere."""
    if not paths_for(actor, action):
        named = ACTIONS[action]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area="-")


def warnings(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    group: str | None = None,
    source_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[CapMessage]:
    """Return what came, newest first, without its bytes."""
    rows = _in_sight(select(CapMessage).options(defer(CapMessage.content)), actor)
    if group is not None:
        rows = rows.where(_group(now) == group)
    if source_id is not None:
        rows = rows.where(CapMessage.source_id == source_id)
    newest_first = rows.order_by(CapMessage.received_at.desc(), CapMessage.id.desc())
    return listing(session, newest_first, limit, offset)


def warning_of(session: Session, actor: Actor, warning_id: int) -> CapMessage:
    """Return a message that the actor can see, else WarningMissing."""
    rows = _in_sight(select(CapMessage), actor).where(CapMessage.id == warning_id)
    found: CapMessage | None = session.scalar(rows)
    if found is None:
        raise WarningMissing(id=warning_id)
    return found


def groups_of(session: Session, rows: Iterable[CapMessage], now: datetime) -> Mapping[int, Group]:
    """Return the group of each of some messages."""
    ids = [row.id for row in rows]
    found = session.execute(select(CapMessage.id, _group(now)).where(CapMessage.id.in_(ids)))
    return {row_id: Group(group) for row_id, group in found}


def waiting(session: Session, actor: Actor, now: datetime) -> int:
    """Return how many proposals wait for an officer in the areas of the actor."""
    rows = (
        select(func.count())
        .select_from(CapProposal)
        .join(Area, Area.id == CapProposal.area_id)
        .where(below(Area.path, paths_for(actor, SEE)), _is_open(now))
    )
    return session.scalar(rows) or 0


def proposals_of(session: Session, row: CapMessage) -> tuple[CapProposal, ...]:
    """Return what was proposed of a message, in the order it was."""
    rows = select(CapProposal).where(CapProposal.message_id == row.id).order_by(CapProposal.id)
    return tuple(session.scalars(rows))


def behind(session: Session, actor: Actor, alert_id: str) -> tuple[CapMessage, ...]:
    """Return the messages that an alert was made of, newest first, where the actor sees them."""
    rows = (
        _in_sight(select(CapMessage).options(defer(CapMessage.content)), actor)
        .join(CapProposal, CapProposal.message_id == CapMessage.id)
        .where(CapProposal.alert_id == alert_id)
    )
    return tuple(session.scalars(rows.order_by(CapMessage.id.desc())).unique())


def _in_sight(rows: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        rows.join(CapSource, CapSource.id == CapMessage.source_id)
        .join(Area, Area.id == CapSource.area_id)
        .where(below(Area.path, paths_for(actor, SEE)))
    )


def _is_open(now: datetime) -> ColumnElement[bool]:
    return (CapProposal.state == ProposalState.OPEN) & (CapProposal.ends_at > now)


def _group(now: datetime) -> ColumnElement[str]:
    waits = select(CapProposal.id).where(CapProposal.message_id == CapMessage.id, _is_open(now))
    return case(
        (CapMessage.outcome == Outcome.REFUSED, Group.REFUSED),
        (CapMessage.outcome == Outcome.IGNORED, Group.IGNORED),
        (waits.exists(), Group.WAITING),
        (CapMessage.is_for_us, Group.FOR_US),
        else_=Group.ELSEWHERE,
    )
