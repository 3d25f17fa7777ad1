"""Use cases of an area's dictionary: add, change, remove.

Looking entries up is `finding.py`, what speaking needs `dictionaries.py`. The caller commits.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.people import audit
from controller.people.rights import Actor, require
from controller.pronunciation.checking import FitEntry, fit_entry
from controller.pronunciation.dictionaries import dictionaries_for
from controller.pronunciation.errors import AlreadyWritten
from controller.pronunciation.finding import entry_of
from controller.pronunciation.folding import folded
from controller.pronunciation.models import LONGEST_FOLDED, PronunciationEntry
from controller.pronunciation.unread import forget_read

__all__ = ["add_entry", "change_entry", "dictionaries_for", "remove_entry", "write"]


def add_entry(
    session: Session,
    *,
    actor: Actor,
    area_id: str,
    written: str,
    spoken: str,
    kind: str,
    now: datetime,
    note: str = "",
) -> PronunciationEntry:
    """Say how an area reads something; raises AlreadyWritten when it has said so before."""
    area = find_area(session, area_id)
    require(actor, "pronunciation.edit", area)
    fit = fit_entry(written, spoken, kind, note)
    taken = select(PronunciationEntry.id).where(
        PronunciationEntry.area_id == area.id, PronunciationEntry.written == fit.written
    )
    if session.scalar(taken) is not None:
        raise AlreadyWritten(written=fit.written, area=area.name)
    row = PronunciationEntry(area_id=area.id, written=fit.written)
    write(session, row, fit, actor.login, now)
    _note(session, row, actor, now, "pronunciation.add")
    forget_read(session, area, [fit.written])
    return row


def change_entry(
    session: Session,
    *,
    actor: Actor,
    entry_id: int,
    spoken: str,
    kind: str,
    now: datetime,
    note: str = "",
) -> PronunciationEntry:
    """Read an entry otherwise; what is written and where it holds never change."""
    row = entry_of(session, actor, entry_id)
    require(actor, "pronunciation.edit", find_area(session, row.area_id))
    write(session, row, fit_entry(row.written, spoken, kind, note), actor.login, now)
    _note(session, row, actor, now, "pronunciation.change")
    return row


def remove_entry(session: Session, *, actor: Actor, entry_id: int, now: datetime) -> None:
    """Remove an entry; then the next one upward counts, at last the shipped dictionary."""
    row = entry_of(session, actor, entry_id)
    require(actor, "pronunciation.edit", find_area(session, row.area_id))
    _note(session, row, actor, now, "pronunciation.remove")
    session.delete(row)
    session.flush()


def write(
    session: Session, row: PronunciationEntry, fit: FitEntry, login: str, now: datetime
) -> None:
    """Put a fit entry into its row, new or old; the audit is the caller's."""
    row.spoken, row.kind, row.note = fit.spoken, fit.kind, fit.note
    row.folded = f"{folded(row.written)} {folded(fit.spoken)}"[:LONGEST_FOLDED]
    row.changed_by, row.changed_at = login, now
    session.add(row)
    session.flush()


def _note(
    session: Session, row: PronunciationEntry, actor: Actor, now: datetime, action: str
) -> None:
    facts = {"written": row.written, "spoken": row.spoken, "kind": row.kind}
    audit.record(session, now, actor.login, action, "pronunciation", row.id, row.area_id, facts)
