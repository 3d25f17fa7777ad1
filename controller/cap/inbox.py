"""Taking a message in: judged, kept once as it came, and proposed where it is for us.

Nothing is believed beyond its verdict. Two things act without an officer, and only where a source
signs and may: a cancel (`withdrawing.py`), and the release of a template (`releasing.py`). Sources
never touch one another's messages. The caller commits.
"""

import hashlib
from datetime import datetime

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.cap.judging import Outcome, Policy, Verdict, judge
from controller.cap.lifecycle import replaces
from controller.cap.message import Message
from controller.cap.models import CapMessage, CapProposal, CapSource, ProposalState
from controller.cap.proposing import Offer, offer_of
from controller.cap.releasing import release_or_hold
from controller.cap.signature import Standing
from controller.cap.vocabulary import Vocabulary, shipped_vocabulary
from controller.cap.withdrawing import withdraw_earlier
from wire.alert import AlertAction

LONGEST_NAME = 300


def take(
    session: Session,
    content: bytes,
    source: CapSource,
    now: datetime,
    words: Vocabulary | None = None,
) -> CapMessage:
    """Judge the bytes of a message and keep them; what came before from this source is quiet.

    Never raises for content. The same words in other bytes (signed anew, say) are a duplicate too.
    `words` are those of the site, by default what ships with us.
    """
    known = words or shipped_vocabulary()
    digest = hashlib.sha256(content).hexdigest()
    same = select(CapMessage).where(CapMessage.source_id == source.id, CapMessage.digest == digest)
    if (kept := session.scalar(same)) is not None and not _forgotten(session, source, kept):
        return kept
    verdict = judge(content, policy_of(source), now, known.tables)
    if (kept := _said_before(session, source, verdict, now)) is not None:
        return kept
    row = _row(source, content, digest, verdict, now)
    session.add(row)
    session.flush()
    if verdict.outcome is Outcome.ACCEPTED and verdict.message is not None:
        _act(session, source, row, verdict, verdict.message, known, now)
    return row


def policy_of(source: CapSource) -> Policy:
    """Return what a source owes."""
    pinned = x509.load_pem_x509_certificates(source.pinned.encode()) if source.pinned else []
    return Policy(tuple(pinned), source.is_open)


def _forgotten(session: Session, source: CapSource, kept: CapMessage) -> bool:
    """Forget a refusal from before the source was changed: with other pins it may hold now."""
    is_old = source.changed_at is not None and kept.received_at < source.changed_at
    if not is_old or kept.outcome != Outcome.REFUSED:
        return False
    session.delete(kept)
    session.flush()
    return True


def _act(
    session: Session,
    source: CapSource,
    row: CapMessage,
    verdict: Verdict,
    message: Message,
    words: Vocabulary,
    now: datetime,
) -> None:
    """Apply an accepted message to what came before it, and propose, or release, what it is."""
    area = find_area(session, source.area_id)
    row.replaces = [
        [name[:LONGEST_NAME], sent.isoformat()] for name, sent, _ in sorted(replaces(message))
    ]
    is_signed = verdict.signature is Standing.VALID
    is_cancel = message.msg_type == "Cancel"
    earlier = withdraw_earlier(session, source, row, now, is_cancel=is_cancel, is_signed=is_signed)
    if is_cancel:
        row.is_for_us = bool(earlier)
        for one in earlier:
            if one.still_stands:
                draft, clusters = one.proposal.draft, tuple(one.proposal.clusters)
                offer = Offer(draft, clusters, one.proposal.ends_at)
                _propose(session, row, area.id, AlertAction.CANCEL, offer, one.alert_id, now)
        return
    offer_now = offer_of(session, area, verdict, source.name, now, words.schemes)
    row.is_for_us = offer_now is not None
    if offer_now is None or _is_replaced(session, row):
        return
    alert_id = next((one.alert_id for one in earlier if one.still_stands), None)
    action = AlertAction.UPDATE if alert_id else AlertAction.ALERT
    proposal = _propose(session, row, area.id, action, offer_now, alert_id, now)
    release_or_hold(session, source, row, verdict, proposal, words.tables, now)


def _propose(
    session: Session,
    row: CapMessage,
    area_id: str,
    action: AlertAction,
    offer: Offer,
    alert_id: str | None,
    now: datetime,
) -> CapProposal:
    proposal = CapProposal(
        message_id=row.id,
        area_id=area_id,
        action=action.value,
        state=ProposalState.OPEN,
        draft=offer.draft,
        clusters=list(offer.clusters),
        alert_id=alert_id,
        created_at=now,
        ends_at=offer.ends_at,
    )
    session.add(proposal)
    session.flush()
    return proposal


def _is_replaced(session: Session, row: CapMessage) -> bool:
    """Whether an update or cancel of this one came before it: order changes nothing."""
    if row.sent_at is None:
        return False
    name = [row.identifier, row.sent_at.isoformat()]
    later = select(CapMessage.replaces).where(
        CapMessage.source_id == row.source_id,
        CapMessage.outcome == Outcome.ACCEPTED.value,
        CapMessage.msg_type.in_(("Update", "Cancel")),
        CapMessage.status == row.status,
        CapMessage.id != row.id,
    )
    return any(_names(name, told) for told in session.scalars(later))


def _names(name: list[str], told: list[list[str]]) -> bool:
    sent = datetime.fromisoformat(name[1])
    return any(one == name[0] and datetime.fromisoformat(at) == sent for one, at in told)


def _said_before(
    session: Session, source: CapSource, verdict: Verdict, now: datetime
) -> CapMessage | None:
    """Return the kept message that says exactly the same and got the same verdict."""
    if verdict.message is None:
        return None
    alike = select(CapMessage).where(
        CapMessage.source_id == source.id,
        CapMessage.identifier == verdict.message.identifier[:LONGEST_NAME],
        CapMessage.outcome == verdict.outcome.value,
    )
    for row in session.scalars(alike.limit(20)):
        if judge(row.content, policy_of(source), now).message == verdict.message:
            return row
    return None


def _row(
    source: CapSource, content: bytes, digest: str, verdict: Verdict, now: datetime
) -> CapMessage:
    message, heading = verdict.message, verdict.heading
    return CapMessage(
        source_id=source.id,
        digest=digest,
        content=content,
        received_at=now,
        identifier=heading.identifier[:LONGEST_NAME] if heading else "",
        sender=message.sender[:LONGEST_NAME] if message else "",
        sent_at=message.sent if message else None,
        status=heading.status if heading else "",
        msg_type=heading.msg_type if heading else "",
        outcome=verdict.outcome.value,
        reason=verdict.reason.code,
        why_vi=verdict.reason.vi,
        why_en=verdict.reason.en,
        signature=verdict.signature.value,
        signer=verdict.signer,
        hazard=verdict.hazard.value if verdict.hazard else None,
        level=verdict.level,
        headline=_headline(message),
        replaces=[],
    )


def _headline(message: Message | None) -> str:
    if message is None or not message.infos:
        return ""
    first = message.infos[0]
    return (first.headline or first.event)[:500]
