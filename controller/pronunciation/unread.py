"""What the normaliser could not read in the texts of an area, waiting for somebody's entry.

A list to work through, not a record: bounded, pruned, and gone as soon as an entry covers it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.listing import Listing, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from controller.pronunciation.dictionaries import dictionaries_for
from controller.pronunciation.errors import UnreadMissing
from controller.pronunciation.models import UnreadWord
from controller.speech import Dictionary, Spoken, normalise

KEPT_FOR = timedelta(days=90)
MOST_AN_AREA = 200
MOST_A_TEXT = 20
MOST_AT_ONCE = 500
LONGEST_WORD, LONGEST_EXAMPLE = 100, 300
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?…]\s|\n")


@dataclass(frozen=True, slots=True)
class Found:
    """A word that a text holds and nobody can read: how often, and a sentence with it."""

    text: str
    count: int
    example: str


def found_in(read: Iterable[Spoken]) -> tuple[Found, ...]:
    """Return what some texts hold that could not be read, 20 words at most."""
    found: dict[str, Found] = {}
    for spoken in read:
        for warning in spoken.warnings:
            if warning.doubt != "unread" or len(warning.text) > LONGEST_WORD:
                continue
            before = found.get(warning.text)
            if before is not None:
                found[warning.text] = replace(before, count=before.count + 1)
            elif len(found) < MOST_A_TEXT:
                example = _sentence(spoken.written, warning.start, warning.end)
                found[warning.text] = Found(warning.text, 1, example)
    return tuple(found.values())


def note_unread(session: Session, area_id: str, found: Iterable[Found], now: datetime) -> None:
    """Count what an area's texts held; the oldest go where there are more than 200 in an area."""
    words = {one.text: one for one in found}
    rows = select(UnreadWord).where(UnreadWord.area_id == area_id, UnreadWord.text.in_(words))
    known = {row.text: row for row in session.scalars(rows)}
    for text, one in words.items():
        row = known.get(text)
        if row is None:
            row = UnreadWord(area_id=area_id, text=text, key=text.lower(), count=0, first_at=now)
            session.add(row)
        row.count, row.last_at, row.example = row.count + one.count, now, one.example
    session.flush()
    _prune(session, area_id, now)


def unread_words(
    session: Session,
    actor: Actor,
    *,
    area_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[UnreadWord]:
    """Return what waits in the areas that the actor writes entries for, the newest first.

    With `area_id` what waits there and below.
    """
    rows = select(UnreadWord).join(Area, Area.id == UnreadWord.area_id)
    rows = rows.where(below(Area.path, paths_for(actor, "pronunciation.edit")))
    if area_id is not None:
        rows = rows.where(below(Area.path, [find_area(session, area_id).path]))
    newest = rows.order_by(UnreadWord.last_at.desc(), UnreadWord.id.desc())
    return listing(session, newest, limit, offset)


def dismiss_unread(session: Session, *, actor: Actor, unread_id: int, now: datetime) -> None:
    """Take a word off the list: a slip of the pen needs no entry. It comes back when it is met."""
    row = session.get(UnreadWord, unread_id)
    area = find_area(session, row.area_id) if row else None
    tops = paths_for(actor, "view")
    if row is None or area is None or not any(area.path.startswith(top) for top in tops):
        raise UnreadMissing(id=unread_id)
    require(actor, "pronunciation.edit", area)
    facts = {"text": row.text, "count": row.count}
    audit.record(
        session, now, actor.login, "pronunciation.dismiss", "unread", row.id, area.id, facts
    )
    session.delete(row)
    session.flush()


def forget_read(session: Session, area: Area, written: Iterable[str]) -> None:
    """Take off the lists of an area, and of those below, what new entries of it cover.

    A word is covered when its example can be read by the dictionaries of its own area.
    """
    keys = sorted({key for one in written for key in (one.lower(), *_WORD.findall(one.lower()))})
    layers: dict[str, tuple[Dictionary, ...]] = {}
    for at in range(0, len(keys), MOST_AT_ONCE):
        rows = (
            select(UnreadWord, Area)
            .join(Area, Area.id == UnreadWord.area_id)
            .where(below(Area.path, [area.path]), UnreadWord.key.in_(keys[at : at + MOST_AT_ONCE]))
        )
        for row, where in session.execute(rows).all():
            if where.id not in layers:
                layers[where.id] = dictionaries_for(session, where)
            if not _is_unread(row, layers[where.id]):
                session.delete(row)
    session.flush()


def _is_unread(row: UnreadWord, dictionaries: tuple[Dictionary, ...]) -> bool:
    read = normalise(row.example, dictionaries=dictionaries)
    return row.text in {one.text for one in read.warnings if one.doubt == "unread"}


def _prune(session: Session, area_id: str, now: datetime) -> None:
    own = UnreadWord.area_id == area_id
    session.execute(delete(UnreadWord).where(own, UnreadWord.last_at < now - KEPT_FOR))
    newest = select(UnreadWord.id).where(own)
    newest = newest.order_by(UnreadWord.last_at.desc(), UnreadWord.id.desc()).limit(MOST_AN_AREA)
    session.execute(delete(UnreadWord).where(own, UnreadWord.id.not_in(newest)))


def _sentence(text: str, start: int, end: int) -> str:
    """Return the sentence around a place, cut to the words near it where it is long."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text, max(0, start - 300), start)]
    after = _SENTENCE_END.search(text, end, end + 300)
    begun = ends[-1] if ends else max(0, start - 150)
    finished = after.start() + 1 if after else min(len(text), end + 150)
    begun = max(begun, end - 150)
    return text[begun : min(finished, begun + LONGEST_EXAMPLE)].strip()
