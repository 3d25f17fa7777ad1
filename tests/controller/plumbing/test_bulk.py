"""Many rows in one statement: what SQLAlchemy writes one by one, on either database."""

from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from controller.bulk import insert_new, update_each
from controller.records.models import StoredReceipt

RECEIPTS = cast("Table", StoredReceipt.__table__)
HANOI = timezone(timedelta(hours=7))


def test_rows_are_read_back_as_they_were(session: Session, now: datetime) -> None:
    rows = [
        _row(now, 1),
        _row(now, 2, clusters=["k-1", 'k-"2"'], rev=2**53, detail="Đã nhận \\ 'x'"),
    ]

    insert_new(session, RECEIPTS, rows)

    session.expire_all()
    found = session.scalars(select(StoredReceipt).order_by(StoredReceipt.number)).all()
    assert [{name: getattr(one, name) for name in rows[0]} for one in found] == rows


def test_an_instant_is_stored_as_any_other(session: Session, now: datetime) -> None:
    """Else no comparison would find it: SQLite keeps instants as text."""
    there = now.astimezone(HANOI)

    insert_new(session, RECEIPTS, [_row(there, 1)])

    assert session.scalars(select(StoredReceipt.at).where(StoredReceipt.at == now)).all() == [now]


def test_what_exists_is_left_alone_and_not_returned(session: Session, now: datetime) -> None:
    insert_new(session, RECEIPTS, [_row(now, 1, code="first")])

    fresh = insert_new(
        session,
        RECEIPTS,
        [_row(now, 1, code="again"), _row(now, 2), _row(now, 2)],
        (RECEIPTS.c.number,),
    )

    assert [number for (number,) in fresh] == [2]
    codes = select(StoredReceipt.code).order_by(StoredReceipt.number)
    assert session.scalars(codes).all() == ["first", ""]


def test_each_row_gets_its_own_values(session: Session, now: datetime) -> None:
    insert_new(session, RECEIPTS, [_row(now, number) for number in (1, 2, 3)])
    keys = ("device_id", "key", "number")

    update_each(
        session,
        RECEIPTS,
        keys,
        [
            {"device_id": "d-1", "key": "x", "number": number, "at": now + late, "rev": rev}
            for number, late, rev in ((1, timedelta(1), 7), (3, timedelta(2), None))
        ],
    )

    session.expire_all()
    found = session.scalars(select(StoredReceipt).order_by(StoredReceipt.number)).all()
    days = [(one.at - now).days for one in found]
    assert (days, [one.rev for one in found]) == ([1, 0, 2], [7, 1, None])


def test_nothing_is_no_statement(session: Session) -> None:
    assert insert_new(session, RECEIPTS, [], (RECEIPTS.c.number,)) == ()
    update_each(session, RECEIPTS, ("number",), [])


def test_a_naive_instant_is_a_bug(session: Session, now: datetime) -> None:
    with pytest.raises(TypeError, match="no value"):
        insert_new(session, RECEIPTS, [_row(now.replace(tzinfo=None), 1)])


def _row(now: datetime, number: int, **more: Any) -> dict[str, Any]:
    return {
        "device_id": "d-1",
        "key": "x",
        "number": number,
        "batch_id": 1,
        "kind": "started",
        "at": now,
        "received_at": now,
        "rev": 1,
        "clusters": None,
        "clock": "trusted",
        "code": "",
        "detail": "",
    } | more
