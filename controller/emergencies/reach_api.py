"""How far an alert came over the JSON API: progress, those not reached, why, and the proof."""

from collections.abc import Sequence

from flask import Response
from sqlalchemy.orm import Session

from controller.emergencies import service
from controller.emergencies.api_asked import AlertPath, ClusterPath
from controller.emergencies.api_told import (
    AnswerOut,
    ClusterReachOut,
    ClusterReachPage,
    ProgressOut,
    ProofOut,
)
from controller.emergencies.export import as_csv
from controller.emergencies.models import Alert
from controller.emergencies.progress import ClusterReach, Seen, clusters, not_reached, progress
from controller.emergencies.proof import proof_of
from controller.emergencies.why import why_of
from controller.people.access import actor, now, reading
from controller.web.api import allow, answer, make_api, page_of

reach_api = make_api("reach", "Phát khẩn cấp", "Emergency alerts", tag="emergencies")


@reach_api.get("/alerts/<alert_id>/progress", responses={200: ProgressOut})
@allow("view")
def get_progress(path: AlertPath) -> Response:
    """Show how far an alert came."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        return answer(
            ProgressOut.model_validate(progress(session, alert.id, now(), _seen(session, alert)))
        )


@reach_api.get("/alerts/<alert_id>/clusters", responses={200: ClusterReachPage})
@allow("view")
def list_reach(path: AlertPath) -> Response:
    """List every cluster of an alert with what it did."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        return _rows(clusters(session, alert.id, now(), _seen(session, alert)))


@reach_api.get("/alerts/<alert_id>/not-reached", responses={200: ClusterReachPage})
@allow("view")
def list_not_reached(path: AlertPath) -> Response:
    """List the clusters where it was not heard."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        return _rows(not_reached(session, alert.id, now(), _seen(session, alert)))


@reach_api.get("/alerts/<alert_id>/not-reached.csv", responses={200: None})
@allow("view")
def export_not_reached(path: AlertPath) -> Response:
    """Return the same as a table for spreadsheets."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        text = as_csv(not_reached(session, alert.id, now(), _seen(session, alert)))
    answered = Response(text, mimetype="text/csv")
    answered.headers["Content-Disposition"] = f"attachment; filename={path.alert_id}.csv"
    return answered


@reach_api.get("/alerts/<alert_id>/clusters/<cluster_id>/why", responses={200: AnswerOut})
@allow("view")
def explain_cluster(path: ClusterPath) -> Response:
    """Say why a cluster sounded, or did not."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        found = why_of(session, alert, path.cluster_id, now(), _seen(session, alert))
    return answer(
        AnswerOut(
            cluster_id=found.cluster_id,
            has_sounded=found.has_sounded,
            vi=[vi for vi, _ in found.steps],
            en=[en for _, en in found.steps],
        )
    )


@reach_api.get("/alerts/<alert_id>/proof", responses={200: ProofOut})
@allow("view")
def get_proof(path: AlertPath) -> Response:
    """Return the proof of one broadcast."""
    with reading() as session:
        alert = service.alert_of(session, actor(), path.alert_id)
        found = proof_of(session, alert, now(), _seen(session, alert))
        return answer(ProofOut.model_validate(found))


def _seen(session: Session, alert: Alert) -> Seen:
    """Return whose clusters may be told of: an alert from above concerns neighbours too."""
    return service.areas_seen(session, actor(), alert)


def _rows(found: Sequence[ClusterReach]) -> Response:
    return page_of([ClusterReachOut.model_validate(one) for one in found], len(found))
