"""Looking entries up: without accents, in sight only, and which one counts where."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from controller.errors import Missing
from controller.people.places import area_in_sight
from controller.people.rights import machine_owner
from controller.pronunciation.errors import EntryMissing
from controller.pronunciation.finding import as_shown, entries, entry_of
from controller.pronunciation.folding import folded
from controller.pronunciation.models import PronunciationEntry
from controller.pronunciation.service import add_entry, change_entry
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, Cast

OWNER = machine_owner("owner")


def write(
    session: Session, now: datetime, area_id: str, written: str, spoken: str, kind: str = "name"
) -> PronunciationEntry:
    return add_entry(session, actor=OWNER, area_id=area_id, written=written, spoken=spoken,
                     kind=kind, now=now)  # fmt: skip


@pytest.mark.parametrize("search", ["dak lak", "ĐẮK", "đắc  lắc", "dac", "Lắk dak", "đak"])
def test_a_search_knows_no_accents_and_finds_both_texts(
    session: Session, cast: Cast, now: datetime, search: str
) -> None:
    write(session, now, AN_BINH, "Đắk Lắk", "đắc lắc")
    write(session, now, AN_BINH, "KXQ", "khu xóm Quán")

    found = entries(session, cast.an, search=search)

    assert [one.written for one in found.rows] == ["Đắk Lắk"]


@pytest.mark.parametrize("search", ["%", "_", "\\", "dak%"])
def test_a_search_has_no_secret_signs(
    session: Session, cast: Cast, now: datetime, search: str
) -> None:
    write(session, now, AN_BINH, "Đắk Lắk", "đắc lắc")

    assert entries(session, cast.an, search=search).total == 0


def test_a_changed_reading_is_found_by_its_new_words(
    session: Session, cast: Cast, now: datetime
) -> None:
    row = write(session, now, AN_BINH, "KXQ", "khu cũ")
    change_entry(session, actor=cast.an, entry_id=row.id, spoken="khu mới", kind="name", now=now)

    assert entries(session, cast.an, search="moi").total == 1
    assert entries(session, cast.an, search="cu").total == 0


def test_an_area_shows_its_own_the_inherited_and_what_is_hidden(
    session: Session, cast: Cast, now: datetime
) -> None:
    write(session, now, PROVINCE, "KXQ", "khu tỉnh")
    write(session, now, PROVINCE, "ABQ", "a bê quy")
    write(session, now, AN_BINH, "KXQ", "khu xã")
    write(session, now, VILLAGE, "XTQ", "xóm thôn")
    found = entries(session, cast.an, area_id=AN_BINH)

    shown = as_shown(session, cast.an_binh, found.rows)

    assert [(one.entry.spoken, one.area_name, one.is_own, one.is_hidden) for one in shown] == [
        ("a bê quy", "Tỉnh Mẫu", False, False),
        ("khu tỉnh", "Tỉnh Mẫu", False, True),
        ("khu xã", "Xã An Bình", True, False),
    ]


def test_kinds_are_told_apart(session: Session, cast: Cast, now: datetime) -> None:
    write(session, now, AN_BINH, "KXQ", "khu", kind="acronym")
    write(session, now, AN_BINH, "Ea H'Leo", "ê a hờ leo", kind="minority_name")

    found = entries(session, cast.an, kind="minority_name")

    assert [one.written for one in found.rows] == ["Ea H'Leo"]


def test_a_neighbour_finds_nothing_of_it(session: Session, cast: Cast, now: datetime) -> None:
    own = write(session, now, AN_BINH, "KXQ", "khu")
    above = write(session, now, PROVINCE, "ABQ", "a bê quy")

    assert [one.id for one in entries(session, cast.tan).rows] == [above.id]
    assert [one.id for one in entries(session, cast.tan, area_id=TAN_LAP).rows] == [above.id]
    with pytest.raises(Missing):
        entries(session, cast.tan, area_id=AN_BINH)
    with pytest.raises(Missing):
        area_in_sight(session, cast.tan, VILLAGE)
    with pytest.raises(EntryMissing):
        entry_of(session, cast.tan, own.id)


def test_letters_that_fold_to_more_are_kept_as_far_as_there_is_room(
    session: Session, cast: Cast, now: datetime
) -> None:
    write(session, now, AN_BINH, "K\ufb03" * 50, "khu " + "\ufb03" * 290)

    assert entries(session, cast.an, search="kffi").total == 1


def test_folding_keeps_what_is_no_accent() -> None:
    assert folded(" Ea  H'Leo\0 Đ/c 12 ") == "ea h'leo d/c 12"
