"""Sources of warnings in trouble: not answering, or sending what cannot be believed; told.

Both are measured: they close when the source works again, is paused or retired.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.cap.judging import Outcome
from controller.cap.models import CapMessage, CapSource
from controller.health import incidents
from controller.health.models import Incident

SILENT_AFTER = 3
"""Polls in a row that failed; between them it waits one and two minutes."""
LOOKS_BACK = timedelta(days=7)
"""A source that sent nothing since is asked about, not told of for ever."""
KINDS = (incidents.WARNINGS_SILENT, incidents.WARNINGS_REFUSED)
OF_SIGNATURE = (
    "unsigned",
    "signer_unknown",
    "certificate",
    "signature_invalid",
    "signature_form",
    "signature_weak",
)

Trouble = tuple[str, str]
"""A kind of incident and the source that it is about."""


def note_sources(session: Session, now: datetime) -> list[str]:
    """Open an incident for each source in trouble, close those of sources that work again.

    Returns what is new, for the log.
    """
    found = dict(_troubles(session, now))
    open_now = select(Incident).where(Incident.kind.in_(KINDS), Incident.closed_at.is_(None))
    known = {(one.kind, one.subject): one for one in session.scalars(open_now)}
    for trouble, incident in known.items():
        if trouble not in found:
            incident.closed_at = now
    fresh = [trouble for trouble in found if trouble not in known]
    for kind, source in fresh:
        facts = found[kind, source]
        incidents.open_incident(session, kind, None, now, subject=source, facts=facts)
    return [f"{source}: {kind}: {found[kind, source]['why_en']}" for kind, source in fresh]


def _troubles(session: Session, now: datetime) -> Iterator[tuple[Trouble, dict[str, str]]]:
    in_use = select(CapSource).where(CapSource.is_on, CapSource.retired_at.is_(None))
    for source in session.scalars(in_use.order_by(CapSource.id)):
        told = {"source": source.id, "name": source.name}
        if source.failures >= SILENT_AFTER:
            why = {"why_vi": source.trouble_vi, "why_en": source.trouble_en}
            yield (incidents.WARNINGS_SILENT, source.id), told | why
        newest = _newest(session, source, now)
        if newest is not None and newest.outcome == Outcome.REFUSED:
            why = {"why_vi": newest.why_vi, "why_en": newest.why_en}
            yield (incidents.WARNINGS_REFUSED, source.id), told | why


def _newest(session: Session, source: CapSource, now: datetime) -> CapMessage | None:
    """Return the newest message that was believed, or refused for its signature."""
    is_telling = or_(CapMessage.outcome != Outcome.REFUSED, CapMessage.reason.in_(OF_SIGNATURE))
    rows = select(CapMessage).where(
        CapMessage.source_id == source.id, CapMessage.received_at > now - LOOKS_BACK, is_telling
    )
    return session.scalar(rows.order_by(CapMessage.id.desc()).limit(1))
