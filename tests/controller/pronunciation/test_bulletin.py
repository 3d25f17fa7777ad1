"""The nearest layer: readings that belong to one bulletin alone."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from controller.library.models import LibraryItem
from controller.library.reading import reading_of
from controller.library.service import speak_bulletin
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.pronunciation import bulletin
from controller.pronunciation.errors import EntryUnfit
from controller.pronunciation.service import add_entry
from controller.speech import normalise
from tests.controller.cast import AN_BINH, Cast


def test_a_bulletins_own_reading_is_nearer_than_every_area(
    session: Session, cast: Cast, now: datetime, tmp_path: Path
) -> None:
    add_entry(session, actor=cast.an, area_id=AN_BINH, written="KXQ", spoken="khu xã",
              kind="acronym", now=now)  # fmt: skip
    own = bulletin.own_entries([("KXQ", "khu riêng"), ("XYT", "xưởng y tế")])

    item, voice = speak(session, cast, now, tmp_path, own=own)

    assert voice.said == ["Họp tại khu riêng và xưởng y tế."]
    assert item.pronunciations == [
        {"written": "KXQ", "spoken": "khu riêng"},
        {"written": "XYT", "spoken": "xưởng y tế"},
    ]


def test_it_counts_in_no_other_bulletin(
    session: Session, cast: Cast, now: datetime, tmp_path: Path
) -> None:
    speak(session, cast, now, tmp_path, own=bulletin.own_entries([("KXQ", "khu riêng")]))

    item, voice = speak(session, cast, now, tmp_path / "next")

    assert voice.said == ["Họp tại KXQ và XYT."]
    assert item.pronunciations == []


def test_kept_readings_read_the_text_the_same_way_again() -> None:
    rows = bulletin.kept(bulletin.own_entries([("KXQ", "khu riêng")]))

    assert normalise("Tại KXQ.", dictionaries=bulletin.layer(rows)).text == "Tại khu riêng."
    assert bulletin.layer([]) == ()


def test_the_lines_of_a_form_become_pairs_and_come_back() -> None:
    pairs = bulletin.pairs_in("KXQ = khu riêng\n\nEa H'Leo=ê a hờ leo\n")

    rows = bulletin.kept(bulletin.own_entries(pairs))

    assert bulletin.lines_of(rows) == "KXQ = khu riêng\nEa H'Leo = ê a hờ leo"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("KXQ khu riêng", "cách viết = cách đọc"),
        ("KXQ = khu 3", "khu ba"),
        ("KXQ = khu\nKXQ = khi", "hai cách đọc"),
        ("\n".join(f"KX{n}A = khu" for n in range(bulletin.MOST + 1)), "nhiều nhất"),
    ],
)
def test_wrong_lines_are_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(EntryUnfit, match=why):
        bulletin.own_entries(bulletin.pairs_in(text))


def speak(
    session: Session, cast: Cast, now: datetime, folder: Path, **values: object
) -> tuple[LibraryItem, FakeVoice]:
    store, voice = AssetStore(folder / "assets"), FakeVoice()
    store.start()
    item = speak_bulletin(
        session,
        store,
        Reader(voice, None),
        actor=cast.an,
        area_id=AN_BINH,
        title="Họp",
        text="Họp tại KXQ và XYT.",
        now=now,
        reading=reading_of(session, cast.an_binh),
        **values,  # type: ignore[arg-type] # the entries of one bulletin, or nothing
    )
    return item, voice
