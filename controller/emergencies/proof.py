"""The proof of one broadcast: everything that can be said of it, as values for a page or a program.

The audit entries carry their hashes, and the head is what devices keep: paper can be checked later.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.emergencies.models import Alert, AlertRelease, AlertRevision
from controller.emergencies.progress import ClusterReach, Counts, Seen, clusters, progress
from controller.emergencies.releasing import releases
from controller.library.models import Hearing
from controller.people import audit
from controller.people.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody listened to a sound before it went out."""

    login: str
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the audit chain about this alert."""

    number: int
    at: datetime
    who: str
    action: str
    facts: dict[str, Any]
    hash: str
    previous_hash: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One broadcast: the alert with every text, who did what, what each cluster did."""

    alert: Alert
    area_name: str
    publish_area_name: str
    revisions: tuple[AlertRevision, ...]
    releases: tuple[AlertRelease, ...]
    hearings: tuple[Heard, ...]
    entries: tuple[Entry, ...]
    audit_head: str
    counts: Counts
    clusters: tuple[ClusterReach, ...]
    made_at: datetime


def proof_of(session: Session, alert: Alert, now: datetime, seen: Seen = None) -> Proof:
    """Return the proof of an alert as it stands now; the caller judged who may see what of it."""
    return Proof(
        alert=alert,
        area_name=find_area(session, alert.area_id).name,
        publish_area_name=find_area(session, alert.publish_area_id).name,
        revisions=tuple(alert.revisions),
        releases=tuple(releases(session, alert.id)),
        hearings=_hearings(session, alert),
        entries=_entries(session, alert),
        audit_head=audit.head(session),
        counts=progress(session, alert.id, now, seen).counts,
        clusters=clusters(session, alert.id, now, seen),
        made_at=now,
    )


def _hearings(session: Session, alert: Alert) -> tuple[Heard, ...]:
    about = {alert.id, alert.template_id or alert.id}
    rows = session.scalars(select(Hearing).where(Hearing.about.in_(about)).order_by(Hearing.at))
    return tuple(Heard(row.login, row.sha256, row.at) for row in rows)


def _entries(session: Session, alert: Alert) -> tuple[Entry, ...]:
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_type == "alert", AuditEntry.object_id == alert.id)
        .order_by(AuditEntry.number)
    )
    return tuple(
        Entry(row.number, row.at, row.who, row.action, row.facts, row.hash, row.previous_hash)
        for row in rows
    )
