"""Writing down a source of warnings: where it is, and what it owes before it is believed."""

from datetime import datetime

from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.cap.models import CapSource, SourceKind
from controller.errors import Invalid
from controller.people import audit
from controller.people.rights import Actor, require
from wire import topics


def register_source(
    session: Session,
    *,
    actor: Actor,
    source_id: str,
    area_id: str,
    kind: SourceKind,
    place: str,
    pinned: str,
    now: datetime,
) -> CapSource:
    """Add or change a source; it is open when it has no pinned certificate (PEM).

    Raises NotAllowed, Missing, `Malformed` for a name that no topic can have, Invalid without a
    place. A source stays in its area.
    """
    area = find_area(session, area_id)
    require(actor, "cap.sources", area)
    topics.warnings_from(source_id)
    if kind is not SourceKind.MQTT and not place:
        raise Invalid(field="place", why_vi="cần nơi lấy tin", why_en="needs a place")
    source = session.get(CapSource, source_id)
    if source is None:
        source = CapSource(
            id=source_id, area_id=area.id, name=source_id, created_by=actor.login, created_at=now
        )
        session.add(source)
    elif source.area_id != area.id:
        raise Invalid(field="area", why_vi="không đổi được địa bàn", why_en="cannot be changed")
    source.kind, source.place, source.pinned = kind.value, place, pinned
    source.is_open, source.due_at = not pinned, None
    session.flush()
    facts = {"kind": kind.value, "place": place, "is_open": source.is_open}
    audit.record(session, now, actor.login, "cap.source", "source", source.id, area.id, facts)
    return source
