"""The areas that a person can choose from in a form, or whose rules count for them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Missing
from controller.listing import below
from controller.people.rights import Actor, paths_for

MOST = 500


def places(session: Session, actor: Actor, action: str) -> Sequence[tuple[str, str]]:
    """Return id and name of the areas where the actor may do this, each after its parent.

    At most 500: beyond that the names are of the upper levels only, which come first.
    """
    rows = session.execute(
        select(Area.id, Area.name, Area.path)
        .where(below(Area.path, paths_for(actor, action)), Area.valid_until.is_(None))
        .order_by(Area.path)
    ).all()
    deepest = 12
    while len(rows) > MOST and deepest:
        deepest -= 1
        rows = [row for row in rows if row.path.count("/") - 1 <= deepest]
    top = min((row.path.count("/") for row in rows), default=0)
    return [(row.id, "– " * (row.path.count("/") - top) + row.name) for row in rows]


def area_in_sight(session: Session, actor: Actor, area_id: str) -> Area:
    """Return an area of the actor's, or one above them, whose rules count here; or Missing."""
    area, tops = find_area(session, area_id), paths_for(actor, "view")
    if not any(area.path.startswith(top) or top.startswith(area.path) for top in tops):
        raise Missing(what="địa bàn | area", id=area_id)
    return area
