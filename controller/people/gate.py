"""The gate of the console: who is asking, by the session cookie, before any page is made.

Closed unless opened: every page but those in `OPEN` needs someone who is signed in, and someone
with a first password sees nothing but the page that changes it.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from controller.people.access import now, reading, writing
from controller.people.auth import SIGNED_IN_FOR, actor_of_session, touch_session
from controller.people.rights import Actor
from controller.web.page import is_htmx
from controller.web.security import is_page

OPEN = frozenset(
    {"static", "people.sign_in", "people.sign_in_post", "people.language", "help.help_page"}
)
WITH_FIRST_PASSWORD = frozenset({"people.password", "people.password_post", "people.sign_out"})
TOUCH_EVERY = timedelta(minutes=5)
REMEMBERED = 10_000


def cookie_name() -> str:
    """Return the name of the session cookie: bound to the host behind TLS, plain on loopback."""
    return "__Host-tt" if request.is_secure else "tt"


def give_cookie(answer: AnyResponse, secret: str) -> AnyResponse:
    """Hand the browser its session."""
    answer.set_cookie(
        cookie_name(),
        secret,
        max_age=int(SIGNED_IN_FOR.total_seconds()),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return answer


class Gate:
    """Looks at every request for a page. Thread-safe: what it remembers only saves writes."""

    def __init__(self) -> None:
        self._touched: OrderedDict[str, datetime] = OrderedDict()

    def guard(self, app: Flask) -> None:
        """Stand before every page of an app."""
        app.before_request(self._check)

    def _check(self) -> AnyResponse | None:
        if not is_page():
            return None
        g.actor = None if request.endpoint == "static" else self._recognised()
        if request.endpoint in OPEN:
            return None
        if g.actor is None:
            return _send_to("/sign-in?" + urlencode({"next": _here()}), 401)
        if g.actor.must_change_password and request.endpoint not in WITH_FIRST_PASSWORD:
            return _send_to("/me/password", 403)
        return None

    def _recognised(self) -> Actor | None:
        secret = request.cookies.get(cookie_name())
        if not secret:
            return None
        at = now()
        with reading() as session:
            found = actor_of_session(session, secret, at)
        if found is not None and not _is_polled():
            self._touch(secret, at)
        return found

    def _touch(self, secret: str, at: datetime) -> None:
        """Keep a used session alive, with a write only every few minutes."""
        if at - self._touched.get(secret, datetime.min.replace(tzinfo=at.tzinfo)) < TOUCH_EVERY:
            return
        self._touched[secret] = at
        while len(self._touched) > REMEMBERED:
            self._touched.popitem(last=False)
        with writing() as session:
            touch_session(session, secret, at)


def _is_polled() -> bool:
    """Return whether a page refreshes itself: that is nobody at work and keeps no session alive."""
    return request.headers.get("HX-Trigger", "").startswith("poll-")


def _here() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" and not is_htmx() else "/"


def _send_to(url: str, status: int) -> AnyResponse:
    if is_htmx():
        return Response(status=status, headers={"HX-Redirect": url})
    return redirect(url, 303)
