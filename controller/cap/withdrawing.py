"""What an update or cancel does to what was proposed, or made, of the warnings that it names.

Within one source and one status only. A proposal that nobody took ends at once. An alert that an
officer made is theirs: it is cancelled at once only for a source that signs and may, else proposed.
What a source released itself, and nobody changed, its signed cancel stops at once.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.cap.judging import Outcome
from controller.cap.models import CapMessage, CapProposal, CapSource, ProposalState
from controller.emergencies import lifecycle
from controller.emergencies.models import Alert, AlertState
from controller.emergencies.unattended import is_own, source_actor

log = logging.getLogger(__name__)

STANDING = frozenset(
    {AlertState.DRAFTED, AlertState.AWAITING, AlertState.COUNTING, AlertState.RELEASED}
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A proposal that a message names, and the alert made of it; `still_stands` when it is open."""

    proposal: CapProposal
    alert_id: str | None
    still_stands: bool


def withdraw_earlier(
    session: Session,
    source: CapSource,
    row: CapMessage,
    now: datetime,
    *,
    is_cancel: bool,
    is_signed: bool,
) -> list[Earlier]:
    """End the open proposals of what `row` replaces, and cancel the alerts that the source may."""
    found = []
    for proposal in _proposals_of(session, row):
        if proposal.state == ProposalState.OPEN:
            _close(proposal, is_cancel, source, now)
        if is_cancel and is_signed and _may_stop(session, source, proposal.alert_id):
            _cancel(session, source, row, str(proposal.alert_id), now)
        is_standing = stands(session, proposal.alert_id)
        found.append(Earlier(proposal, proposal.alert_id, is_standing))
    return _one_an_alert(found)


def stands(session: Session, alert_id: str | None) -> bool:
    """Whether there is an alert that is not over."""
    if alert_id is None:
        return False
    alert = session.get(Alert, alert_id)
    return alert is not None and AlertState(alert.state) in STANDING


def _close(proposal: CapProposal, is_cancel: bool, source: CapSource, now: datetime) -> None:  # noqa: FBT001 - a private step of the one above
    proposal.state = ProposalState.CANCELLED if is_cancel else ProposalState.REPLACED
    proposal.closed_at, proposal.closed_by = now, f"cap:{source.id}"


def _may_stop(session: Session, source: CapSource, alert_id: str | None) -> bool:
    if alert_id is None or not stands(session, alert_id):
        return False
    return source.stops_at_once or is_own(session, source.id, alert_id)


def _cancel(
    session: Session, source: CapSource, row: CapMessage, alert_id: str, now: datetime
) -> None:
    note = f"{source.name}: {row.identifier}"
    actor = source_actor(source.id, find_area(session, source.area_id))
    lifecycle.cancel_alert(session, actor=actor, alert_id=alert_id, now=now, note=note)
    log.warning("%s cancelled its warning; alert %s is cancelled", source.id, alert_id)


def _proposals_of(session: Session, row: CapMessage) -> list[CapProposal]:
    """Return the proposals of the messages that `row` replaces, oldest first."""
    named = {(name, datetime.fromisoformat(at)) for name, at in row.replaces}
    if not named:
        return []
    rows = session.execute(
        select(CapProposal, CapMessage.identifier, CapMessage.sent_at)
        .join(CapMessage, CapMessage.id == CapProposal.message_id)
        .where(
            CapMessage.source_id == row.source_id,
            CapMessage.status == row.status,
            CapMessage.outcome == Outcome.ACCEPTED.value,
            CapMessage.identifier.in_({name for name, _ in named}),
        )
        .order_by(CapProposal.id)
    )
    return [proposal for proposal, name, sent_at in rows if (name, sent_at) in named]


def _one_an_alert(found: list[Earlier]) -> list[Earlier]:
    """Keep one of each alert: an alert and its update name the same one."""
    alone = {one.alert_id or f"#{one.proposal.id}": one for one in found}
    return list(alone.values())
