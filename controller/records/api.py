"""The logbook over the JSON API: read only, what devices signed."""

from datetime import datetime, timedelta
from typing import Literal

from flask import Response
from pydantic import BaseModel
from sqlalchemy import select

from controller.listing import listing
from controller.people.access import actor, now, reading
from controller.records.models import Broadcast, StoredReceipt
from controller.stations.sight import device_ids_in_sight
from controller.web.api import Key, PageQuery, Told, allow, make_api, page
from wire.message import Instant

records_api = make_api("records", "Nhật ký phát sóng", "Logbook")

StateName = Literal[
    "expected", "at_risk", "playing", "played", "partly", "missed", "unreported", "withdrawn"
]


class LogbookQuery(PageQuery):
    """Broadcasts planned to start in `[from_at, until_at)`; the last day without them."""

    from_at: Instant | None = None
    until_at: Instant | None = None
    device_id: Key | None = None
    state: StateName | None = None


class ReceiptQuery(PageQuery):
    """Receipts of a device, or about one slot."""

    device_id: Key | None = None
    slot: Key | None = None


class BroadcastOut(Told):
    """One planned slot, and what became of it."""

    id: int
    device_id: str
    slot: str
    output: str
    programme_id: str
    title: str
    planned_start_at: datetime
    planned_end_at: datetime
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    late_ms: int | None
    played_ms: int | None
    why: str


class BroadcastPage(BaseModel):
    """One page of the logbook, the newest first."""

    total: int
    items: list[BroadcastOut]


class ReceiptOut(Told):
    """A device's signed word."""

    device_id: str
    number: int
    kind: str
    at: datetime
    received_at: datetime
    output: str | None
    slot: str | None
    programme: str | None
    played_ms: int | None
    late_ms: int | None
    clock: str
    clock_error_ms: int | None
    code: str
    detail: str


class ReceiptPage(BaseModel):
    """One page of receipts, the newest first."""

    total: int
    items: list[ReceiptOut]


@records_api.get("/logbook", responses={200: BroadcastPage})
@allow("view")
def list_broadcasts(query: LogbookQuery) -> Response:
    """List what was planned on my devices and what became of it."""
    last = query.until_at or now()
    first = query.from_at or last - timedelta(days=1)
    rows = select(Broadcast).where(
        Broadcast.device_id.in_(device_ids_in_sight(actor())),
        Broadcast.planned_start_at >= first,
        Broadcast.planned_start_at < last,
    )
    if query.device_id is not None:
        rows = rows.where(Broadcast.device_id == query.device_id)
    if query.state is not None:
        rows = rows.where(Broadcast.state == query.state)
    newest = rows.order_by(Broadcast.planned_start_at.desc(), Broadcast.id.desc())
    with reading() as session:
        return page(BroadcastOut, listing(session, newest, query.limit, query.offset))


@records_api.get("/receipts", responses={200: ReceiptPage})
@allow("view")
def list_receipts(query: ReceiptQuery) -> Response:
    """List what my devices signed."""
    rows = select(StoredReceipt).where(StoredReceipt.device_id.in_(device_ids_in_sight(actor())))
    if query.device_id is not None:
        rows = rows.where(StoredReceipt.device_id == query.device_id)
    if query.slot is not None:
        rows = rows.where(StoredReceipt.slot == query.slot)
    newest = rows.order_by(StoredReceipt.received_at.desc(), StoredReceipt.number.desc())
    with reading() as session:
        return page(ReceiptOut, listing(session, newest, query.limit, query.offset))
