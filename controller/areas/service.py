"""The tree of areas: finding, creating, moving, closing, merging, and the policy that is inherited.

Who may do this, and the audit, is `people/area_changes.py`: people stand above areas. Nothing here
commits.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from controller.areas.models import Area, Succession
from controller.errors import Conflict, Invalid, Missing
from wire.alert import Language
from wire.topics import AREA_PATTERN

DEEPEST = 12
EDITABLE = frozenset({"name", "name_en", "kind", "code", "valid_from", "latitude", "longitude"})
POLICY = frozenset(
    {"hard_stop_from", "hard_stop_until", "night_ceiling_db", "allows_self_approval", "languages"}
)
LANGUAGES_CHANGED = "languages"
"""The name (`wake.ask`) of who makes the emergency packs."""
LONGEST_LANGUAGES = 100
PHONE_PATTERN = r"\+?[0-9](?:[ .-]?[0-9]){2,18}"
_LANGUAGE = TypeAdapter(Language)


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds in an area; the defaults are what holds where no area above says otherwise.

    The hard stop is for non-emergencies, in local time, and may span midnight; equal times mean
    none. The night ceiling (21:00-06:00) is in dB below full; 15 dB are between 70 dBA by day
    and 55 by night in a normal zone (QCVN 26). Alerts are spoken in `languages`, in this order.
    """

    hard_stop_from: time = time(22, 0)
    hard_stop_until: time = time(4, 30)
    night_ceiling_db: float = -15.0
    allows_self_approval: bool = False
    languages: tuple[str, ...] = ("vi",)


def find_area(session: Session, area_id: str) -> Area:
    """Return an area, or raise `Missing`."""
    area = session.get(Area, area_id)
    if area is None:
        raise Missing(what="địa bàn | area", id=area_id)
    return area


def names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of areas by their ids."""
    rows = session.execute(select(Area.id, Area.name).where(Area.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


def create_area(session: Session, *, area_id: str, kind: str, name: str, **values: Any) -> Area:
    """Create an area; `values` may hold `parent_id` and what is in `EDITABLE`."""
    if not re.fullmatch(AREA_PATTERN, area_id):
        raise Invalid(
            field="id", why_vi="gồm chữ thường, số, gạch nối", why_en="is a-z, 0-9 and dashes"
        )
    if session.get(Area, area_id) is not None:
        raise Conflict(why_vi=f"Đã có địa bàn {area_id}", why_en=f"There is an area {area_id}")
    parent_id = values.pop("parent_id", None) or None
    _require_known(values, EDITABLE)
    parent = find_area(session, parent_id) if parent_id else None
    path = _path(parent, area_id)
    area = Area(id=area_id, kind=kind, name=name, parent_id=parent_id, path=path, **values)
    session.add(area)
    session.flush()
    return area


def edit_area(session: Session, area_id: str, **changes: Any) -> Area:
    """Change what is in `EDITABLE`."""
    return _assign(find_area(session, area_id), changes, EDITABLE)


def set_policy(session: Session, area_id: str, **changes: Any) -> Area:
    """Set parts of the policy; None takes the value from above. The hard stop is set as a pair."""
    if changes.get("languages") is not None:
        changes["languages"] = _one_text(changes["languages"])
    area = _assign(find_area(session, area_id), changes, POLICY)
    if (area.hard_stop_from is None) != (area.hard_stop_until is None):
        raise Invalid(
            field="hard_stop", why_vi="cần cả hai giờ", why_en="needs both its beginning and end"
        )
    return area


def set_head(session: Session, area_id: str, name: str, phone: str) -> Area:
    """Say who is called when the loudspeakers of an area are silent; empty is nobody."""
    area, name, phone = find_area(session, area_id), name.strip(), phone.strip()
    if len(name) > 200:
        raise Invalid(field="head_name", why_vi="quá dài", why_en="is too long")
    if not is_phone(phone):
        raise Invalid(field="head_phone", why_vi="không phải số điện thoại", why_en="is no phone")
    area.head_name, area.head_phone = name, phone
    return area


def is_phone(text: str) -> bool:
    """Return whether this can be called: 3 to 19 digits, perhaps with +, spaces, dots or dashes."""
    return not text or (len(text) <= 30 and re.fullmatch(PHONE_PATTERN, text) is not None)


def head_of(chain: Iterable[Area]) -> Area | None:
    """Return the nearest area of a chain (top first) with the phone of its head, None without."""
    return next((area for area in reversed(tuple(chain)) if area.head_phone), None)


def move_area(session: Session, area_id: str, parent_id: str | None) -> Area:
    """Hang an area, with everything below it, under another parent."""
    area = find_area(session, area_id)
    parent = find_area(session, parent_id) if parent_id else None
    if parent is not None and parent.path.startswith(area.path):
        raise Conflict(
            why_vi="Không thể đặt địa bàn vào chính nó", why_en="An area cannot be below itself"
        )
    old, new = area.path, _path(parent, area_id)
    deepest = max(row.count("/") for row in session.scalars(select(Area.path).where(below(area))))
    if deepest - old.count("/") + new.count("/") - 1 > DEEPEST:
        raise _too_deep()
    session.execute(
        update(Area)
        .where(below(area))
        .values(path=new + func.substr(Area.path, len(old) + 1))
        .execution_options(synchronize_session=False)
    )
    area.parent_id = parent_id
    session.flush()
    session.expire_all()
    return area


def close_area(session: Session, area_id: str, until: date) -> Area:
    """End an area on a day (the first on which it is no more)."""
    area = find_area(session, area_id)
    if area.valid_from is not None and until < area.valid_from:
        raise Invalid(field="valid_until", why_vi="trước ngày bắt đầu", why_en="before the start")
    area.valid_until = until
    return area


def merge_areas(session: Session, old_ids: Iterable[str], new_id: str, since: date) -> Area:
    """Make `new_id` the successor of areas that end on `since`; what is below them goes to it."""
    new = find_area(session, new_id)
    for old_id in old_ids:
        close_area(session, old_id, since)
        session.merge(Succession(old_id=old_id, new_id=new_id, since=since))
        children = session.scalars(select(Area.id).where(Area.parent_id == old_id)).all()
        for child in children:
            move_area(session, child, new_id)
    session.flush()
    return new


def successors(session: Session, area_id: str) -> tuple[str, ...]:
    """Return what an area became, followed through later mergers; itself when it still is."""
    found = session.scalars(
        select(Succession.new_id)
        .where(Succession.old_id == area_id)
        .order_by(Succession.since, Succession.new_id)
    ).all()
    if not found:
        return (area_id,)
    return tuple(dict.fromkeys(last for new in found for last in successors(session, new)))


def below(area: Area) -> ColumnElement[bool]:
    """Return the condition on `Area` for this area and everything below it."""
    return Area.path.startswith(area.path, autoescape=True)


def subtree_filter(area: Area) -> ColumnElement[bool]:
    """Return the condition on `Area` for this area and everything below it."""
    return below(area)


def subtree(session: Session, area_id: str) -> list[Area]:
    """Return an area and everything below it, each after its parent."""
    area = find_area(session, area_id)
    return list(session.scalars(select(Area).where(below(area)).order_by(Area.path)))


def children(session: Session, area_id: str | None) -> list[Area]:
    """Return the areas directly below one, or at the top, by name."""
    return list(
        session.scalars(select(Area).where(Area.parent_id == area_id).order_by(Area.name, Area.id))
    )


def ancestors(session: Session, area: Area) -> list[Area]:
    """Return the areas from the top of the tree down to this one, itself the last."""
    found = {one.id: one for one in session.scalars(select(Area).where(Area.id.in_(area.chain)))}
    return [found[name] for name in area.chain]


def effective_policy(session: Session, area: Area) -> Policy:
    """Return the policy of an area: each part from the nearest area above that sets it."""
    return policy_of(ancestors(session, area))


def policy_of(chain: Iterable[Area]) -> Policy:
    """Return the policy at the end of a chain of areas (top first), without asking a database."""
    said = {
        name: value
        for area in chain
        for name in sorted(POLICY)
        if (value := getattr(area, name)) is not None
    }
    if "languages" in said:
        said["languages"] = tuple(said["languages"].split())
    return Policy(**said)


def _one_text(languages: Sequence[str]) -> str:
    """Return languages as their column holds them, each once, or raise Invalid."""
    try:
        text = " ".join(dict.fromkeys(map(_LANGUAGE.validate_python, languages)))
    except ValidationError:
        text = ""
    if not 0 < len(text) <= LONGEST_LANGUAGES:
        raise Invalid(
            field="languages", why_vi="gồm các mã như vi, km, hmn", why_en="are codes: vi, km, hmn"
        )
    return text


def _assign(area: Area, changes: dict[str, Any], allowed: frozenset[str]) -> Area:
    _require_known(changes, allowed)
    for name, value in changes.items():
        setattr(area, name, value)
    return area


def _require_known(values: dict[str, Any], allowed: frozenset[str]) -> None:
    for name in sorted(set(values) - allowed):
        raise Invalid(field=name, why_vi="không sửa được", why_en="cannot be edited")


def _path(parent: Area | None, area_id: str) -> str:
    path = f"{parent.path if parent else '/'}{area_id}/"
    if path.count("/") - 1 > DEEPEST:
        raise _too_deep()
    return path


def _too_deep() -> Invalid:
    return Invalid(
        field="parent_id",
        why_vi=f"cây địa bàn sâu quá {DEEPEST} cấp",
        why_en=f"the tree is at most {DEEPEST} levels deep",
    )
