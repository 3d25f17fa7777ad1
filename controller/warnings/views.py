"""Pages of warnings from outside: the inbox, one warning with its map, what is decided of it."""

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.service import names_of
from controller.cap.finding import sources
from controller.cap.judging import Outcome
from controller.cap.models import CapMessage, CapProposal
from controller.cap.taking_up import take_up
from controller.emergencies.parts import emergency_parts
from controller.listing import LARGEST_LIMIT
from controller.people.access import access, actor, now, reading, writing
from controller.people.rights import paths_for
from controller.warnings import finding
from controller.warnings.deciding import proposal_in_sight, put_away
from controller.warnings.finding import Group
from controller.warnings.matched import OnMap
from controller.warnings.parts import words_here
from controller.warnings.shown import Shown, shown
from controller.web.i18n import word_of
from controller.web.page import PAGE_SIZE, done, offset, page

MOST_NAMED = 200
MOST_ON_MAP = 2000
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)")

warnings_views = Blueprint("warnings", __name__, template_folder="templates")


@warnings_views.record_once
def name_things(state: BlueprintSetupState) -> None:
    """Let the desk count what waits and tell what an alert was made of."""
    state.app.jinja_env.globals.update(
        waiting_warnings=waiting_warnings, warnings_behind=warnings_behind
    )
    state.app.jinja_env.filters["local_times"] = local_times


@warnings_views.get("/warnings")
def inbox() -> str:
    """List what came, newest first: all of it, or one group."""
    finding.require_a_right(actor())
    wanted = request.args.get("group", "")
    group = Group(wanted) if wanted in set(Group) else None
    source_id = request.args.get("source") or None
    with reading() as session:
        who, at = actor(), now()
        found = finding.warnings(
            session, who, at, group=group, source_id=source_id, limit=PAGE_SIZE, offset=offset()
        )
        known = sources(session, who, with_retired=True, limit=LARGEST_LIMIT).rows
        return page(
            "warnings/inbox.html",
            rows=found.rows,
            total=found.total,
            group=group,
            groups=finding.groups_of(session, found.rows, at),
            waiting=finding.waiting(session, who, at),
            sources={one.id: one.name for one in known},
            ends=_ends(session, found.rows),
        )


@warnings_views.get("/warnings/<int:warning_id>")
def one(warning_id: int) -> str:
    """Show one warning: its words, where it would sound and why, and what may be done."""
    with reading() as session:
        found = _shown(session, warning_id)
        named = {area for offer in found.offers for area in offer.row.draft["areas"]}
        names = names_of(session, named)
    return page("warnings/one.html", one=found, names=names, most=MOST_NAMED)


@warnings_views.get("/warnings/<int:warning_id>/points.json")
def points(warning_id: int) -> Response:
    """Return the clusters of the source's area, those first that would sound, and the shapes."""
    with reading() as session:
        found = _shown(session, warning_id)
    sounds = found.row.outcome == Outcome.ACCEPTED
    meant_first = sorted(found.matched.on_map, key=lambda point: not point.is_meant)
    shown_points = [_point(one, sounds=sounds) for one in meant_first[:MOST_ON_MAP]]
    shapes = [shape.model_dump() for shape in found.matched.shapes]
    return jsonify({"points": shown_points, "shapes": shapes})


@warnings_views.get("/warnings/<int:warning_id>/original")
def original(warning_id: int) -> Response:
    """Hand over the bytes as they came: a download, never shown by a browser of ours."""
    with reading() as session:
        found = finding.warning_of(session, actor(), warning_id)
    return as_download(found)


@warnings_views.post("/warnings/proposals/<int:proposal_id>/take-up")
def take_up_post(proposal_id: int) -> AnyResponse:
    """Draft what is proposed in the person's name and go on at the desk; or cancel what stands."""
    here, parts = access(), emergency_parts()
    with reading() as session:
        is_cancel = proposal_in_sight(session, actor(), proposal_id).action == "cancel"
    alert_id = take_up(
        here.sessions, here.read_sessions, parts.studio, actor(), proposal_id, now(), parts.zone
    )
    said = _("Đã hủy tin theo nguồn cảnh báo") if is_cancel else _("Đã soạn từ cảnh báo: hãy nghe")
    return done(f"/desk/alerts/{alert_id}", said)


@warnings_views.post("/warnings/proposals/<int:proposal_id>/dismiss")
def dismiss_post(proposal_id: int) -> AnyResponse:
    """Put a proposal away, with the reason."""
    reason = request.form.get("reason", "")
    with writing() as session:
        found = put_away(session, actor=actor(), proposal_id=proposal_id, reason=reason, now=now())
        warning_id = found.message_id
    return done(f"/warnings/{warning_id}", _("Đã bỏ qua đề xuất: không phát gì"))


def as_download(row: CapMessage) -> Response:
    """Return the bytes of a warning as a text to be kept, whatever they hold."""
    answer = Response(row.content, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f"attachment; filename=warning-{row.id}.txt"
    return answer


def waiting_warnings() -> int:
    """Return how many proposals wait for the person who asks."""
    if not paths_for(g.actor, finding.SEE):
        return 0
    with reading() as session:
        return finding.waiting(session, g.actor, now())


def warnings_behind(alert_id: str) -> tuple[CapMessage, ...]:
    """Return the warnings that an alert was made of, where the person sees them."""
    with reading() as session:
        return finding.behind(session, g.actor, alert_id)


def local_times(sentence: str) -> str:
    """Return a sentence with its instants (ISO 8601) as people here write them."""
    moment = current_app.jinja_env.filters["moment"]
    return INSTANT.sub(lambda found: moment(datetime.fromisoformat(found[0])), sentence)


def _shown(session: Session, warning_id: int) -> Shown:
    row = finding.warning_of(session, actor(), warning_id)
    return shown(session, actor(), row, words_here(), now())


def _ends(session: Session, rows: tuple[CapMessage, ...]) -> dict[int, datetime]:
    """Return until when what was proposed of each message holds."""
    ids = [row.id for row in rows]
    found = session.execute(
        select(CapProposal.message_id, CapProposal.ends_at).where(CapProposal.message_id.in_(ids))
    )
    return {row[0]: row[1] for row in found}


def _point(one: OnMap, *, sounds: bool) -> dict[str, Any]:
    """Return a cluster for the map; what is not accepted makes none of them sound."""
    state = "meant" if one.is_meant else "waiting"
    says = word_of("reach", "meant") if sounds else _("trong vùng, không kêu")
    return {
        "name": one.name,
        "at": one.at,
        "state": state,
        "mark": word_of("reach_mark", "meant") if one.is_meant else "–",
        "says": says if one.is_meant else _("không kêu"),
    }
