"""Looking entries up: what holds in an area, what a search finds, what a nearer one hides."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.listing import Listing, above, below, listing
from controller.people.places import area_in_sight
from controller.people.rights import Actor, paths_for
from controller.pronunciation.errors import EntryMissing
from controller.pronunciation.folding import folded
from controller.pronunciation.models import PronunciationEntry


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as it holds in one area: its own, or inherited, or hidden by a nearer one."""

    entry: PronunciationEntry
    area_name: str
    is_own: bool
    is_hidden: bool


def entry_of(session: Session, actor: Actor, entry_id: int) -> PronunciationEntry:
    """Return an entry that counts somewhere the actor can see, or raise EntryMissing."""
    row = session.scalar(_entries(actor).where(PronunciationEntry.id == entry_id))
    if row is None:
        raise EntryMissing(id=entry_id)
    return row


def entries(
    session: Session,
    actor: Actor,
    *,
    area_id: str | None = None,
    search: str = "",
    kind: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[PronunciationEntry]:
    """Return entries by what is written, the highest area first; the search knows no accents.

    With `area_id` those that hold there: its own and those of the areas above. Without, all that
    count anywhere in the actor's areas.
    """
    rows = _entries(actor)
    if area_id is not None:
        rows = rows.where(Area.id.in_(area_in_sight(session, actor, area_id).chain))
    if kind is not None:
        rows = rows.where(PronunciationEntry.kind == kind)
    for word in folded(search).split():
        rows = rows.where(PronunciationEntry.folded.contains(word, autoescape=True))
    ordered = rows.order_by(Area.path, PronunciationEntry.folded, PronunciationEntry.id)
    return listing(session, ordered, limit, offset)


def own_entries_of(session: Session, area: Area) -> Sequence[PronunciationEntry]:
    """Return the entries of an area itself, by what is written."""
    rows = select(PronunciationEntry).where(PronunciationEntry.area_id == area.id)
    return session.scalars(rows.order_by(PronunciationEntry.folded, PronunciationEntry.id)).all()


def as_shown(session: Session, area: Area, found: Sequence[PronunciationEntry]) -> list[ShownEntry]:
    """Return entries that hold in an area with whose they are, and which a nearer one hides."""
    chain = {name: depth for depth, name in enumerate(area.chain)}
    names = {row.id: row.name for row in session.scalars(select(Area).where(Area.id.in_(chain)))}
    same = select(PronunciationEntry.written, PronunciationEntry.area_id).where(
        PronunciationEntry.area_id.in_(chain),
        PronunciationEntry.written.in_({one.written for one in found}),
    )
    nearest: dict[str, int] = {}
    for written, area_id in session.execute(same):
        nearest[written] = max(nearest.get(written, 0), chain[area_id])
    return [
        ShownEntry(
            one,
            names[one.area_id],
            one.area_id == area.id,
            chain[one.area_id] < nearest[one.written],
        )
        for one in found
    ]


def _entries(actor: Actor) -> Select[PronunciationEntry]:
    rows = select(PronunciationEntry).join(Area, Area.id == PronunciationEntry.area_id)
    return rows.where(_in_sight(actor))


def _in_sight(actor: Actor) -> ColumnElement[bool]:
    tops = paths_for(actor, "view")
    return below(Area.path, tops) | above(Area.path, tops)
