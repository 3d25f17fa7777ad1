"""What an officer decides about a warning, in their own name; `cap.taking_up` carries it out."""

from datetime import datetime

from sqlalchemy.orm import Session

from controller.cap.models import CapProposal
from controller.cap.taking_up import dismiss, proposal_of
from controller.errors import Invalid
from controller.people.rights import Actor
from controller.warnings.finding import warning_of

LONGEST_REASON = 500


def proposal_in_sight(session: Session, actor: Actor, proposal_id: int) -> CapProposal:
    """Return a proposal whose warning the actor can see; raises ProposalMissing, WarningMissing."""
    found = proposal_of(session, actor, proposal_id)
    warning_of(session, actor, found.message_id)
    return found


def put_away(
    session: Session, *, actor: Actor, proposal_id: int, reason: str, now: datetime
) -> CapProposal:
    """Dismiss a proposal for a reason, which is kept in the audit log.

    Raises ProposalMissing, NotAllowed, Conflict where somebody was faster, Invalid without one.
    """
    found = proposal_in_sight(session, actor, proposal_id)
    why = " ".join(reason.split())
    if not any(map(str.isalnum, why)) or len(why) > LONGEST_REASON:
        raise Invalid(
            field="reason",
            why_vi=f"hãy ghi lý do không phát, nhiều nhất {LONGEST_REASON} chữ",
            why_en=f"say why nothing is to be said, in {LONGEST_REASON} letters at most",
        )
    dismiss(session, actor=actor, proposal_id=found.id, now=now, why=why)
    return found
