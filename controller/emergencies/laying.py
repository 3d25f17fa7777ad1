"""Lays out whom a sent text concerns, cluster by cluster, before any receipt: rows of reach.

Devices that are not there when it goes out are marked at once, so that nobody waits for their
answer. A device that comes back turns its rows by its own receipts (`reach`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, literal, select, update
from sqlalchemy.orm import Session

from controller.bulk import insert_new, insert_selected, table_of
from controller.emergencies.content import stored_content
from controller.emergencies.models import (
    Alert,
    AlertReach,
    AlertRevision,
    ReachState,
    RevisionState,
)
from controller.emergencies.target import Place, areas_of, places_of
from controller.stations.models import Cluster, Output
from wire.alert import Target

Row = dict[str, Any]
Present = Select[str]
"""Selects the ids of the devices that are there now; who measures that stands above us."""
ROWS = cast("Table", AlertReach.__table__)
OFFLINE = "offline"
"""The code of a row whose device was not there when the text went out."""
FRESH: Row = {
    "state": ReachState.PENDING,
    "code": "",
    "detail": "",
    "received_at": None,
    "started_at": None,
    "finished_at": None,
    "played_ms": None,
}
_CHUNK = 500


def lay_out_all(session: Session, now: datetime, present: Present | None = None) -> int:
    """Write down whom each text concerns that went out meanwhile; return how many texts."""
    sent = session.scalars(
        select(AlertRevision)
        .where(AlertRevision.state == RevisionState.RELEASED, AlertRevision.reach_laid_at.is_(None))
        .order_by(AlertRevision.rev)
    ).all()
    for revision in sent:
        lay_out(session, revision, now, present)
    return len(sent)


def lay_out(
    session: Session, revision: AlertRevision, now: datetime, present: Present | None = None
) -> None:
    """Write one row for each cluster that a sent text means; who is meant no longer stays, so.

    With `present`, the devices that are not among them are marked offline.
    """
    alert = session.get_one(Alert, revision.alert_id)
    target = stored_content(revision.content).target
    if target.shapes or revision.action != "alert":
        _lay_places(session, alert, revision, target)
    else:
        _lay_areas(session, alert, revision, target)
    if present is not None:
        _mark_offline(session, alert.id, revision, present)
    revision.reach_laid_at = now


def new_row(
    alert_id: str, cluster: str, device: str, area: str, why: str, revision: AlertRevision
) -> Row:
    """Return the row of a cluster of which nothing is known yet."""
    return FRESH | {
        "alert_id": alert_id,
        "cluster_id": cluster,
        "device_id": device,
        "area_id": area,
        "is_meant": True,
        "why": why,
        "rev": revision.rev or 0,
        "asked_at": revision.signed_at,
        "heard_at": None,
        "stopped_at": None,
    }


def chunks(items: Sequence[Any]) -> list[list[Any]]:
    """Return items in pieces that a statement can hold."""
    return [list(items[start : start + _CHUNK]) for start in range(0, len(items), _CHUNK)]


def _lay_areas(session: Session, alert: Alert, revision: AlertRevision, target: Target) -> None:
    """Write the rows of whole areas: the database knows their clusters, we only which areas."""
    areas = areas_of(session, alert.publish_area_id, target)
    if not areas:
        return
    meant = table_of(
        session, ROWS, [{"area_id": name, "why": its.value} for name, its in areas.items()]
    )
    row = new_row(alert.id, "", "", "", "", revision)
    alike = {name: value for name, value in row.items() if value is not None}
    columns = {name: literal(value, ROWS.c[name].type) for name, value in alike.items()} | {
        "cluster_id": Cluster.id,
        "device_id": Output.device_id,
        "area_id": meant.c.area_id,
        "why": meant.c.why,
    }
    source = (
        select(*(value.label(name) for name, value in columns.items()))
        .join_from(meant, Cluster, Cluster.area_id == meant.c.area_id)
        .join(Output, Output.id == Cluster.output_id)
    )
    insert_selected(session, ROWS, source)


def _lay_places(session: Session, alert: Alert, revision: AlertRevision, target: Target) -> None:
    """Write the rows of clusters that were judged one by one."""
    places = places_of(session, alert.publish_area_id, target)
    rows = [_of_place(alert.id, place, revision) for place in places if place.why.sounds]
    for chunk in chunks(rows):
        insert_new(session, ROWS, chunk)
    if revision.action != "alert":
        _ask_again(session, alert.id, revision, rows)


def _of_place(alert_id: str, place: Place, revision: AlertRevision) -> Row:
    return new_row(
        alert_id, place.cluster_id, place.device_id, place.area_id, place.why.value, revision
    )


def _ask_again(
    session: Session, alert_id: str, revision: AlertRevision, rows: Sequence[Row]
) -> None:
    """Let an update begin anew at those it means, and note those that it means no longer."""
    rev, meant = revision.rev or 0, {row["cluster_id"] for row in rows}
    known = session.execute(
        select(ROWS.c.cluster_id, ROWS.c.rev).where(ROWS.c.alert_id == alert_id)
    ).all()
    again = [name for name, held in known if name in meant and held < rev]
    fresh = FRESH | {"rev": rev, "asked_at": revision.signed_at, "is_meant": True}
    for names, values in (
        (again, fresh),
        ([name for name, _ in known if name not in meant], {"is_meant": False}),
    ):
        for chunk in chunks(names):
            session.execute(
                update(ROWS)
                .where(ROWS.c.alert_id == alert_id, ROWS.c.cluster_id.in_(chunk))
                .values(**values)
            )


def _mark_offline(
    session: Session, alert_id: str, revision: AlertRevision, present: Present
) -> None:
    session.execute(
        update(ROWS)
        .where(
            ROWS.c.alert_id == alert_id,
            ROWS.c.rev == revision.rev,
            ROWS.c.state == ReachState.PENDING,
            ROWS.c.device_id.not_in(present),
        )
        .values(code=OFFLINE)
    )
