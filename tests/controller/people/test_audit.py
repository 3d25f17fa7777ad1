import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from controller.people.audit import head, record, verify
from controller.people.models import AuditEntry


def write(session: Session, now: datetime, count: int) -> None:
    for number in range(1, count + 1):
        at = now + timedelta(seconds=number, microseconds=number)
        facts = {"số": number, "at": at, "name": "Xã An Bình", "gain_db": -1.5}
        record(session, at, "an", "programme.create", "programme", number, "vn-31", facts)
    session.commit()


def test_a_chain_that_nobody_touched_is_whole(session: Session, now: datetime) -> None:
    write(session, now, 30)

    assert verify(session) is None
    assert verify(session, expected_head=head(session)) is None


def test_an_empty_chain_is_whole_and_has_no_head(session: Session) -> None:
    assert verify(session) is None
    assert head(session) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"who": "binh"},
        {"action": "programme.delete"},
        {"object_type": "station"},
        {"object_id": "8"},
        {"area_id": "vn"},
        {"facts": {"số": 8}},
        {"hash": "0" * 64},
        {"previous_hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_changed_column_is_found(
    session: Session, now: datetime, change: dict[str, object]
) -> None:
    """R46."""
    write(session, now, 20)

    session.execute(update(AuditEntry).where(AuditEntry.number == 7).values(**change))

    assert verify(session) == 7


def test_a_changed_instant_is_found_to_the_microsecond(session: Session, now: datetime) -> None:
    """R46."""
    write(session, now, 20)

    other = now + timedelta(seconds=7, microseconds=8)
    session.execute(update(AuditEntry).where(AuditEntry.number == 7).values(at=other))

    assert verify(session) == 7


def test_a_deleted_entry_is_found(session: Session, now: datetime) -> None:
    """R46."""
    write(session, now, 20)

    session.execute(delete(AuditEntry).where(AuditEntry.number == 7))

    assert verify(session) == 7


def test_two_swapped_entries_are_found(session: Session, now: datetime) -> None:
    """R46."""
    write(session, now, 20)

    for old, new in ((7, 99), (8, 7), (99, 8)):
        session.execute(
            text("UPDATE audit SET number = :n WHERE number = :o"), {"o": old, "n": new}
        )

    assert verify(session) == 7


def test_a_chain_cut_short_is_found_by_a_head_kept_elsewhere(
    session: Session, now: datetime
) -> None:
    """R46: each `sync` carries the head, devices keep it."""
    write(session, now, 20)
    kept_by_a_device = head(session)

    session.execute(delete(AuditEntry).where(AuditEntry.number > 17))

    assert verify(session) is None
    assert verify(session, expected_head=kept_by_a_device) == 18


def test_forty_random_tamperings_are_all_found(session: Session, now: datetime) -> None:
    """R46 in short: one change, deletion or swap anywhere, each on a whole chain."""
    write(session, now, 100)
    chance = random.Random(46)

    for _ in range(40):
        at, other = chance.sample(range(1, 100), 2)
        match chance.choice(["change", "delete", "swap"]):
            case "change":
                column = chance.choice(["who", "action", "object_type", "object_id", "hash"])
                change = update(AuditEntry).where(AuditEntry.number == at)
                session.execute(change.values({column: f"x{chance.random()}"}))
                first = at
            case "delete":
                session.execute(delete(AuditEntry).where(AuditEntry.number == at))
                first = at
            case _:
                for old, new in ((at, 999), (other, at), (999, other)):
                    swap = update(AuditEntry).where(AuditEntry.number == old)
                    session.execute(swap.values(number=new))
                first = min(at, other)

        assert verify(session) == first
        session.rollback()

    assert verify(session) is None


def test_an_older_head_is_still_in_a_chain_that_grew(session: Session, now: datetime) -> None:
    write(session, now, 3)
    kept_by_a_device = head(session)

    record(session, now, "an", "person.edit", "person", 1)

    assert verify(session, expected_head=kept_by_a_device) is None


def test_a_change_that_is_rolled_back_leaves_no_entry(session: Session, now: datetime) -> None:
    write(session, now, 3)

    record(session, now, "an", "person.edit", "person", 1)
    session.rollback()

    assert verify(session) is None
    assert session.get(AuditEntry, 4) is None


def test_a_value_that_json_cannot_hold_is_refused(session: Session, now: datetime) -> None:
    with pytest.raises(ValueError, match="JSON"):
        record(session, now, "an", "a", "b", 1, "", {"x": float("nan")})
