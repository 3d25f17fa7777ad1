"""The dictionaries that hold in an area, ready for `speech.normalise`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.pronunciation.models import PronunciationEntry
from controller.speech import Dictionary, Entry


def dictionaries_for(session: Session, area: Area) -> tuple[Dictionary, ...]:
    """Return the dictionaries that hold in an area, the highest first; the nearest entry wins."""
    found: dict[str, list[Entry]] = {area_id: [] for area_id in area.chain}
    row = PronunciationEntry
    rows = select(row.area_id, row.written, row.spoken).where(row.area_id.in_(area.chain))
    for area_id, written, spoken in session.execute(rows):
        found[area_id].append(Entry(written, spoken))
    return tuple(Dictionary(found[area_id]) for area_id in area.chain if found[area_id])
