"""What a technician must know: opened once, closed when it is over."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
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
TOO_LARGE = "plan_too_large"
PACK_MISSING = "pack_missing"
LOCAL_ALERT = "local_alert"
WARNINGS_SILENT = "warnings_silent"
WARNINGS_REFUSED = "warnings_refused"


def open_incident(
    session: Session,
    kind: str,
    device_id: str | None,
    now: datetime,
    *,
    subject: str = "",
    facts: dict[str, Any] | None = None,
) -> bool:
    """Open an incident unless the same one is open; return whether it is new.

    The one that is open remembers when it came again, to the minute.
    """
    again = _open_one(session, kind, device_id, subject)
    if again is not None:
        if now - last_at(again) >= timedelta(minutes=1):
            again.facts = again.facts | {"last_at": now.isoformat()}
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


def close_incidents(
    session: Session, kind: str, device_id: str, now: datetime, subjects: Collection[str]
) -> None:
    """Close a device's open incidents of a kind and of any of these subjects."""
    session.execute(
        update(Incident)
        .where(Incident.closed_at.is_(None), Incident.kind == kind)
        .where(Incident.device_id == device_id, Incident.subject.in_(subjects))
        .values(closed_at=now)
    )


def last_at(incident: Incident) -> datetime:
    """Return when it came the last time."""
    told = incident.facts.get("last_at")
    return datetime.fromisoformat(told) if told else incident.opened_at


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
