"""The areas that a person can choose from in a form."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
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
