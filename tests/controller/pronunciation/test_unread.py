"""Words that wait for an entry: counted, bounded, gone when covered, never in the way of speech."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from controller.db import Sessions, make_sessions
from controller.people.models import AuditEntry
from controller.people.rights import NotAllowed, machine_owner
from controller.pronunciation import noting
from controller.pronunciation.errors import UnreadMissing
from controller.pronunciation.models import UnreadWord
from controller.pronunciation.noting import UnreadNotes
from controller.pronunciation.service import add_entry
from controller.pronunciation.unread import (
    KEPT_FOR,
    LONGEST_EXAMPLE,
    MOST_A_TEXT,
    MOST_AN_AREA,
    Found,
    dismiss_unread,
    found_in,
    note_unread,
    unread_words,
)
from controller.speech import normalise
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, Cast, introduce

OWNER = machine_owner("owner")


def meet(session: Session, area_id: str, written: str, now: datetime) -> None:
    note_unread(session, area_id, found_in([normalise(written)]), now)


def waiting(session: Session) -> set[tuple[str, str]]:
    session.expire_all()
    return {(row.area_id, row.text) for row in session.scalars(select(UnreadWord))}


def teach(session: Session, area_id: str, written: str, now: datetime) -> None:
    add_entry(session, actor=OWNER, area_id=area_id, written=written, spoken="khu xóm Quán",
              kind="acronym", now=now)  # fmt: skip


def test_a_word_is_counted_with_its_last_sentence(
    session: Session, cast: Cast, now: datetime
) -> None:
    meet(session, AN_BINH, "Mưa to. Tin của KXQ. KXQ báo.", now)
    meet(session, AN_BINH, "Họp ở KXQ nhé! Mời bà con.", now + timedelta(hours=1))

    (row,) = unread_words(session, cast.an).rows

    assert (row.text, row.count, row.example) == ("KXQ", 3, "Họp ở KXQ nhé!")
    assert (row.first_at, row.last_at) == (now, now + timedelta(hours=1))


@pytest.mark.usefixtures("cast")
def test_an_entry_takes_the_word_off_the_lists_of_its_area_and_below(
    session: Session, now: datetime
) -> None:
    for area_id in (AN_BINH, VILLAGE, TAN_LAP):
        meet(session, area_id, "Tin của KXQ và ABQ.", now)

    teach(session, AN_BINH, "KXQ", now)

    assert waiting(session) == {
        (AN_BINH, "ABQ"), (VILLAGE, "ABQ"), (TAN_LAP, "ABQ"), (TAN_LAP, "KXQ"),
    }  # fmt: skip


@pytest.mark.usefixtures("cast")
def test_an_entry_of_the_province_covers_its_communes(session: Session, now: datetime) -> None:
    meet(session, TAN_LAP, "Tin của KXQ.", now)

    teach(session, PROVINCE, "KXQ", now)

    assert waiting(session) == set()


@pytest.mark.usefixtures("cast")
def test_an_entry_for_more_words_covers_one_only_where_they_stand(
    session: Session, now: datetime
) -> None:
    meet(session, AN_BINH, "Tin của KXQ miền núi.", now)
    meet(session, VILLAGE, "Tin của KXQ.", now)

    teach(session, AN_BINH, "KXQ miền núi", now)

    assert waiting(session) == {(VILLAGE, "KXQ")}


@pytest.mark.usefixtures("cast")
def test_small_letters_cover_every_case(session: Session, now: datetime) -> None:
    meet(session, AN_BINH, "Tin của KxQ.", now)

    teach(session, AN_BINH, "kxq", now)

    assert waiting(session) == set()


def test_a_wrong_date_waits_for_nobodys_entry() -> None:
    read = normalise("Hạn 31/02/2026, ngày 2-9.")

    assert read.warnings
    assert found_in([read]) == ()


@pytest.mark.usefixtures("cast")
def test_the_list_is_bounded_and_the_oldest_go(session: Session, now: datetime) -> None:
    for number in range(MOST_AN_AREA // 10 + 1):
        found = [Found(f"Q{number}Q{n}", 1, "Câu.") for n in range(10)]
        note_unread(session, AN_BINH, found, now + timedelta(minutes=number))

    assert len(waiting(session)) == MOST_AN_AREA
    assert (AN_BINH, "Q0Q0") not in waiting(session)


@pytest.mark.usefixtures("cast")
def test_what_was_not_met_for_a_season_goes(session: Session, now: datetime) -> None:
    meet(session, AN_BINH, "Tin của KXQ.", now)
    meet(session, AN_BINH, "Tin của ABQ.", now + KEPT_FOR + timedelta(days=1))

    assert waiting(session) == {(AN_BINH, "ABQ")}


def test_one_text_brings_a_bounded_number_of_words_and_short_examples() -> None:
    letters = "BCDGHKLMNPQRSTVX"
    words = [f"{a}{b}Q" for a in letters for b in letters]

    found = found_in([normalise(f"{'rất dài ' * 200}{' '.join(words)} {'hết ' * 200}")])

    assert len(found) == MOST_A_TEXT
    assert max(len(one.example) for one in found) <= LONGEST_EXAMPLE
    assert all(one.text in one.example for one in found)


def test_only_who_writes_entries_there_sees_and_dismisses_words(
    session: Session, cast: Cast, now: datetime
) -> None:
    meet(session, AN_BINH, "Tin của KXQ.", now)
    (row,) = unread_words(session, cast.binh).rows

    assert unread_words(session, cast.tan).total == 0
    assert unread_words(session, cast.tech).total == 0
    assert unread_words(session, cast.an, area_id=TAN_LAP).total == 0
    with pytest.raises(UnreadMissing):
        dismiss_unread(session, actor=cast.tan, unread_id=row.id, now=now)
    with pytest.raises(NotAllowed):
        dismiss_unread(session, actor=cast.tech, unread_id=row.id, now=now)

    dismiss_unread(session, actor=cast.an, unread_id=row.id, now=now)

    assert waiting(session) == set()
    assert session.scalars(select(AuditEntry.action)).all() == ["pronunciation.dismiss"]


def test_notes_are_written_beside_the_speaking(sessions: Sessions, now: datetime) -> None:
    with sessions.begin() as session:
        introduce(session, now)
    notes = UnreadNotes(sessions)

    notes.note(AN_BINH, [normalise("Tin của KXQ.")], now)
    notes.note(AN_BINH, [normalise("Tin thường.")], now)
    notes.settle()

    with sessions() as session:
        assert waiting(session) == {(AN_BINH, "KXQ")}


def test_a_broken_database_breaks_no_speech(sqlite: Engine, now: datetime) -> None:
    sessions = make_sessions(sqlite)
    with sessions.begin() as session:
        session.execute(text("DROP TABLE unread_words"))
    notes = UnreadNotes(sessions)

    notes.note("nowhere", [normalise("Tin của KXQ.")], now)
    notes.settle()


def test_notes_that_nobody_can_write_in_time_are_dropped_not_waited_for(
    sqlite: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer holds the database; more is noted than may wait; nothing blocks."""
    monkeypatch.setattr(noting, "MOST_WAITING", 3)
    sessions = make_sessions(sqlite)
    with sessions.begin() as session:
        introduce(session, now)
    notes = UnreadNotes(sessions)

    with sessions.begin():
        for number in range(10):
            notes.note(AN_BINH, [normalise(f"Tin của {'BCDGHKLMNP'[number]}XQ.")], now)
    notes.settle()

    with sessions() as session:
        assert len(waiting(session)) == 3
