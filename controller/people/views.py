"""Pages of one's own account: sign in and out, password, language, API tokens."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from controller.people import auth, service
from controller.people.access import access, actor, now, reading, writing
from controller.people.gate import cookie_name, give_cookie
from controller.people.second_factor import status_of
from controller.web.i18n import COOKIE, LANGUAGES
from controller.web.page import done, page

SIGN_INS = "60 per minute"  # of one address; the brake counts the failed ones
YEAR_S = 31_536_000

people_views = Blueprint("people", __name__, template_folder="templates")


@people_views.get("/sign-in")
def sign_in() -> str:
    """Ask for login and password."""
    return page("people/sign_in.html", next=_inside(request.args.get("next", "/")))


@people_views.post("/sign-in")
def sign_in_post() -> AnyResponse:
    """Begin a session."""
    form, address = request.form, request.remote_addr or ""
    login, password = form.get("login", "").strip(), form.get("password", "")
    parts = access()
    secret, _who = auth.sign_in(parts.sessions, login, password, address, parts.brake, now())
    wanted = (form.getlist("next") or ["/"])[-1]  # the button of the emergency desk comes last
    return give_cookie(done(_inside(wanted)), secret)


@people_views.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session."""
    with writing() as session:
        auth.sign_out(session, request.cookies.get(cookie_name(), ""))
    answer = done("/sign-in", _("Đã đăng xuất"))
    answer.delete_cookie(cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax")
    return answer


@people_views.get("/me/password")
def password() -> str:
    """Ask for a new password."""
    return page("people/password.html")


@people_views.post("/me/password")
def password_post() -> AnyResponse:
    """Change the password; every other session ends."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    with writing() as session:
        person = service.change_password(session, actor(), old, new, now())
        secret = auth.start_session(session, person, now())
    return give_cookie(done("/", _("Đã đổi mật khẩu")), secret)


@people_views.post("/language")
def language() -> AnyResponse:
    """Change the language of this browser, and of the account."""
    wanted = request.form.get("language", "")
    chosen = wanted if wanted in LANGUAGES else LANGUAGES[0]
    if g.actor is not None:
        with writing() as session:
            service.edit_person(session, g.actor, g.actor.person_id, now(), language=chosen)
    answer = done(_inside(request.form.get("next", "/")))
    answer.set_cookie(COOKIE, chosen, max_age=YEAR_S, samesite="Lax", httponly=True)
    return answer


@people_views.get("/me")
def me() -> str:
    """Show one's own account."""
    with reading() as session:
        tokens = auth.tokens_of(session, actor(), now())
        mine = status_of(session, actor().person_id or 0)
        return page("people/me.html", tokens=tokens, second_factor=mine)


@people_views.post("/me/tokens")
def create_token() -> str:
    """Show a new API token, once."""
    name, days = request.form.get("name", ""), request.form.get("days", 90, type=int)
    with writing() as session:
        secret = auth.create_token(session, actor(), name, now(), timedelta(days=days))
    return page("people/_token.html", secret=secret)


@people_views.post("/me/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> AnyResponse:
    """End an API token."""
    with writing() as session:
        auth.revoke_token(session, actor(), token_id, now())
    return done("/me", _("Đã thu hồi mã truy cập"))


def _inside(url: str) -> str:
    """Return an address of this console, never another site's."""
    parts = urlsplit(url)
    is_ours = not parts.scheme and not parts.netloc and url.startswith("/")
    return url if is_ours and not url.startswith(("//", "/\\")) and url.isprintable() else "/"
