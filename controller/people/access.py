"""Who asks over the JSON API: a bearer token becomes an actor before any route runs (R47).

Default deny: a route under `/api/` without a declared permission is refused to everyone. Where an
actor may act is judged by the use case; here, whether they may anywhere at all.
"""

import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from controller.db import Clock, Sessions
from controller.errors import Forbidden
from controller.people.auth import actor_of_token
from controller.people.brake import Brake
from controller.people.rights import ACTIONS, Actor, NotAllowed, paths_for
from controller.web.api import (
    ORDINARY_BYTES,
    OWN_PASSWORD,
    PUBLIC,
    SIGNED_IN,
    permission_of,
    takes_upload,
)
from controller.web.problems import problem_of_status

log = logging.getLogger(__name__)

_NAME = "truyenthanh.access"
_API = "/api/"


class PasswordChangeNeeded(Forbidden):
    """The first password was told by someone else."""

    code = "password_change_needed"
    vi = "Hãy đổi mật khẩu trước khi làm việc khác"
    en = "Change your password before anything else"


@dataclass(frozen=True, slots=True)
class Access:
    """What every route needs: sessions for writing and for reading, the clock, the brake."""

    sessions: Sessions
    read_sessions: Sessions
    clock: Clock
    brake: Brake
    upload_max_bytes: int = 500_000_000

    def install(self, app: Flask) -> None:
        """Guard the API of an app."""
        app.extensions[_NAME] = self
        app.before_request(_guard)


def access() -> Access:
    """Return what the app was given."""
    found: Access = current_app.extensions[_NAME]
    return found


def reading() -> Session:
    """Return a session that only reads; use it in `with`."""
    return access().read_sessions()


def writing() -> AbstractContextManager[Session]:
    """Return a transaction that commits at the end of `with`, unless something raises."""
    return access().sessions.begin()


def now() -> datetime:
    """Return the instant at which the request is handled."""
    return access().clock()


def actor() -> Actor:
    """Return who asks."""
    found: Actor = g.actor
    return found


def _guard() -> Response | None:
    if not request.path.startswith(_API) or request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    permission = permission_of(view)
    here = access()
    request.max_content_length = here.upload_max_bytes if takes_upload(view) else ORDINARY_BYTES
    if permission == PUBLIC or is_document(request.endpoint):
        return None
    found = _actor()
    if found is None:
        return _unauthorized()
    if permission not in {SIGNED_IN, OWN_PASSWORD, *ACTIONS}:
        log.error("route %s declares no known permission and is refused", request.endpoint)
        return problem_of_status(403)
    _require(found, permission)
    g.actor = found
    return None


def is_document(endpoint: str) -> bool:
    """Return whether a route is part of the API's own documentation."""
    return endpoint.startswith(("openapi.", "swagger."))


def _actor() -> Actor | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    with reading() as session:
        return actor_of_token(session, secret.strip(), now())


def _require(who: Actor, permission: str) -> None:
    if who.must_change_password and permission != OWN_PASSWORD:
        raise PasswordChangeNeeded
    if permission in {SIGNED_IN, OWN_PASSWORD}:
        return
    if not paths_for(who, permission):
        named = ACTIONS[permission]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area="-")


def _unauthorized() -> Response:
    refused = problem_of_status(401)
    refused.headers["WWW-Authenticate"] = "Bearer"
    return refused
