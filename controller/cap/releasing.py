"""A proposal that goes out by the policy of its source, or says why it waits for an officer."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.cap.approving import approved_level
from controller.cap.hazards import Tables
from controller.cap.judging import Verdict
from controller.cap.models import CapMessage, CapProposal, CapSource, ProposalState
from controller.cap.policy import held_back
from controller.cap.proposing import draft_from
from controller.cap.reasons import Reason, because
from controller.emergencies.models import Alert
from controller.emergencies.unattended import is_own, release_unattended
from controller.errors import ControllerError
from controller.people import audit

log = logging.getLogger(__name__)

MOST, SPAN = 5, timedelta(minutes=10)
"""As many as one person may release (R20); more are proposed."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why a proposal waits for an officer: a code, and a sentence in both languages."""

    code: str
    vi: str
    en: str


def release_or_hold(
    session: Session,
    source: CapSource,
    row: CapMessage,
    verdict: Verdict,
    proposal: CapProposal,
    tables: Tables,
    now: datetime,
) -> None:
    """Release a new proposal where the policy of its source allows it; else note why not.

    Whatever happens to the release, the proposal is there.
    """
    reason = _held(session, source, row, verdict, proposal, tables, now)
    held = _of(reason) if reason else _released(session, source, row, proposal, now)
    if held is not None:
        proposal.held, proposal.held_vi, proposal.held_en = held.code, held.vi, held.en
        session.flush()


def _held(
    session: Session,
    source: CapSource,
    row: CapMessage,
    verdict: Verdict,
    proposal: CapProposal,
    tables: Tables,
    now: datetime,
) -> Reason | None:
    upto = approved_level(source)
    if not source.releases_upto:
        return because("only_proposes")
    if not upto:
        return because("unapproved")
    by_itself = held_back(verdict, upto, now, tables)
    return by_itself or _held_by_before(session, source, row, proposal, now)


def _held_by_before(
    session: Session, source: CapSource, row: CapMessage, proposal: CapProposal, now: datetime
) -> Reason | None:
    """Return what went out before and speaks against this one."""
    if proposal.alert_id is not None and not is_own(session, source.id, proposal.alert_id):
        return because("officers", alert=proposal.alert_id)
    if _is_out_already(session, row):
        return because("out_already")
    if _released_lately(session, source, now) >= MOST:
        return because("too_often", most=MOST, minutes=SPAN // timedelta(minutes=1))
    return None


def _released(
    session: Session, source: CapSource, row: CapMessage, proposal: CapProposal, now: datetime
) -> Held | None:
    """Release it in a savepoint of its own; return why that could not be, None when it was."""
    try:
        with session.begin_nested():
            alert = release_unattended(
                session,
                source_id=source.id,
                asked_by=source.changed_by,
                draft=draft_from(proposal.draft, now),
                now=now,
                update_of=proposal.alert_id,
            )
            _note(session, source, row, proposal, alert, now)
            log.warning("%s of %s goes out without an officer: %s", row.id, source.id, alert.id)
    except ControllerError as error:
        return Held(error.code, error.sentence("vi"), error.sentence("en"))
    except Exception:
        log.exception("%s of %s could not be released; it is proposed", row.id, source.id)
        return _of(because("release_failed"))
    return None


def _note(
    session: Session,
    source: CapSource,
    row: CapMessage,
    proposal: CapProposal,
    alert: Alert,
    now: datetime,
) -> None:
    name = f"cap:{source.id}"
    proposal.state, proposal.alert_id = ProposalState.RELEASED, alert.id
    proposal.closed_at, proposal.closed_by = now, name
    session.flush()
    facts = {
        "message": row.identifier,
        "digest": row.digest,
        "signer": row.signer,
        "level": row.level,
        "hazard": row.hazard,
        "approved_by": source.releases_approved_by,
        "version": source.version,
        "alert": alert.id,
    }
    audit.record(session, now, name, "cap.release", "proposal", proposal.id, source.area_id, facts)


def _is_out_already(session: Session, row: CapMessage) -> bool:
    """Whether the same message went out already, by an officer or by another source."""
    rows = (
        select(CapProposal.id)
        .join(CapMessage, CapMessage.id == CapProposal.message_id)
        .where(
            CapMessage.identifier == row.identifier,
            CapMessage.sent_at == row.sent_at,
            CapMessage.id != row.id,
            CapProposal.alert_id.is_not(None),
        )
    )
    return session.scalar(rows.limit(1)) is not None


def _released_lately(session: Session, source: CapSource, now: datetime) -> int:
    rows = (
        select(func.count())
        .select_from(CapProposal)
        .join(CapMessage, CapMessage.id == CapProposal.message_id)
        .where(
            CapMessage.source_id == source.id,
            CapProposal.state == ProposalState.RELEASED,
            CapProposal.created_at > now - SPAN,
        )
    )
    return session.scalar(rows) or 0


def _of(reason: Reason) -> Held:
    return Held(reason.code, reason.vi, reason.en)
