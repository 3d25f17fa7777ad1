"""Finding sources of warnings: those of the actor's own areas, and those that are gone."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.cap.models import CapSource
from controller.errors import Missing
from controller.listing import Listing, below, listing
from controller.people.rights import Actor, paths_for


class SourceMissing(Missing):
    """No such source in the areas of the actor; fact `id`."""

    code = "source_missing"
    vi = "Không có nguồn cảnh báo {id}"
    en = "There is no source of warnings {id}"


def source_of(session: Session, actor: Actor, source_id: str) -> CapSource:
    """Return a source of where the actor sees warnings, else SourceMissing."""
    source = session.get(CapSource, source_id)
    if source is None:
        raise SourceMissing(id=source_id)
    area = find_area(session, source.area_id)
    if not any(area.path.startswith(path) for path in paths_for(actor, "cap.view")):
        raise SourceMissing(id=source_id)
    return source


def sources(
    session: Session,
    actor: Actor,
    *,
    with_retired: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Listing[CapSource]:
    """Return the sources of where the actor sees warnings, by area and name."""
    rows = (
        select(CapSource)
        .join(Area, Area.id == CapSource.area_id)
        .where(below(Area.path, paths_for(actor, "cap.view")))
    )
    if not with_retired:
        rows = rows.where(CapSource.retired_at.is_(None))
    return listing(session, rows.order_by(Area.path, CapSource.id), limit, offset)


def retired_sources(session: Session) -> tuple[str, ...]:
    """Return the names whose certificates our broker shuts out."""
    rows = select(CapSource.id).where(CapSource.retired_at.is_not(None)).order_by(CapSource.id)
    return tuple(session.scalars(rows))
