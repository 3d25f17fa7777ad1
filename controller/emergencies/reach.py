"""Whom an alert reached, cluster by cluster, by signed receipts alone.

A row's state only rises (pending < received < failed < sounding < finished), so that receipts may
come twice and in any order. What is *shown* is computed from the time: nothing stays pending (R11).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from controller.bulk import update_each
from controller.emergencies.laying import FRESH, ROWS, Present, Row, chunks, lay_out, new_row
from controller.emergencies.message import STOPS
from controller.emergencies.models import Alert, AlertReach, AlertRevision, ReachState
from controller.stations.models import Cluster, Output
from wire.up import ClockState, Receipt, ReceiptKind

Told = tuple[str, Receipt]
"""A device, and one receipt that its key signed."""
_RANK = {state: rank for rank, state in enumerate(ReachState)}
_FAILURES = frozenset({ReceiptKind.MISSED, ReceiptKind.SKIPPED, ReceiptKind.REFUSED})
Rows = dict[str, Row]
"""What is known of a device's clusters; those that say the same share one row."""
_TOLD = (*FRESH, "rev", "asked_at", "heard_at", "stopped_at")


def note_receipts(
    session: Session, told: Iterable[Told], now: datetime, present: Present | None = None
) -> int:
    """Take what verified receipts say of alerts; return how many rows changed.

    Receipts about anything else are passed over. Made for thousands at once: a few statements for
    each alert, whatever the number of devices. `present` is for what is not laid out yet.
    """
    by_alert: dict[str, list[Told]] = defaultdict(list)
    for device_id, receipt in told:
        if receipt.object_id is not None and receipt.area is not None:
            by_alert[receipt.object_id].append((device_id, receipt))
    return sum(_note(session, alert_id, some, now, present) for alert_id, some in by_alert.items())


def _note(
    session: Session, alert_id: str, told: Sequence[Told], now: datetime, present: Present | None
) -> int:
    alert = session.get(Alert, alert_id)
    if alert is None:
        return 0
    sent = _sent(session, alert_id, now, present)
    area = alert.publish_area_id
    about = [(device, one) for device, one in told if one.area == area]
    rows = _rows_of(session, alert_id, {device for device, _ in about})
    changed: set[tuple[str, str]] = set()
    columns: set[str] = set()
    for device, receipt in sorted(about, key=lambda one: one[1].number):
        own = rows[device]
        names = _meant(session, alert, own, device, receipt, sent)
        for row, some in _told_apart(own, names):
            if new := _take(row, receipt, sent, now):
                columns |= new
                changed.update((device, name) for name in some)
    _save(session, alert_id, rows, changed, [name for name in _TOLD if name in columns])
    return len(changed)


def _sent(
    session: Session, alert_id: str, now: datetime, present: Present | None
) -> dict[int, AlertRevision]:
    """Return what was signed of an alert by its revision on the wire, laid out by now."""
    revisions = session.scalars(
        select(AlertRevision)
        .where(AlertRevision.alert_id == alert_id, AlertRevision.rev.is_not(None))
        .order_by(AlertRevision.rev)
    ).all()
    for revision in revisions:
        if revision.reach_laid_at is None:
            lay_out(session, revision, now, present)
    return {revision.rev or 0: revision for revision in revisions}


def _rows_of(session: Session, alert_id: str, devices: set[str]) -> dict[str, Rows]:
    """Return what is known of the clusters of some devices; those alike come as one."""
    found: dict[str, Rows] = defaultdict(dict)
    columns = [ROWS.c[name] for name in ("device_id", *_TOLD)]
    for chunk in chunks(sorted(devices)):
        rows = (
            select(ROWS)
            .where(ROWS.c.alert_id == alert_id, ROWS.c.device_id.in_(chunk))
            .with_for_update()  # where the database knows it
            .subquery()
        )
        own = [rows.c[one.name] for one in columns]
        alike = select(func.aggregate_strings(rows.c.cluster_id, " "), *own).group_by(*own)
        for clusters, device, *told in session.connection().execute(alike).all():
            shared = dict(zip(_TOLD, told, strict=True))
            found[device] |= dict.fromkeys(clusters.split(), shared)
    return found


def _meant(
    session: Session,
    alert: Alert,
    own: Rows,
    device: str,
    receipt: Receipt,
    sent: Mapping[int, AlertRevision],
) -> Collection[str]:
    """Return the clusters that a receipt speaks of: only ever of the device that signed it."""
    if not receipt.clusters:
        return own.keys()
    unknown = [name for name in receipt.clusters if name not in own]
    if unknown and receipt.kind is ReceiptKind.STARTED and receipt.rev in sent:
        own |= _unexpected(session, alert, device, unknown, sent[receipt.rev or 0])
    return receipt.clusters


def _told_apart(own: Rows, names: Collection[str]) -> list[tuple[Row, list[str]]]:
    """Return the rows of the named clusters, and whose they are; nobody else shares them then."""
    shared: dict[int, list[str]] = defaultdict(list)
    for name, row in own.items():
        shared[id(row)].append(name)
    found: list[tuple[Row, list[str]]] = []
    for group in shared.values():
        if some := [name for name in group if name in names]:
            row = own[some[0]]
            if len(some) < len(group):
                row = dict(row)
                own |= dict.fromkeys(some, row)
            found.append((row, some))
    return found


def _unexpected(
    session: Session, alert: Alert, device: str, clusters: Sequence[str], revision: AlertRevision
) -> dict[str, Row]:
    """Write rows for clusters that sound although we did not mean them: it must be seen."""
    places = session.execute(
        select(Cluster.id, Cluster.area_id)
        .join(Output, Output.id == Cluster.output_id)
        .where(Output.device_id == device, Cluster.id.in_(clusters))
    ).all()
    made = {
        name: new_row(alert.id, name, device, area_id, "unexpected", revision) | {"is_meant": False}
        for name, area_id in places
    }
    if made:
        session.execute(insert(AlertReach), list(made.values()))
    return made


def _take(row: Row, receipt: Receipt, sent: Mapping[int, AlertRevision], now: datetime) -> set[str]:
    """Apply one receipt to its row; return which columns that changed."""
    before = dict(row)
    if (revision := sent.get(receipt.rev or 0)) is not None:
        _apply(row, receipt, revision, now)
    return {name for name, value in row.items() if value != before[name]}


def _apply(row: Row, receipt: Receipt, revision: AlertRevision, now: datetime) -> None:
    at = now if receipt.clock is ClockState.NONE else receipt.at
    if revision.action in STOPS:
        row["stopped_at"] = _earlier(row["stopped_at"], at)
        return
    rev = receipt.rev or 0
    if receipt.kind is ReceiptKind.STARTED:
        row["heard_at"] = _earlier(row["heard_at"], at)
    if rev > row["rev"]:
        row |= FRESH | {"rev": rev, "asked_at": revision.signed_at}
    if rev == row["rev"]:
        _advance(row, receipt, at)


def _advance(row: Row, receipt: Receipt, at: datetime) -> None:
    kind = receipt.kind
    if kind is ReceiptKind.RECEIVED:
        row["received_at"] = _earlier(row["received_at"], at)
        state = ReachState.FAILED if receipt.code == "not_targeted" else ReachState.RECEIVED
        _rise(row, state, receipt.code)
    elif kind is ReceiptKind.STARTED:
        row["started_at"] = _earlier(row["started_at"], at)
        if row["finished_at"] is None:  # the end knows better what was spoken
            row["detail"] = receipt.detail[:64]
        _rise(row, ReachState.SOUNDING, receipt.code)
        if row["state"] == ReachState.FINISHED and receipt.code:
            row["code"] = receipt.code
    elif kind is ReceiptKind.FINISHED:
        row["finished_at"] = _later(row["finished_at"], at)
        row["played_ms"] = max(receipt.played_ms or 0, row["played_ms"] or 0)
        row["detail"] = receipt.detail[:64] or row["detail"]
        _rise(row, ReachState.FINISHED, receipt.code or row["code"])
    elif kind in _FAILURES:
        _rise(row, ReachState.FAILED, receipt.code)


def _rise(row: Row, state: ReachState, code: str) -> None:
    if _RANK[state] > _RANK[ReachState(row["state"])]:
        row["state"], row["code"] = state, code[:64]


def _save(
    session: Session,
    alert_id: str,
    rows: Mapping[str, Rows],
    changed: set[tuple[str, str]],
    columns: Sequence[str],
) -> None:
    """Write what changed; the clusters of a device mostly say the same, so in one go."""
    whole: dict[str, Row] = {}
    single: dict[str, Row] = {}
    for device, name in changed:
        first, *others = rows[device].values()
        if all(row is first for row in others):
            whole[device] = first
        else:
            single[name] = rows[device][name]
    for key, values in (("device_id", whole), ("cluster_id", single)):
        told = [
            {"alert_id": alert_id, key: one} | {name: row[name] for name in columns}
            for one, row in values.items()
        ]
        update_each(session, ROWS, ("alert_id", key), told)


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
