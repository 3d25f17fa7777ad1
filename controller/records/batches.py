"""Signed receipts: stored as they come, verified in the background, then believed."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from controller import wake
from controller.bulk import insert_new
from controller.emergencies import reach
from controller.health import incidents
from controller.health.models import Presence
from controller.health.service import PRESENT, counted_upto, raise_upto
from controller.records.checking import OK, Question, check, message_of
from controller.records.logbook import note_receipt, was_played
from controller.records.models import Batch, StoredReceipt
from controller.stations.models import Device
from wire.errors import Malformed
from wire.signing import MAX_TOKEN_BYTES
from wire.up import Receipt, ReceiptKind, Receipts

log = logging.getLogger(__name__)

NAME = "batches"
AT_ONCE = 500
"""So many batches a transaction: a tenth of a second of SQLite's one writer."""
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored batch that nobody has looked into."""

    id: int
    received_at: datetime
    question: Question


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored batch that was looked into; `message` only when the device's `key` signed it."""

    id: int
    device_id: str
    received_at: datetime
    verdict: str
    key: str = ""
    message: Receipts | None = None

    @property
    def alerts(self) -> list[reach.Told]:
        """Return what it says of alerts."""
        receipts = self.message.receipts if self.message else ()
        return [(self.device_id, one) for one in receipts if one.area is not None]


def store_batch(session: Session, device_id: str, token: str, now: datetime) -> None:
    """Keep a batch exactly as it came; nothing in it is believed yet.

    Raises `Malformed` for more than a token can be: a thief of a key fills no disk.
    """
    store_batches(session, [(device_id, checked(token))], now)


def checked(token: str) -> str:
    """Return what may be a token; `Malformed` when it is too long or has letters of no token."""
    if len(token) > MAX_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise Malformed(f"{len(token)} bytes")
    return token


def store_batches(session: Session, tokens: Sequence[tuple[str, str]], now: datetime) -> None:
    """Keep many (device, checked token) in one statement."""
    if not tokens:
        return
    rows = [
        {"device_id": device, "token": token, "received_at": now, "verdict": ""}
        for device, token in tokens
    ]
    insert_new(session, cast("Table", Batch.__table__), rows)
    wake.ask(session, NAME)


def verify_batches(session: Session, now: datetime, limit: int = AT_ONCE) -> int:
    """Verify the oldest waiting batches in order, file their receipts; return how many batches.

    Everything in the caller's transaction; `Verification` does it in turns.
    """
    batches = [opened(one, check(one.question)) for one in waiting(session, limit=limit)]
    count_alerts(session, batches, now)
    file_opened(session, batches, now)
    return len(batches)


def waiting(session: Session, after: int = 0, limit: int = AT_ONCE) -> list[Waiting]:
    """Return the oldest batches that nobody verified yet, in order, of those after an id."""
    rows = session.execute(
        select(Batch.id, Batch.received_at, Batch.device_id, Device.public_x, Batch.token)
        .join(Device, Device.id == Batch.device_id, isouter=True)
        .where(Batch.verified_at.is_(None), Batch.id > after)
        .order_by(Batch.id)
        .limit(limit)
    )
    return [
        Waiting(number, received_at, Question(device, key, token))
        for number, received_at, device, key, token in rows
    ]


def opened(batch: Waiting, verdict: str) -> Opened:
    """Return a batch with what its device signed, or why it is not believed."""
    asked = batch.question
    if verdict != OK:
        log.warning("receipts of %s refused: %s", asked.device, verdict)
    message = message_of(asked.token) if verdict == OK else None
    return Opened(batch.id, asked.device, batch.received_at, verdict, asked.key or "", message)


def count_alerts(session: Session, opened: Sequence[Opened], now: datetime) -> None:
    """Count whom alerts reached; receipts may come again, and a bug there loses none."""
    told = [one for batch in opened for one in batch.alerts]
    if not told:
        return
    try:
        with session.begin_nested():
            reach.note_receipts(session, told, now, PRESENT)
    except OperationalError:
        raise  # the database is away: nothing is wrong with the batches
    except Exception:
        log.exception("what %d receipts say of alerts could not be counted", len(told))


def file_opened(session: Session, opened: Sequence[Opened], now: datetime) -> None:
    """File what was opened and counted: receipts, logbook, what devices may forget, the verdicts.

    One batch that we fail at gets the verdict `error` and holds up no other.
    """
    verdicts = {one.id: one.verdict for one in opened}
    good = [one for one in opened if one.message is not None]
    if not _filed(session, good, now):
        for one in good:
            if not _filed(session, [one], now):
                verdicts[one.id] = "error"
    for one in opened:
        if one.message is None and one.verdict != "error":
            facts = {"code": one.verdict}
            incidents.open_incident(session, incidents.FORGED, one.device_id, now, facts=facts)
    for verdict in set(verdicts.values()):
        ids = [batch for batch, its in verdicts.items() if its == verdict]
        judged = update(Batch).where(Batch.id.in_(ids))
        session.execute(judged.values(verdict=verdict, verified_at=now))


def _filed(session: Session, batches: Sequence[Opened], now: datetime) -> bool:
    """File batches in a savepoint, all or none; return whether it went well."""
    try:
        with session.begin_nested():
            _file(session, batches, now)
    except OperationalError:
        raise  # the database is away: nothing is wrong with the batches
    except Exception:
        if len(batches) == 1:
            log.exception("batch %d of %s could not be filed", batches[0].id, batches[0].device_id)
        return False
    return True


def _file(session: Session, batches: Sequence[Opened], now: datetime) -> None:
    receipts = [
        (one, receipt) for one in batches if one.message for receipt in one.message.receipts
    ]
    fresh = _insert(session, receipts)
    for one, receipt in receipts:
        # Whatever a batch repeats was told before, also within this chunk.
        if (one.device_id, one.key, receipt.number) in fresh:
            fresh.remove((one.device_id, one.key, receipt.number))
            note_receipt(session, one.device_id, receipt)
            _note_incident(session, one.device_id, receipt, now)
    _acknowledge(session, batches, now)


def _insert(
    session: Session, receipts: Sequence[tuple[Opened, Receipt]]
) -> set[tuple[str, str, int]]:
    """Insert what is not there yet; return (device, key, number) of what is new."""
    if not receipts:
        return set()
    keys = (_RECEIPTS.c.device_id, _RECEIPTS.c.key, _RECEIPTS.c.number)
    found = insert_new(session, _RECEIPTS, [_row(*one) for one in receipts], keys)
    return {(device, key, number) for device, key, number in found}


def _row(batch: Opened, receipt: Receipt) -> dict[str, Any]:
    said = {name: getattr(receipt, name) for name in _SAID}
    return said | {
        "device_id": batch.device_id,
        "key": batch.key,
        "batch_id": batch.id,
        "received_at": batch.received_at,
        "kind": receipt.kind.value,
        "clock": receipt.clock.value,
    }


_RECEIPTS = cast("Table", StoredReceipt.__table__)
_SAID = frozenset(Receipt.model_fields).intersection(_RECEIPTS.columns.keys())


def _acknowledge(session: Session, batches: Sequence[Opened], now: datetime) -> None:
    """Raise `receipts_upto` over every number that is stored without a gap, or is gone for good.

    A device forgets what was acknowledged once; after the restore of an older backup we lack it.
    """
    counted = counted_upto(session, {one.device_id for one in batches}, now)
    upto = dict(counted)
    for one in batches:
        key, acknowledged = upto[one.device_id]
        gone = one.message.oldest - 1 if one.message and one.key == key else 0
        if acknowledged < gone:
            log.warning(
                "%s holds no receipts before %d; those after %d are lost with the database",
                one.device_id,
                gone + 1,
                acknowledged,
            )
            upto[one.device_id] = key, gone
    after = (
        select(_RECEIPTS.c.device_id, _RECEIPTS.c.key, _RECEIPTS.c.number)
        .join(
            Presence,
            (Presence.device_id == _RECEIPTS.c.device_id) & (Presence.key == _RECEIPTS.c.key),
        )
        .where(Presence.device_id.in_(upto), _RECEIPTS.c.number > Presence.receipts_upto)
    )
    for device_id, key, number in session.execute(after.order_by(*after.selected_columns)):
        if number == upto[device_id][1] + 1:
            upto[device_id] = key, number
    raise_upto(session, {one: upto[one][1] for one in upto if upto[one] != counted[one]})


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
