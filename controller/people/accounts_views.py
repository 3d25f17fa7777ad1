"""Pages for administrators: accounts with their roles, and the audit log."""

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy import or_, select
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.models import Area
from controller.errors import Invalid
from controller.listing import below, listing
from controller.people import service
from controller.people.access import actor, now, reading, writing
from controller.people.models import AuditEntry, Role
from controller.people.places import places
from controller.people.rights import ACTIONS, NotAllowed, paths_for
from controller.people.second_factor import who_has_one
from controller.web.page import PAGE_SIZE, done, offset, page

accounts_views = Blueprint("accounts", __name__, template_folder="templates")


@accounts_views.get("/people")
def people() -> str:
    """List the accounts that one administers."""
    _require("person.view")
    with reading() as session:
        found = service.people_seen_by(session, actor())
        areas = places(session, actor(), "person.edit")
        return page(
            "people/accounts.html",
            people=found,
            areas=areas,
            names=dict(areas),
            with_second_factor=who_has_one(session),
        )


@accounts_views.post("/people")
def create() -> str:
    """Create an account and show its first password, once."""
    form = request.form
    with writing() as session:
        person, password = service.create_person(
            session,
            actor(),
            login=form.get("login", "").strip(),
            full_name=form.get("full_name", "").strip(),
            phone=form.get("phone", ""),
            role=_role(),
            area_id=form.get("area_id", ""),
            now=now(),
        )
    return page("people/_first_password.html", login=person.login, password=password)


@accounts_views.post("/people/<int:person_id>/reset")
def reset(person_id: int) -> str:
    """Give a new first password, shown once."""
    with writing() as session:
        password = service.reset_password(session, actor(), person_id, now())
        login = service.find_person(session, person_id).login
    return page("people/_first_password.html", login=login, password=password)


@accounts_views.post("/people/<int:person_id>/grant")
def grant(person_id: int) -> AnyResponse:
    """Give a role in an area."""
    area_id = request.form.get("area_id", "")
    with writing() as session:
        service.grant_role(session, actor(), person_id, _role(), area_id, now())
    return done("/people", _("Đã thêm vai trò"))


@accounts_views.post("/people/<int:person_id>/revoke")
def revoke(person_id: int) -> AnyResponse:
    """Take a role back."""
    area_id = request.form.get("area_id", "")
    with writing() as session:
        service.revoke_role(session, actor(), person_id, _role(), area_id, now())
    return done("/people", _("Đã bớt vai trò"))


@accounts_views.post("/people/<int:person_id>/deactivate")
def deactivate(person_id: int) -> AnyResponse:
    """Close an account."""
    with writing() as session:
        service.deactivate_person(session, actor(), person_id, now())
    return done("/people", _("Đã khóa tài khoản"))


@accounts_views.get("/audit")
def audit() -> str:
    """List who changed what in the areas that one administers."""
    tops, search = _require("audit.view"), request.args.get("search", "").strip()
    mine = select(Area.id).where(below(Area.path, tops))
    seen = AuditEntry.area_id.in_(mine)
    rows = select(AuditEntry).where(or_(seen, AuditEntry.area_id == "") if "/" in tops else seen)
    if search:
        parts = (AuditEntry.who, AuditEntry.action, AuditEntry.object_id)
        rows = rows.where(or_(*(part.icontains(search, autoescape=True) for part in parts)))
    with reading() as session:
        newest = rows.order_by(AuditEntry.number.desc())
        return page("people/audit.html", found=listing(session, newest, PAGE_SIZE, offset()))


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise Invalid(field="role", why_vi="không có vai trò này", why_en="is no role") from error


def _require(action: str) -> tuple[str, ...]:
    """Return where the person may do this, or raise `NotAllowed` when nowhere."""
    tops = paths_for(actor(), action)
    if not tops:
        named = ACTIONS[action]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area="-")
    return tops
