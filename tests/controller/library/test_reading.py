"""How an area has its texts read: the nearest area upward decides, and only who may changes it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.errors import Invalid, Missing
from controller.library.reading import (
    Reading,
    own_reading,
    reading_of,
    set_reading,
)
from controller.library.speech import FakeVoice, Manner, Reader
from controller.people.models import AuditEntry
from controller.people.places import area_in_sight
from controller.people.rights import NotAllowed, machine_owner
from controller.pronunciation.service import add_entry
from controller.speech import Settings
from tests.controller.cast import AN_BINH, PROVINCE, Cast

OWNER = machine_owner("owner")
VOICES = ("vi", "vi-vn-x-south")


def choose(session: Session, now: datetime, area_id: str, **changes: Any) -> None:
    set_reading(session, actor=OWNER, area_id=area_id, voices=VOICES, now=now, **changes)


def said(session: Session, area: Area, text: str) -> str:
    return reading_of(session, area).in_words(text).spoken


def test_without_any_choice_texts_are_read_as_in_the_north(session: Session, cast: Cast) -> None:
    assert reading_of(session, cast.an_binh) == Reading(Manner(), Settings())


def test_the_nearest_area_upward_decides_each_part(
    session: Session, cast: Cast, now: datetime
) -> None:
    choose(session, now, PROVINCE, voice="vi-vn-x-south", speed=130, region="south")
    choose(session, now, AN_BINH, speed=170, early_day="mồng")

    village, neighbour = (reading_of(session, one) for one in (cast.village, cast.tan_lap))
    assert village.manner == Manner("vi-vn-x-south", 170, 50)
    assert neighbour.manner == Manner("vi-vn-x-south", 130, 50)
    assert village.settings == Settings("ngàn", "lẻ", "mồng")
    assert said(session, cast.village, "Ngày 5/4 có 1.005 hộ.") == (
        "Ngày mồng năm tháng tư có một ngàn không trăm lẻ năm hộ."
    )


def test_an_area_that_names_a_region_takes_back_the_words_from_above(
    session: Session, cast: Cast, now: datetime
) -> None:
    choose(session, now, PROVINCE, region="north", thousand="ngàn")
    choose(session, now, AN_BINH, region="north")

    assert reading_of(session, cast.tan_lap).settings.thousand == "ngàn"
    assert reading_of(session, cast.an_binh).settings.thousand == "nghìn"


def test_an_empty_part_is_taken_from_above_again_and_what_is_not_named_stays(
    session: Session, cast: Cast, now: datetime
) -> None:
    choose(session, now, AN_BINH, speed=170, pitch=40)
    choose(session, now, AN_BINH, speed=None)

    assert reading_of(session, cast.an_binh).manner == Manner("vi", 150, 40)
    assert own_reading(session, cast.an_binh)["speed"] is None


def test_the_dictionaries_of_the_area_belong_to_its_reading(
    session: Session, cast: Cast, now: datetime
) -> None:
    entry = {"area_id": AN_BINH, "written": "KXQ", "spoken": "khu xóm", "kind": "acronym"}
    add_entry(session, actor=cast.an, now=now, **entry)

    assert said(session, cast.an_binh, "Họp tại KXQ.") == "Họp tại khu xóm."
    assert said(session, cast.tan_lap, "Họp tại KXQ.") == "Họp tại KXQ."


@pytest.mark.parametrize("who", ["an", "binh", "tech", "lap"])
def test_only_an_administrator_of_the_area_changes_it(
    session: Session, cast: Cast, now: datetime, who: str
) -> None:
    with pytest.raises(NotAllowed):
        set_reading(
            session,
            actor=getattr(cast, who),
            area_id=AN_BINH,
            voices=VOICES,
            now=now,
            voice="vi",
        )


def test_a_change_is_in_the_audit_log(session: Session, cast: Cast, now: datetime) -> None:
    set_reading(session, actor=cast.chief, area_id=AN_BINH, voices=VOICES, now=now, speed=130)

    entry = session.scalars(select(AuditEntry)).all()[-1]
    assert (entry.who, entry.action, entry.area_id) == ("chief", "area.reading", AN_BINH)
    assert entry.facts == {"speed": 130}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("voice", "piper-gone"),
        ("speed", 79),
        ("speed", 301),
        ("pitch", 100),
        ("region", "west"),
        ("thousand", "nghin"),
        ("early_day", ""),
        ("changed_by", "me"),
    ],
)
def test_what_makes_no_sense_is_refused(
    session: Session, cast: Cast, now: datetime, name: str, value: object
) -> None:
    with pytest.raises(Invalid):
        choose(session, now, cast.an_binh.id, **{name: value})


def test_an_area_is_in_sight_of_those_within_and_those_below_but_not_beside(
    session: Session, cast: Cast
) -> None:
    assert area_in_sight(session, cast.an, PROVINCE).id == PROVINCE
    assert area_in_sight(session, cast.an, cast.village.id).id == cast.village.id
    with pytest.raises(Missing):
        area_in_sight(session, cast.tan, AN_BINH)


def test_the_cache_of_sentences_keeps_apart_what_areas_read_differently(tmp_path: Path) -> None:
    voice = FakeVoice()
    reader = Reader(voice, tmp_path)
    north, south = Reading(), Reading(Manner(pitch=60), Settings("ngàn", "lẻ"))

    for read in (north, south, north, south):
        reader.read("Có 1.005 hộ.", read.manner, normalise=read.in_words)

    assert voice.said == [
        "Có một nghìn không trăm linh năm hộ.",
        "Có một ngàn không trăm lẻ năm hộ.",
    ]
