"""One page of a list, bounded: what every list for people and programs returns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

LARGEST_LIMIT = 200

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """Rows `[offset, offset + limit)` of `total`."""

    rows: tuple[Row, ...]
    total: int


def listing(session: Session, rows: Select[Any], limit: int = 50, offset: int = 0) -> Listing[Any]:
    """Return one page of an ordered select of one thing; at most 200 rows."""
    total = session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    page = session.scalars(rows.limit(min(limit, LARGEST_LIMIT)).offset(offset))
    return Listing(tuple(page), total)


def below(path: InstrumentedAttribute[str], tops: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that an area's path lies in one of the subtrees; none for no tops."""
    return or_(false(), *(path.startswith(top, autoescape=True) for top in tops))


def above(path: InstrumentedAttribute[str], bottoms: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that an area's path is one of `bottoms` or an ancestor of one."""
    return path.in_({chain for bottom in bottoms for chain in _chain(bottom)})


def _chain(path: str) -> list[str]:
    ids = path.strip("/").split("/")
    return ["/" + "/".join(ids[: depth + 1]) + "/" for depth in range(len(ids))]
