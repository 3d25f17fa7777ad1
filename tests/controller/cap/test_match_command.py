"""`truyenthanh cap match`: what would sound, from the controller's own tables."""

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from controller.cap.matching import Index, target_of
from controller.cap.meaning import understand
from controller.cap.places import area_spots, cluster_spots, gazetteer
from controller.cap.reading import read
from controller.cli import run
from tests.controller.cap.messages import NOW, cap, info, place
from tests.controller.cast import AN_BINH, VILLAGE, Cast


def matched(session: Session, places: str) -> dict[str, str]:
    message, _ = understand(read(cap(infos=info(tail=place(places)))))
    target = target_of(message, gazetteer(session, NOW.date())).target
    return {one.spot.id: one.by for one in Index(cluster_spots(session)).matches(target)}


def test_clusters_are_found_by_area_code_and_by_place(session: Session, cast: Cast) -> None:
    cast.an_binh.code = "00123"
    session.flush()
    code = "<geocode><valueName>GSO</valueName><value>00123</value></geocode>"

    assert matched(session, code) == {"c-market": AN_BINH, "c-school": AN_BINH}
    assert matched(session, "<circle>21.1,105.9 1</circle>") == {"c-market": "shape"}
    assert matched(session, "<circle>22.1,105.9 1</circle>") == {}


def test_a_village_is_named_by_our_own_code(session: Session, cast: Cast) -> None:
    code = f"<geocode><valueName>tt:area</valueName><value>{cast.village.id}</value></geocode>"

    assert matched(session, code) == {"c-school": VILLAGE}


def test_a_closed_area_is_no_longer_named(session: Session, cast: Cast) -> None:
    cast.an_binh.code = "00123"
    cast.an_binh.valid_until = NOW.date()
    session.flush()

    assert "00123" not in gazetteer(session, NOW.date()).by_code
    assert AN_BINH in {one.id for one in area_spots(session)}


def test_the_command_lists_what_would_sound_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TT_DATA_DIR", str(tmp_path / "data"))
    table = tmp_path / "areas.csv"
    table.write_text(
        "id,kind,name,name_en,parent_id,valid_from,valid_until,predecessors,latitude,longitude,code\n"
        "vn,country,Việt Nam,,,,,,16,106,VN\nvn-31,province,Tỉnh Mẫu,,vn,,,,21.1,105.9,31\n"
    )
    file = tmp_path / "one.cap"
    code = "<geocode><valueName>GSO</valueName><value>31</value></geocode>"
    unknown = "<geocode><valueName>X</valueName><value>31</value></geocode>"
    file.write_bytes(cap(infos=info(tail=place(code + unknown))))
    bad = tmp_path / "bad.cap"
    bad.write_bytes(b"<!DOCTYPE a><a/>")

    assert run(["areas", "import", str(table)]) == 0
    assert run(["cap", "match", str(file)]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "area": "vn-31",
        "why": "in_area",
        "by": "vn-31",
        "geocode": "GSO=31",
    }
    assert "X" in told.err
    assert run(["cap", "match", str(bad)]) == 1
