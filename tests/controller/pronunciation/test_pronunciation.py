"""An area's own way of reading: who may write it, where it holds, and that the nearest wins."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.errors import Invalid
from controller.people.models import AuditEntry
from controller.people.rights import Actor, NotAllowed, machine_owner
from controller.pronunciation import service
from controller.pronunciation.errors import AlreadyWritten, EntryMissing
from controller.pronunciation.finding import entries
from controller.pronunciation.models import PronunciationEntry
from controller.speech import normalise
from tests.controller.cast import AN_BINH, PROVINCE, Cast

OWNER = machine_owner("owner")


def _add(
    session: Session, now: datetime, actor: Actor, area_id: str, spoken: str, written: str = "KXQ"
) -> PronunciationEntry:
    return service.add_entry(
        session,
        actor=actor,
        area_id=area_id,
        written=written,
        spoken=spoken,
        kind="acronym",
        now=now,
    )


def _read(session: Session, area: Area) -> str:
    return normalise("Họp tại KXQ.", dictionaries=service.dictionaries_for(session, area)).text


def test_the_nearest_entry_wins_and_holds_below_its_area(
    session: Session, cast: Cast, now: datetime
) -> None:
    _add(session, now, OWNER, PROVINCE, "khu tỉnh")
    _add(session, now, cast.an, AN_BINH, "khu xã")

    assert _read(session, cast.village) == "Họp tại khu xã."
    assert _read(session, cast.tan_lap) == "Họp tại khu tỉnh."


def test_without_the_entry_the_next_one_upward_counts(
    session: Session, cast: Cast, now: datetime
) -> None:
    _add(session, now, OWNER, PROVINCE, "khu tỉnh")
    own = _add(session, now, cast.an, AN_BINH, "khu xã")

    service.remove_entry(session, actor=cast.an, entry_id=own.id, now=now)

    assert _read(session, cast.an_binh) == "Họp tại khu tỉnh."


def test_a_changed_entry_is_read_the_new_way_and_both_are_in_the_audit(
    session: Session, cast: Cast, now: datetime
) -> None:
    own = _add(session, now, cast.an, AN_BINH, "khu cũ")

    service.change_entry(
        session, actor=cast.binh, entry_id=own.id, spoken="khu mới", kind="name", now=now
    )

    assert _read(session, cast.an_binh) == "Họp tại khu mới."
    noted = session.scalars(
        select(AuditEntry.action).where(AuditEntry.object_type == "pronunciation")
    )
    assert list(noted) == ["pronunciation.add", "pronunciation.change"]


def test_only_operators_and_approvers_of_the_area_may_write(
    session: Session, cast: Cast, now: datetime
) -> None:
    for stranger in (cast.tan, cast.tech, cast.chief):
        with pytest.raises(NotAllowed):
            _add(session, now, stranger, AN_BINH, "khu")
    with pytest.raises(NotAllowed):
        _add(session, now, cast.an, PROVINCE, "khu")


def test_a_neighbour_neither_sees_nor_changes_an_entry(
    session: Session, cast: Cast, now: datetime
) -> None:
    own = _add(session, now, cast.an, AN_BINH, "khu")

    with pytest.raises(EntryMissing):
        service.remove_entry(session, actor=cast.tan, entry_id=own.id, now=now)
    assert entries(session, cast.tan).total == 0


def test_the_same_word_typed_in_two_ways_is_one_entry(
    session: Session, cast: Cast, now: datetime
) -> None:
    _add(session, now, cast.an, AN_BINH, "đắc lắc", written="Đắk")

    with pytest.raises(AlreadyWritten):
        _add(session, now, cast.an, AN_BINH, "đắc lắc", written="Đa\u0306\u0301k")


@pytest.mark.parametrize(("written", "spoken"), [(" ", "a"), ("A", "\n"), ("A" * 101, "a")])
def test_an_empty_or_endless_entry_is_refused(
    session: Session, cast: Cast, now: datetime, written: str, spoken: str
) -> None:
    with pytest.raises(Invalid):
        _add(session, now, cast.an, AN_BINH, spoken, written=written)
