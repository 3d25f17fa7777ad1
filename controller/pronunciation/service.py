"""Use cases of an area's dictionary: add, change, remove, list, and what speaking needs of it."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Invalid
from controller.listing import above, below
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from controller.pronunciation.errors import AlreadyWritten, EntryMissing
from controller.pronunciation.models import EntryKind, PronunciationEntry
from controller.speech import Dictionary, Entry

LONGEST_WRITTEN, LONGEST_SPOKEN, LONGEST_NOTE = 100, 300, 300


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
    row = PronunciationEntry(area_id=area.id, written=_text("written", written, LONGEST_WRITTEN))
    taken = select(PronunciationEntry.id).where(
        PronunciationEntry.area_id == area.id, PronunciationEntry.written == row.written
    )
    if session.scalar(taken) is not None:
        raise AlreadyWritten(written=row.written, area=area.name)
    return _write(session, row, actor, spoken, kind, note, now, "pronunciation.add")


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
    return _write(session, row, actor, spoken, kind, note, now, "pronunciation.change")


def remove_entry(session: Session, *, actor: Actor, entry_id: int, now: datetime) -> None:
    """Remove an entry; then the next one upward counts, at last the shipped dictionary."""
    row = entry_of(session, actor, entry_id)
    require(actor, "pronunciation.edit", find_area(session, row.area_id))
    _note(session, row, actor, now, "pronunciation.remove")
    session.delete(row)
    session.flush()


def entry_of(session: Session, actor: Actor, entry_id: int) -> PronunciationEntry:
    """Return an entry that counts somewhere the actor can see, or raise EntryMissing."""
    row = session.get(PronunciationEntry, entry_id)
    if row is None or row not in entries(session, actor):
        raise EntryMissing(id=entry_id)
    return row


def entries(session: Session, actor: Actor) -> Sequence[PronunciationEntry]:
    """Return the entries of the actor's areas and of those above, the highest area first."""
    tops = paths_for(actor, "view")
    rows = select(PronunciationEntry).join(Area, Area.id == PronunciationEntry.area_id)
    rows = rows.where(below(Area.path, tops) | above(Area.path, tops))
    return session.scalars(rows.order_by(Area.path, PronunciationEntry.written)).all()


def dictionaries_for(session: Session, area: Area) -> tuple[Dictionary, ...]:
    """Return the dictionaries that hold in an area, the highest first, for `speech.normalise`."""
    found: dict[str, list[Entry]] = {area_id: [] for area_id in area.chain}
    rows = select(PronunciationEntry).where(PronunciationEntry.area_id.in_(area.chain))
    for row in session.scalars(rows):
        found[row.area_id].append(Entry(row.written, row.spoken, why=row.note))
    return tuple(Dictionary(found[area_id]) for area_id in area.chain if found[area_id])


def _write(
    session: Session,
    row: PronunciationEntry,
    actor: Actor,
    spoken: str,
    kind: str,
    note: str,
    now: datetime,
    action: str,
) -> PronunciationEntry:
    if kind not in set(EntryKind):
        raise Invalid(field="kind", why_vi="không có loại này", why_en="there is no such kind")
    row.spoken, row.kind = _text("spoken", spoken, LONGEST_SPOKEN), kind
    row.note = _text("note", note, LONGEST_NOTE) if note.strip() else ""
    row.changed_by, row.changed_at = actor.login, now
    session.add(row)
    session.flush()
    _note(session, row, actor, now, action)
    return row


def _text(field: str, text: str, longest: int) -> str:
    """Return a text on one line in composed form; raises Invalid when empty or too long."""
    tidy = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 0 < len(tidy) <= longest:
        raise Invalid(
            field=field,
            why_vi=f"cần từ 1 đến {longest} ký tự",
            why_en=f"needs 1 to {longest} characters",
        )
    return tidy


def _note(
    session: Session, row: PronunciationEntry, actor: Actor, now: datetime, action: str
) -> None:
    facts = {"written": row.written, "spoken": row.spoken, "kind": row.kind}
    audit.record(session, now, actor.login, action, "pronunciation", row.id, row.area_id, facts)
