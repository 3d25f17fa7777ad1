"""`/cap/`: our released alerts for everybody, as CAP documents and an Atom feed.

No cookie and no token is read here, and nothing is told that the loudspeakers did not say. Readers
ask often: who has the newest gets 304.
"""

from flask import Blueprint, Response, request

from controller.areas.models import Area
from controller.cap.feeds import CAP_TYPE
from controller.config import Config
from controller.db import Clock, Sessions
from controller.warnings.ours import Document, Feed, Ours, url_of
from controller.warnings.seal import read_seal
from controller.web.problems import handle_problems

ATOM_TYPE = "application/atom+xml"


def make_public_cap(config: Config, read_sessions: Sessions, clock: Clock) -> Blueprint:
    """Return the blueprint; reads the seal now, and raises ConfigInvalid where it errs."""
    api = Blueprint("public_cap", __name__)
    ours = Ours(config.cap_sender, read_seal(config))

    @api.get("/cap/feed.atom")
    def feed() -> Response:
        with read_sessions() as session:
            area = session.get(Area, config.area)
            author = area.name if area else config.area
            title = f"{author}: phát khẩn cấp / emergency alerts"
            found = ours.feed(session, _base(config), title, author, clock())
        return _served(found, ATOM_TYPE)

    @api.get("/cap/<alert_id>.xml")
    def newest(alert_id: str) -> Response:
        with read_sessions() as session:
            found = ours.document(session, alert_id)
        answer = _served(found, CAP_TYPE)
        answer.headers["Content-Location"] = url_of("", found)
        return answer

    @api.get("/cap/<alert_id>/<int:number>.xml")
    def revision(alert_id: str, number: int) -> Response:
        with read_sessions() as session:
            return _served(ours.document(session, alert_id, number), CAP_TYPE)

    handle_problems(api)
    return api


def _base(config: Config) -> str:
    """Return where strangers reach us: the setting, else the address that was asked."""
    return config.public_url or request.url_root.rstrip("/")


def _served(found: Document | Feed, mimetype: str) -> Response:
    """Return bytes to be asked about again each time: an alert must not be an hour old."""
    answer = Response(found.content, mimetype=mimetype)
    answer.set_etag(found.etag)
    answer.last_modified = found.at
    answer.cache_control.public = True
    answer.cache_control.no_cache = True
    answer.make_conditional(request)
    return answer
