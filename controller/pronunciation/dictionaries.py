"""The dictionaries that hold in an area, ready for `speech.normalise`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.pronunciation.models import PronunciationEntry
from controller.speech import Dictionary, Entry


def dictionaries_for(session: Session, area: Area) -> tuple[Dictionary, ...]:
    """Return the dictionaries that hold in an area, the highest first; the nearest entry wins."""
    found: dict[str, list[Entry]] = {area_id: [] for area_id in area.chain}
    rows = select(PronunciationEntry).where(PronunciationEntry.area_id.in_(area.chain))
    for row in session.scalars(rows):
        found[row.area_id].append(Entry(row.written, row.spoken, why=row.note))
    return tuple(Dictionary(found[area_id]) for area_id in area.chain if found[area_id])
