"""What a technician must know: opened once, closed when it is over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.health.models import Incident

OFFLINE = "device_offline"
OUTPUT_DEAD = "output_dead"
CLOCK = "clock_untrusted"
FAULT = "device_fault"
REFUSED = "message_refused"
FORGED = "forged_report"
AT_RISK = "broadcast_at_risk"
MISSED = "broadcast_missed"
RULE = "rule_refused"


def open_incident(
    session: Session,
    kind: str,
    device_id: str | None,
    now: datetime,
    *,
    subject: str = "",
    facts: dict[str, Any] | None = None,
) -> bool:
    """Open an incident unless the same one is open; return whether it is new."""
    if _open_one(session, kind, device_id, subject) is not None:
        return False
    session.add(
        Incident(kind=kind, device_id=device_id, subject=subject, opened_at=now, facts=facts or {})
    )
    session.flush()
    return True


def close_incident(
    session: Session, kind: str, device_id: str | None, now: datetime, *, subject: str = ""
) -> bool:
    """Close an open incident; return whether there was one."""
    incident = _open_one(session, kind, device_id, subject)
    if incident is not None:
        incident.closed_at = now
    return incident is not None


def open_incidents(session: Session) -> Sequence[Incident]:
    """Return what is wrong now, newest first."""
    rows = select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.opened_at.desc())
    return session.scalars(rows).all()


def _open_one(session: Session, kind: str, device_id: str | None, subject: str) -> Incident | None:
    return session.scalars(
        select(Incident)
        .where(Incident.closed_at.is_(None), Incident.kind == kind)
        .where(Incident.device_id == device_id, Incident.subject == subject)
    ).first()
