"""What an officer does with a proposal: takes it up as an alert of their own, or dismisses it.

Taking it up drafts and nothing more: hearing, confirming and releasing are those of every alert.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.cap.models import CapMessage, CapProposal, ProposalState
from controller.cap.proposing import draft_from
from controller.cap.withdrawing import stands
from controller.db import Sessions
from controller.emergencies import drafting
from controller.emergencies.drafting import look, speak
from controller.emergencies.lifecycle import cancel_alert
from controller.emergencies.speech import Studio
from controller.emergencies.wording import ZONE
from controller.errors import Conflict, Missing
from controller.listing import Listing, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from wire.alert import AlertAction


class ProposalMissing(Missing):
    """No proposal of this number in the areas of the actor; fact `id`."""

    code = "proposal_missing"
    vi = "Không có đề xuất {id}"
    en = "There is no proposal {id}"


def proposal_of(session: Session, actor: Actor, proposal_id: int) -> CapProposal:
    """Return a proposal that the actor can see, else ProposalMissing."""
    found = session.get(CapProposal, proposal_id)
    if found is None:
        raise ProposalMissing(id=proposal_id)
    area = find_area(session, found.area_id)
    if not any(area.path.startswith(path) for path in paths_for(actor, "view")):
        raise ProposalMissing(id=proposal_id)
    return found


def open_proposals(
    session: Session, actor: Actor, now: datetime, limit: int = 50, offset: int = 0
) -> Listing[CapProposal]:
    """Return what waits for an officer in the areas of the actor, newest first."""
    rows = (
        select(CapProposal)
        .join(Area, Area.id == CapProposal.area_id)
        .where(below(Area.path, paths_for(actor, "view")))
        .where(CapProposal.state == ProposalState.OPEN, CapProposal.ends_at > now)
        .order_by(CapProposal.created_at.desc(), CapProposal.id.desc())
    )
    return listing(session, rows, limit, offset)


def take_up(
    sessions: Sessions,
    read_sessions: Sessions,
    studio: Studio,
    actor: Actor,
    proposal_id: int,
    now: datetime,
    zone: str = ZONE,
) -> str:
    """Do what is proposed in the actor's name and return the alert's id.

    A draft of a new alert, new words for the one that stands, or its cancel. Of two officers who
    press together one gets Conflict. Raises ProposalMissing, NotAllowed, Conflict.
    """
    with read_sessions() as session:
        proposal = proposal_of(session, actor, proposal_id)
        _require_open(proposal, now)
        is_cancel = proposal.action == AlertAction.CANCEL
        looked = (
            None if is_cancel else look(session, actor, draft_from(proposal.draft, now), now, zone)
        )
    if looked is None:
        return _cancel(sessions, actor, proposal_id, now)
    sounds = speak(studio, looked)
    with sessions.begin() as session:
        proposal = _claim(session, actor, proposal_id, now)
        if proposal.action == AlertAction.UPDATE and stands(session, proposal.alert_id):
            drafting.redraft_alert(
                session,
                actor=actor,
                alert_id=str(proposal.alert_id),
                looked=looked,
                sounds=sounds,
                now=now,
            )
        else:
            made = drafting.draft_alert(session, actor=actor, looked=looked, sounds=sounds, now=now)
            proposal.alert_id = made.id
        return _taken(session, actor, proposal, now)


def dismiss(
    session: Session, *, actor: Actor, proposal_id: int, now: datetime, why: str = ""
) -> None:
    """Put a proposal away: an officer looked at it and nothing is to be said, for what reason.

    Raises as `take_up` does.
    """
    proposal = proposal_of(session, actor, proposal_id)
    require(actor, "alert.draft", find_area(session, proposal.area_id))
    proposal = _claim(session, actor, proposal_id, now)
    proposal.state = ProposalState.DISMISSED
    proposal.closed_at, proposal.closed_by = now, actor.login
    _note(session, actor, "cap.dismiss", proposal, now, {"why": why})


def _cancel(sessions: Sessions, actor: Actor, proposal_id: int, now: datetime) -> str:
    with sessions.begin() as session:
        proposal = _claim(session, actor, proposal_id, now)
        cancel_alert(session, actor=actor, alert_id=str(proposal.alert_id), now=now)
        return _taken(session, actor, proposal, now)


def _claim(session: Session, actor: Actor, proposal_id: int, now: datetime) -> CapProposal:
    proposal = proposal_of(session, actor, proposal_id)
    session.refresh(proposal, with_for_update=True)
    _require_open(proposal, now)
    return proposal


def _taken(session: Session, actor: Actor, proposal: CapProposal, now: datetime) -> str:
    proposal.state = ProposalState.TAKEN
    proposal.closed_at, proposal.closed_by = now, actor.login
    _note(session, actor, "cap.take_up", proposal, now)
    session.flush()
    return str(proposal.alert_id)


def _require_open(proposal: CapProposal, now: datetime) -> None:
    if proposal.state != ProposalState.OPEN:
        raise Conflict(
            why_vi=f"Đề xuất này đã được xử lý ({proposal.closed_by})",
            why_en=f"This proposal was already dealt with ({proposal.closed_by})",
        )
    if proposal.ends_at <= now and proposal.action != AlertAction.CANCEL:
        raise Conflict(why_vi="Cảnh báo này đã hết hiệu lực", why_en="This warning is over")


def _note(
    session: Session,
    actor: Actor,
    action: str,
    proposal: CapProposal,
    now: datetime,
    more: Mapping[str, str] | None = None,
) -> None:
    message = session.get_one(CapMessage, proposal.message_id)
    facts = {
        "message": message.identifier,
        "source": message.source_id,
        "digest": message.digest,
        "signature": message.signature,
        "alert": proposal.alert_id,
        **(more or {}),
    }
    audit.record(
        session, now, actor.login, action, "proposal", proposal.id, proposal.area_id, facts
    )
