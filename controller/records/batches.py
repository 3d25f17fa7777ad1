"""Signed receipts: stored as they come, verified in the background, then believed."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from controller import wake
from controller.health import incidents
from controller.health.service import presence_of
from controller.records.logbook import note_receipt, was_played
from controller.records.models import Batch, StoredReceipt
from controller.stations.models import Device
from wire.errors import Forged, Malformed, WireError
from wire.signing import MAX_TOKEN_BYTES, open_signed, public_key
from wire.up import Receipt, ReceiptKind, Receipts

log = logging.getLogger(__name__)

NAME = "batches"


def store_batch(session: Session, device_id: str, token: str, now: datetime) -> None:
    """Keep a batch exactly as it came; nothing in it is believed yet.

    Raises `Malformed` for more than a token can be: a thief of a key fills no disk.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise Malformed(f"{len(token)} bytes")
    session.add(Batch(device_id=device_id, token=token, received_at=now))
    wake.ask(session, NAME)


def verify_batches(session: Session, now: datetime, limit: int = 500) -> int:
    """Verify the oldest waiting batches in order, file their receipts; return how many batches.

    One that we fail at gets the verdict `error` and holds up no other.
    """
    waiting = select(Batch).where(Batch.verified_at.is_(None)).order_by(Batch.id).limit(limit)
    batches = session.scalars(waiting).all()
    for batch in batches:
        batch.verdict = _verdict(session, batch, now)
        batch.verified_at = now
    return len(batches)


def _verdict(session: Session, batch: Batch, now: datetime) -> str:
    try:
        with session.begin_nested():
            return _verify(session, batch, now)
    except OperationalError:
        raise  # the database is away: nothing is wrong with the batch
    except Exception:
        log.exception("batch %d of %s could not be filed", batch.id, batch.device_id)
        return "error"


def _verify(session: Session, batch: Batch, now: datetime) -> str:
    device = session.get(Device, batch.device_id)
    try:
        if device is None or device.public_x is None:
            raise Forged(batch.device_id)
        message = open_signed(batch.token, public_key(device.public_x), Receipts)
        if message.device != batch.device_id:
            raise Forged(message.device)
    except WireError as error:
        log.warning("receipts of %s refused: %s", batch.device_id, error)
        incidents.open_incident(
            session, incidents.FORGED, batch.device_id, now, facts={"code": error.code}
        )
        return error.code
    _file(session, batch, device.public_x, message, now)
    return "ok"


def _file(session: Session, batch: Batch, key: str, message: Receipts, now: datetime) -> None:
    known = _known(session, batch.device_id, key, [one.number for one in message.receipts])
    fresh = [receipt for receipt in message.receipts if receipt.number not in known]
    _insert(session, [_row(batch, key, receipt) for receipt in fresh])
    for receipt in fresh:
        note_receipt(session, batch.device_id, receipt)
        _note_incident(session, batch.device_id, receipt, now)
    _acknowledge(session, batch.device_id, message.oldest, now)


def _known(session: Session, device_id: str, key: str, numbers: Iterable[int]) -> frozenset[int]:
    rows = select(StoredReceipt.number).where(
        StoredReceipt.device_id == device_id,
        StoredReceipt.key == key,
        StoredReceipt.number.in_(numbers),
    )
    return frozenset(session.scalars(rows))


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        is_pg = session.get_bind().dialect.name == "postgresql"
        insert = pg_insert if is_pg else sqlite_insert
        session.execute(insert(StoredReceipt).on_conflict_do_nothing(), rows)


def _row(batch: Batch, key: str, receipt: Receipt) -> dict[str, Any]:
    return receipt.model_dump() | {
        "device_id": batch.device_id,
        "key": key,
        "batch_id": batch.id,
        "received_at": batch.received_at,
        "kind": receipt.kind.value,
        "clock": receipt.clock.value,
    }


def _acknowledge(session: Session, device_id: str, oldest: int, now: datetime) -> None:
    """Raise `receipts_upto` over every number that is stored without a gap, or is gone for good.

    A device forgets what was acknowledged once; after the restore of an older backup we lack it.
    """
    presence = presence_of(session, device_id, now)
    if presence.receipts_upto < oldest - 1:
        log.warning(
            "%s holds no receipts before %d; those after %d are lost with the database",
            device_id,
            oldest,
            presence.receipts_upto,
        )
        presence.receipts_upto = oldest - 1
    after = select(StoredReceipt.number).where(
        StoredReceipt.device_id == device_id,
        StoredReceipt.key == presence.key,
        StoredReceipt.number > presence.receipts_upto,
    )
    for number in session.scalars(after.order_by(StoredReceipt.number)):
        if number != presence.receipts_upto + 1:
            break
        presence.receipts_upto = number


def _note_incident(session: Session, device_id: str, receipt: Receipt, now: datetime) -> None:
    facts = {"code": receipt.code, "detail": receipt.detail}
    match receipt.kind:
        case ReceiptKind.FAULT:
            incidents.open_incident(
                session, incidents.FAULT, device_id, now, subject=receipt.code, facts=facts
            )
        case ReceiptKind.REPAIRED:
            incidents.close_incident(session, incidents.FAULT, device_id, now, subject=receipt.code)
        case ReceiptKind.REFUSED:
            incidents.open_incident(
                session, incidents.REFUSED, device_id, now, subject=receipt.code, facts=facts
            )
        case ReceiptKind.MISSED | ReceiptKind.SKIPPED:
            incidents.open_incident(
                session,
                incidents.MISSED,
                device_id,
                now,
                subject=(receipt.slot or "")[:100],
                facts=facts,
            )
        case ReceiptKind.FINISHED if was_played(session, device_id, receipt.slot):
            slot = (receipt.slot or "")[:100]
            incidents.close_incident(session, incidents.MISSED, device_id, now, subject=slot)
