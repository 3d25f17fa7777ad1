"""Parts of the page of one's own account: the second factor, set up, renewed and removed."""

from flask import Blueprint, make_response, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from controller.people import auth, second_factor
from controller.people.access import access, actor, now, writing
from controller.people.gate import give_cookie
from controller.web.page import done, page

HERE = "#second-factor"
"""The part of the page that an answer replaces; a refusal stands beside its own form instead."""

second_factor_views = Blueprint("second_factor", __name__, template_folder="templates")


@second_factor_views.post("/me/second-factor")
def begin() -> AnyResponse:
    """Show the QR code and the secret, once, and ask for the first code."""
    here, password = access(), request.form.get("password", "")
    address = request.remote_addr or ""
    auth.require_own_password(here.read_sessions, actor(), password, address, here.brake, now())
    with writing() as session:
        enrolment = second_factor.begin(session, actor(), now())
    return _part("people/_second_factor_begun.html", enrolment=enrolment)


@second_factor_views.post("/me/second-factor/confirm")
def confirm() -> AnyResponse:
    """Turn it on and show the recovery codes, once."""
    with writing() as session:
        codes = second_factor.confirm(session, actor(), _code(), now())
    return _part("people/_recovery_codes.html", codes=codes)


@second_factor_views.post("/me/second-factor/codes")
def renew_codes() -> AnyResponse:
    """Show new recovery codes, once."""
    with writing() as session:
        codes = second_factor.renew_recovery_codes(session, actor(), _code(), now())
    return _part("people/_recovery_codes.html", codes=codes)


@second_factor_views.post("/me/second-factor/remove")
def remove() -> AnyResponse:
    """Turn it off; every other session ends."""
    with writing() as session:
        person = second_factor.remove(session, actor(), _code(), now())
        secret = auth.start_session(session, person, now())
    return give_cookie(done("/me", _("Đã gỡ bảo mật hai lớp")), secret)


@second_factor_views.post("/people/<int:person_id>/second-factor/remove")
def remove_of(person_id: int) -> AnyResponse:
    """Turn off that of somebody who lost it."""
    with writing() as session:
        second_factor.remove_of(session, actor(), person_id, now())
    return done("/people", _("Đã gỡ bảo mật hai lớp"))


def _code() -> str:
    return request.form.get("code", "")[:100]


def _part(template: str, **values: object) -> AnyResponse:
    answer = make_response(page(template, **values))
    answer.headers["HX-Retarget"] = HERE
    return answer
