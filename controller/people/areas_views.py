"""Pages of the tree of areas; with people, because every change needs an actor."""

from datetime import time

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.models import Area
from controller.areas.service import ancestors, children, effective_policy
from controller.errors import Invalid, Missing
from controller.listing import LARGEST_LIMIT, above, below
from controller.people import area_changes
from controller.people.access import actor, now, reading, writing
from controller.people.rights import allows, paths_for
from controller.web.page import done, number_in, page

areas_views = Blueprint("areas", __name__, template_folder="templates")


@areas_views.get("/areas")
def areas() -> str:
    """Show where one's tree begins, or the areas whose name holds a text."""
    search, tops = request.args.get("search", ""), paths_for(actor(), "view")
    rows = select(Area).where(below(Area.path, tops) if search else Area.path.in_(tops))
    if search:
        wanted = (Area.name, Area.formerly, Area.id)
        rows = rows.where(or_(*(part.icontains(search, autoescape=True) for part in wanted)))
    with reading() as session:
        found = session.scalars(rows.order_by(Area.path).limit(LARGEST_LIMIT)).all()
        if not search and "/" in tops:
            found = children(session, None)
        return page("people/areas.html", areas=found)


@areas_views.get("/areas/<area_id>")
def area(area_id: str) -> str:
    """Show an area: what is below it, and the policy that holds there."""
    with reading() as session:
        found = _seen(session, area_id)
        return page(
            "people/area.html",
            area=found,
            chain=ancestors(session, found)[:-1],
            below=[one for one in children(session, area_id) if _is_seen(one)],
            policy=effective_policy(session, found),
            may_edit=allows(actor(), "area.edit", found),
            may_set=allows(actor(), "area.policy", found),
            may_call=allows(actor(), "area.contact", found),
        )


@areas_views.post("/areas/<area_id>/policy")
def set_policy(area_id: str) -> AnyResponse:
    """Change the policy; empty takes the value from above."""
    form = request.form
    own = {"yes": True, "no": False}.get(form.get("allows_self_approval", ""))
    with writing() as session:
        area_changes.set_policy(
            session,
            actor(),
            area_id,
            now(),
            hard_stop_from=_time("hard_stop_from"),
            hard_stop_until=_time("hard_stop_until"),
            night_ceiling_db=number_in(form, "night_ceiling_db"),
            allows_self_approval=own,
            languages=form.get("languages", "").replace(",", " ").split() or None,
        )
    return done(f"/areas/{area_id}", _("Đã lưu quy định"))


@areas_views.post("/areas/<area_id>/edit")
def edit(area_id: str) -> AnyResponse:
    """Change names and code."""
    values = {name: request.form.get(name, "") for name in ("name", "name_en", "code")}
    with writing() as session:
        area_changes.edit_area(session, actor(), area_id, now(), **values)
    return done(f"/areas/{area_id}", _("Đã lưu"))


@areas_views.post("/areas/<area_id>/head")
def set_head(area_id: str) -> AnyResponse:
    """Change who is called when the loudspeakers there are silent."""
    name, phone = request.form.get("head_name", ""), request.form.get("head_phone", "")
    with writing() as session:
        area_changes.set_head(session, actor(), area_id, name, phone, now())
    return done(f"/areas/{area_id}", _("Đã lưu"))


@areas_views.post("/areas/<area_id>/children")
def add(area_id: str) -> AnyResponse:
    """Create an area below this one."""
    form = request.form
    with writing() as session:
        made = area_changes.create_area(
            session,
            actor(),
            area_id=form.get("id", "").strip(),
            kind=form.get("kind", "village"),
            name=form.get("name", "").strip(),
            parent_id=area_id,
            now=now(),
        )
        return done(f"/areas/{made.id}", _("Đã thêm địa bàn"))


def _seen(session: Session, area_id: str) -> Area:
    tops = paths_for(actor(), "view")
    mine = or_(below(Area.path, tops), above(Area.path, tops))
    found = session.scalar(select(Area).where(Area.id == area_id, mine))
    if found is None:
        raise Missing(what="địa bàn | area", id=area_id)
    return found


def _is_seen(one: Area) -> bool:
    tops = paths_for(actor(), "view")
    return any(one.path.startswith(top) or top.startswith(one.path) for top in tops)


def _time(name: str) -> time | None:
    text = request.form.get(name, "")
    try:
        return time.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(field=name, why_vi="không phải giờ", why_en="is no time") from error
