"""Pages of one's own account: sign in and out, password, language, API tokens."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, g, make_response, request
from flask_babel import gettext as _
from flask_limiter import Limiter
from werkzeug.wrappers import Response as AnyResponse

from controller.people import auth, service
from controller.people.brake import Brake
from controller.people.gate import actor, cookie_name, give_cookie
from controller.web.desk import Desk, done, page
from controller.web.i18n import COOKIE, LANGUAGES

SIGN_INS = "20 per minute"
YEAR_S = 31_536_000


def make_people_views(desk: Desk, brake: Brake, limiter: Limiter) -> Blueprint:
    """Return the blueprint of one's own account."""
    views = Blueprint("people", __name__, template_folder="templates")

    @views.get("/sign-in")
    def sign_in() -> AnyResponse | str:
        return page("people/sign_in.html", next=_inside(request.args.get("next", "/")))

    @views.post("/sign-in", endpoint="sign_in_post")
    @limiter.limit(SIGN_INS)
    def sign_in_post() -> AnyResponse:
        form, address = request.form, request.remote_addr or ""
        login, password = form.get("login", "").strip(), form.get("password", "")
        secret, _who = auth.sign_in(desk.sessions, login, password, address, brake, desk.now())
        return give_cookie(done(_inside(form.get("next", "/"))), secret)

    @views.post("/sign-out")
    def sign_out() -> AnyResponse:
        with desk.sessions.begin() as session:
            auth.sign_out(session, request.cookies.get(cookie_name(), ""))
        answer = done("/sign-in", _("Đã đăng xuất"))
        answer.delete_cookie(cookie_name())
        return answer

    @views.get("/me/password")
    def password() -> str:
        return page("people/password.html")

    @views.post("/me/password", endpoint="password_post")
    def password_post() -> AnyResponse:
        with desk.sessions.begin() as session:
            old, new = request.form.get("old", ""), request.form.get("new", "")
            person = service.change_password(session, actor(), old, new, desk.now())
            secret = auth.start_session(session, person, desk.now())
        return give_cookie(done("/", _("Đã đổi mật khẩu")), secret)

    @views.post("/language")
    def language() -> AnyResponse:
        wanted = request.form.get("language", "vi")
        chosen = wanted if wanted in LANGUAGES else LANGUAGES[0]
        _remember(desk, chosen)
        answer = done(_inside(request.form.get("next", "/")))
        answer.set_cookie(COOKIE, chosen, max_age=YEAR_S, samesite="Lax", httponly=True)
        return answer

    @views.get("/me")
    def me() -> str:
        with desk.read_sessions() as session:
            tokens = auth.tokens_of(session, actor(), desk.now())
        return page("people/me.html", tokens=tokens)

    @views.post("/me/tokens")
    def create_token() -> AnyResponse:
        days = request.form.get("days", 90, type=int)
        with desk.sessions.begin() as session:
            name = request.form.get("name", "")
            secret = auth.create_token(session, actor(), name, desk.now(), timedelta(days=days))
        return make_response(page("people/_token.html", secret=secret))

    @views.post("/me/tokens/<int:token_id>/revoke")
    def revoke_token(token_id: int) -> AnyResponse:
        with desk.sessions.begin() as session:
            auth.revoke_token(session, actor(), token_id, desk.now())
        return done("/me", _("Đã thu hồi mã truy cập"))

    return views


def _remember(desk: Desk, language: str) -> None:
    """Keep the language with the account, where somebody is signed in."""
    if g.actor is not None and g.actor.person_id is not None:
        with desk.sessions.begin() as session:
            now = desk.now()
            service.edit_person(session, g.actor, g.actor.person_id, now, language=language)


def _inside(url: str) -> str:
    """Return an address of this console, never another site's."""
    parts = urlsplit(url)
    is_ours = not parts.scheme and not parts.netloc and url.startswith("/")
    return url if is_ours and not url.startswith(("//", "/\\")) and url.isprintable() else "/"
