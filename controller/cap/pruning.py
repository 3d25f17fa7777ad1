"""Old messages are forgotten with what was proposed of them; what became an alert is kept.

Until then the bytes stay as they came: they are what anybody can check.
"""

from datetime import datetime

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from controller.cap.models import CapMessage, CapProposal

A_STEP = 200
"""So many at a time: a warning that comes meanwhile does not wait."""


def forget_old(session: Session, before: datetime, most: int = A_STEP) -> int:
    """Forget at most so many messages that came before an instant; return how many.

    A message stays while something of it may still be taken up, and for ever when there is an alert
    of it: proofs name it.
    """
    keeps = exists().where(
        CapProposal.message_id == CapMessage.id,
        or_(CapProposal.alert_id.is_not(None), CapProposal.ends_at >= before),
    )
    rows = select(CapMessage.id).where(CapMessage.received_at < before, ~keeps)
    old = session.scalars(rows.order_by(CapMessage.id).limit(most)).all()
    if old:
        session.execute(delete(CapProposal).where(CapProposal.message_id.in_(old)))
        session.execute(delete(CapMessage).where(CapMessage.id.in_(old)))
    return len(old)
