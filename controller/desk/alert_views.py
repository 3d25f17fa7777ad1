"""One alert: what it says and needs, how far it came, live; why, and the proof."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from controller.areas.service import names_of
from controller.desk.ahead import may_release, reasons
from controller.desk.bar import Bar, bar_of
from controller.desk.hears import hears
from controller.desk.shown import Shown, phase_of, shown, where
from controller.desk.sounds import sounds_of
from controller.desk.watch import watch
from controller.emergencies import releasing
from controller.emergencies.content import stored_content
from controller.emergencies.export import as_csv
from controller.emergencies.models import Alert
from controller.emergencies.progress import ClusterReach
from controller.emergencies.progress import Shown as ReachShown
from controller.emergencies.proof import proof_of
from controller.emergencies.rules import needs_of
from controller.emergencies.service import alert_of, areas_seen
from controller.emergencies.target import places_of, some_places
from controller.emergencies.why import why_each
from controller.people.access import actor, now, reading
from controller.people.rights import paths_for
from controller.web.i18n import word_of
from controller.web.page import PAGE_SIZE, offset, page

MOST_SILENT = 200
MOST_ON_MAP = 2000

alert_views = Blueprint("alerts", __name__, template_folder="templates")


@alert_views.get("/desk/alerts/<alert_id>")
def alert(alert_id: str) -> str:
    """Show an alert: to be released, counting down, in force, or over."""
    with reading() as session:
        one = _shown(session, alert_id)
        values = _waiting(session, one) if one.waiting else {}
        seen = areas_seen(session, actor(), one.alert)
    return page("desk/alert.html", one=one, **values, **_live(one.alert, seen))


@alert_views.get("/desk/alerts/<alert_id>/progress")
def progress(alert_id: str) -> AnyResponse | str:
    """Show how far it came; nothing at all when that is what the page shows already."""
    with reading() as session:
        found = alert_of(session, actor(), alert_id)
        seen, now_at = areas_seen(session, actor(), found), phase_of(found)
    if now_at != request.args.get("phase"):
        return _another_phase(alert_id)
    live = _live(found, seen)
    if live["version"] == request.args.get("version"):
        return Response(status=204)
    with reading() as session:
        return page("desk/_progress.html", one=_shown(session, alert_id), **live)


@alert_views.get("/desk/alerts/<alert_id>/phase")
def phase(alert_id: str) -> AnyResponse:
    """Take an open page along when the alert has come to another phase of its life."""
    with reading() as session:
        now_at = phase_of(alert_of(session, actor(), alert_id))
    if now_at != request.args.get("seen"):
        return _another_phase(alert_id)
    return Response(status=204)


@alert_views.get("/desk/alerts/<alert_id>/villages")
def villages(alert_id: str) -> str:
    """Show the villages, and whom to call where it was not heard."""
    with reading() as session:
        one = _shown(session, alert_id)
        seen = areas_seen(session, actor(), one.alert)
    return page("desk/_villages.html", one=one, **_live(one.alert, seen), **_silent(one))


@alert_views.get("/desk/alerts/<alert_id>/points.json")
def points(alert_id: str) -> Response:
    """Return the clusters of the map with their states, and what was drawn."""
    with reading() as session:
        one = _shown(session, alert_id)
        revision = one.waiting or one.revision
        shapes = [s.model_dump() for s in stored_content(revision.content).target.shapes]
        seen = areas_seen(session, actor(), one.alert)
        found = [] if one.is_sent else _meant_points(session, one, seen)
    if one.is_sent:
        found = [_point(row.name, row.latitude, row.longitude, row.shown) for row in _rows(one)]
    placed = [point for point in found if point["at"][0] is not None]
    return jsonify({"points": placed[:MOST_ON_MAP], "shapes": shapes})


@alert_views.get("/desk/alerts/<alert_id>/silent.csv")
def export(alert_id: str) -> Response:
    """Return the clusters where it was not heard as a table for spreadsheets."""
    with reading() as session:
        one = _shown(session, alert_id)
    rows = [row for row in _rows(one) if _is_silent(row)]
    answer = Response(as_csv(rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={one.alert.id}.csv"
    return answer


@alert_views.get("/desk/alerts/<alert_id>/why")
def why(alert_id: str) -> str:
    """Say for each cluster of the person's areas why it sounded, or did not."""
    with reading() as session:
        one = _shown(session, alert_id)
        found = some_places(
            session,
            one.alert.publish_area_id,
            one.content.target,
            paths_for(actor(), "view"),
            search=request.args.get("search", ""),
            limit=PAGE_SIZE,
            offset=offset(),
        )
        answers = why_each(session, one.alert, found.rows, now())
        areas = names_of(session, (place.area_id for place in found.rows))
    rows = list(zip(found.rows, answers, strict=True))
    return page("desk/why.html", one=one, rows=rows, areas=areas, total=found.total)


@alert_views.get("/desk/alerts/<alert_id>/proof")
def proof(alert_id: str) -> str:
    """Show everything that proves one broadcast, to be printed."""
    with reading() as session:
        one = _shown(session, alert_id)
        found = proof_of(session, one.alert, now())
        seen = areas_seen(session, actor(), one.alert)
    clusters = [row for row in found.clusters if seen is None or row.area_id in seen]
    return page(
        "desk/proof.html", one=one, proof=found, clusters=clusters, **_live(one.alert, seen)
    )


def _shown(session: Session, alert_id: str) -> Shown:
    return shown(session, actor(), alert_of(session, actor(), alert_id))


def _another_phase(alert_id: str) -> Response:
    """Let the script load the whole page again."""
    return Response(status=204, headers={"HX-Redirect": f"/desk/alerts/{alert_id}"})


def _live(found: Alert, seen: frozenset[str] | None) -> dict[str, Any]:
    """Return the counts of an alert and a word that changes with them."""
    bar: Bar = bar_of(watch().progress(found.id, now()).areas, seen)
    return {"bar": bar, "version": f"{bar.version}-{phase_of(found)}"}


def _rows(one: Shown) -> list[ClusterReach]:
    """Return the clusters that the alert means and the person sees."""
    with reading() as session:
        seen = areas_seen(session, actor(), one.alert)
    found = watch().clusters(one.alert.id, now())
    return [row for row in found if row.is_meant and (seen is None or row.area_id in seen)]


def _is_silent(row: ClusterReach) -> bool:
    return row.shown in {ReachShown.FAILED, ReachShown.NOT_REACHED}


def _silent(one: Shown) -> dict[str, Any]:
    rows = [row for row in _rows(one) if _is_silent(row)]
    return {"silent": rows[:MOST_SILENT], "silent_total": len(rows)}


def _waiting(session: Session, one: Shown) -> dict[str, Any]:
    """Return what a page needs on which a text is decided about."""
    row = one.waiting or one.revision
    content = stored_content(row.content)
    needs = needs_of(session, one.alert, row, actor(), now())
    confirmed = releasing.releases(session, one.alert.id, row.number)
    places = places_of(session, one.alert.publish_area_id, content.target)
    sounds = sounds_of(
        session, actor(), one.alert.id, row.spoken, row.audio, one.speaker, content.texts
    )
    return {
        "row": row,
        "said": content,
        "said_where": where(session, content.target),
        "hears": hears(session, places),
        "needs": needs,
        "why": reasons(needs, one.speaker.name),
        "confirmed": confirmed,
        "is_mine": any(each.person_id == actor().person_id for each in confirmed),
        "may_release": may_release(session, actor(), one.alert.area_id, needs),
        "sounds": sounds,
        "is_heard": row.is_prepared or all(sound.is_heard for sound in sounds),
        "left_s": max(0.0, (row.goes_at - now()).total_seconds()) if row.goes_at else 0.0,
    }


def _meant_points(
    session: Session, one: Shown, seen: frozenset[str] | None
) -> list[dict[str, Any]]:
    target = stored_content((one.waiting or one.revision).content).target
    places = places_of(session, one.alert.publish_area_id, target)
    return [
        _point(place.name, place.latitude, place.longitude, "meant")
        for place in places
        if place.why.sounds and (seen is None or place.area_id in seen)
    ]


def _point(
    name: str, latitude: float | None, longitude: float | None, state: str
) -> dict[str, Any]:
    return {
        "name": name,
        "at": [latitude, longitude],
        "state": state,
        "mark": word_of("reach_mark", state),
        "says": word_of("reach", state),
    }
