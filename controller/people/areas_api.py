"""The tree of areas over the JSON API; with people, because every route needs an actor."""

from datetime import date, time
from typing import Annotated

from flask import Response
from flask_openapi3.models.file import FileStorage
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import effective_policy
from controller.errors import Invalid, Missing
from controller.listing import above, below, listing
from controller.people import area_changes
from controller.people.access import actor, now, reading, writing
from controller.people.rights import paths_for
from controller.web.api import (
    Asked,
    Key,
    PageQuery,
    Told,
    Words,
    allow,
    answer,
    make_api,
    page,
)
from wire.alert import Language

areas_api = make_api("areas", "Địa bàn", "Areas")


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("is local time, without an offset")
    return value


LocalTime = Annotated[time, AfterValidator(_local)]


class AreaPath(BaseModel):
    """Which area."""

    area_id: Key


class AreaQuery(PageQuery):
    """Which areas: the children of one, or those whose name holds a text."""

    parent_id: Key | None = None
    search: Words = ""


class AreaEdit(Asked):
    """What changes."""

    name: Words = Field("", max_length=200)
    name_en: Words = Field("", max_length=200)
    kind: Words = Field("", max_length=20)
    code: Words = Field("", max_length=40)
    valid_from: date | None = None
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)


class AreaBody(AreaEdit):
    """A new area below another."""

    id: Words = Field(max_length=40)
    name: Words = Field(min_length=1, max_length=200)
    kind: Words = Field(min_length=1, max_length=20)
    parent_id: Key | None = None


class PolicyBody(Asked):
    """Parts of the policy; null takes the value from the area above."""

    hard_stop_from: LocalTime | None = None
    hard_stop_until: LocalTime | None = None
    night_ceiling_db: float | None = Field(None, ge=-120, le=0)
    allows_self_approval: bool | None = None
    languages: list[Language] | None = Field(None, min_length=1, max_length=8)


class HeadBody(Asked):
    """Who is called when the loudspeakers there are silent; empty is nobody."""

    name: Words = Field("", max_length=200)
    phone: Words = Field("", max_length=30)


class MoveBody(Asked):
    """The new parent; null is the top of the tree."""

    parent_id: Key | None


class CloseBody(Asked):
    """The first day on which the area is no more."""

    until: date


class MergeBody(Asked):
    """The areas that become this one, and since when."""

    old_ids: list[Key] = Field(min_length=1, max_length=100)
    since: date


class CsvForm(BaseModel):
    """A CSV file in UTF-8 with a heading, as `controller/areas/importing.py` describes it."""

    file: FileStorage


class PolicyOut(Told):
    """What holds in an area, inherited parts included."""

    hard_stop_from: time
    hard_stop_until: time
    night_ceiling_db: float
    allows_self_approval: bool
    languages: tuple[str, ...]


class AreaOut(Told):
    """One node of the tree; `path` holds the ids from the top."""

    id: str
    kind: str
    name: str
    name_en: str
    parent_id: str | None
    path: str
    code: str
    valid_from: date | None
    valid_until: date | None
    latitude: float | None
    longitude: float | None


class AreaDetail(AreaOut):
    """An area with the policy that holds there."""

    policy: PolicyOut
    head_name: str
    head_phone: str


class AreaPage(BaseModel):
    """One page of areas."""

    total: int
    items: list[AreaOut]


class ImportedOut(Told):
    """What an import did."""

    created: int
    updated: int
    successions: int


@areas_api.get("/areas", responses={200: AreaPage})
@allow("view")
def list_areas(query: AreaQuery) -> Response:
    """List my areas and those above them, each after its parent."""
    tops = paths_for(actor(), "view")
    rows = select(Area).where(or_(below(Area.path, tops), above(Area.path, tops)))
    if query.parent_id is not None:
        rows = rows.where(Area.parent_id == query.parent_id)
    if query.search:
        rows = rows.where(Area.name.icontains(query.search, autoescape=True))
    with reading() as session:
        return page(AreaOut, listing(session, rows.order_by(Area.path), query.limit, query.offset))


@areas_api.get("/areas/<area_id>", responses={200: AreaDetail})
@allow("view")
def get_area(path: AreaPath) -> Response:
    """Show one area and the policy that holds there."""
    with reading() as session:
        return answer(_detail(session, _seen(session, path.area_id)))


@areas_api.post("/areas", responses={201: AreaOut})
@allow("area.edit")
def create_area(body: AreaBody) -> Response:
    """Create an area below one of mine."""
    values = body.model_dump(exclude={"id"})
    with writing() as session:
        made = area_changes.create_area(session, actor(), now=now(), area_id=body.id, **values)
        return answer(AreaOut.model_validate(made), 201)


@areas_api.post("/areas/import", responses={200: ImportedOut})
@allow("area.edit", takes_upload=True)
def import_areas(form: CsvForm) -> Response:
    """Read a whole tree from CSV; only who has every area may."""
    try:
        text = form.file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(field="file", why_vi="phải là UTF-8", why_en="must be UTF-8") from error
    with writing() as session:
        done = area_changes.import_areas(session, actor(), text, now())
        return answer(ImportedOut.model_validate(done))


@areas_api.patch("/areas/<area_id>", responses={200: AreaOut})
@allow("area.edit")
def edit_area(path: AreaPath, body: AreaEdit) -> Response:
    """Change name, kind, code, date or position."""
    changes = body.model_dump(exclude_unset=True)
    with writing() as session:
        edited = area_changes.edit_area(session, actor(), path.area_id, now(), **changes)
        return answer(AreaOut.model_validate(edited))


@areas_api.put("/areas/<area_id>/policy", responses={200: AreaDetail})
@allow("area.policy")
def set_policy(path: AreaPath, body: PolicyBody) -> Response:
    """Change hard stop, night ceiling, self-approval, languages; what is not named stays."""
    changes = body.model_dump(exclude_unset=True)
    with writing() as session:
        area = area_changes.set_policy(session, actor(), path.area_id, now(), **changes)
        return answer(_detail(session, area))


@areas_api.put("/areas/<area_id>/head", responses={200: AreaDetail})
@allow("area.contact")
def set_head(path: AreaPath, body: HeadBody) -> Response:
    """Change the village head and their phone."""
    with writing() as session:
        area = area_changes.set_head(session, actor(), path.area_id, body.name, body.phone, now())
        return answer(_detail(session, area))


@areas_api.post("/areas/<area_id>/move", responses={200: AreaOut})
@allow("area.edit")
def move_area(path: AreaPath, body: MoveBody) -> Response:
    """Hang an area, with everything below it, under another parent."""
    with writing() as session:
        moved = area_changes.move_area(session, actor(), path.area_id, body.parent_id, now())
        return answer(AreaOut.model_validate(moved))


@areas_api.post("/areas/<area_id>/close", responses={200: AreaOut})
@allow("area.edit")
def close_area(path: AreaPath, body: CloseBody) -> Response:
    """End an area on a day."""
    with writing() as session:
        closed = area_changes.close_area(session, actor(), path.area_id, body.until, now())
        return answer(AreaOut.model_validate(closed))


@areas_api.post("/areas/<area_id>/merge", responses={200: AreaOut})
@allow("area.edit")
def merge_areas(path: AreaPath, body: MergeBody) -> Response:
    """Make this area the successor of others; what is below them goes to it."""
    with writing() as session:
        merged = area_changes.merge_areas(
            session, actor(), body.old_ids, path.area_id, body.since, now()
        )
        return answer(AreaOut.model_validate(merged))


def _seen(session: Session, area_id: str) -> Area:
    tops = paths_for(actor(), "view")
    mine = or_(below(Area.path, tops), above(Area.path, tops))
    area = session.scalar(select(Area).where(Area.id == area_id, mine))
    if area is None:
        raise Missing(what="địa bàn | area", id=area_id)
    return area


def _detail(session: Session, area: Area) -> AreaDetail:
    policy = PolicyOut.model_validate(effective_policy(session, area))
    return AreaDetail(
        **AreaOut.model_validate(area).model_dump(),
        policy=policy,
        head_name=area.head_name,
        head_phone=area.head_phone,
    )
