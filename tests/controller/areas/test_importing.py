from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.areas.importing import VIETNAM, Imported, LinesBad, import_areas
from controller.areas.models import Area
from controller.areas.service import find_area, successors
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP

HEADER = (
    "id,kind,name,name_en,parent_id,valid_from,valid_until,predecessors,latitude,longitude,code\n"
)


def read(session: Session, *lines: str) -> Imported:
    return import_areas(session, [HEADER, *(f"{line}\n" for line in lines)])


def test_lines_may_stand_in_any_order(session: Session) -> None:
    done = read(
        session,
        "thon,village,Thôn 1,,xa,,,,,,",
        "xa,commune,Xã A,A Commune,tinh,2025-07-01,,,21.5,105.25,00123",
        "tinh,province,Tỉnh B,,,,,,,,",
    )

    commune = find_area(session, "xa")
    assert done == Imported(created=3, updated=0, successions=0)
    assert find_area(session, "thon").chain == ("tinh", "xa", "thon")
    assert (commune.name_en, commune.code) == ("A Commune", "00123")
    assert (commune.valid_from, commune.latitude) == (date(2025, 7, 1), 21.5)


@pytest.mark.usefixtures("cast")
def test_a_predecessor_in_the_tree_is_a_succession_any_other_a_former_name(
    session: Session,
) -> None:
    read(
        session,
        f"moi,commune,Xã Mới,,{PROVINCE},2027-01-01,,{AN_BINH};{TAN_LAP};00077 Xã Xưa,,,",
    )

    assert successors(session, AN_BINH) == ("moi",)
    assert find_area(session, "moi").formerly == "00077 Xã Xưa"


@pytest.mark.usefixtures("cast")
def test_known_areas_get_the_new_values(session: Session) -> None:
    done = read(session, f"{AN_BINH},ward,Phường An Bình,,{PROVINCE},,,,,,9")

    assert done == Imported(created=0, updated=1, successions=0)
    assert find_area(session, AN_BINH).name == "Phường An Bình"


@pytest.mark.usefixtures("cast")
def test_every_bad_line_is_named_and_nothing_is_imported(session: Session) -> None:
    with pytest.raises(LinesBad) as refused:
        read(
            session,
            "good,commune,Xã Tốt,,vn,,,,,,",
            "Bad Id,commune,Xã,,vn,,,,,,",
            "b,commune,,,vn,,,,,,",
            "c,commune,Xã,,nowhere,,,,,,",
            "d,commune,Xã,,vn,01/07/2025,,,,,",
            "e,commune,Xã,,vn,,,,95,abc,",
            "good,commune,Lại,,vn,,,,,,",
            "f,commune,Xã,,f,,,,,,",
            f"{AN_BINH},commune,Xã,,vn,,,,,,",
            "g,commune,Xã,,vn,2026-01-01,2025-01-01,,,,",
        )

    named = [int(line.split(":")[0].split()[-1]) for line in refused.value.facts["lines"]]
    assert sorted(set(named)) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert "dòng | line 3" in str(refused.value)
    assert session.get(Area, "good") is None


@pytest.mark.parametrize("text", ["", "name\nx\n", "\x00\n", "id;kind;name\na;b;c\n"])
def test_a_file_without_our_columns_is_refused(session: Session, text: str) -> None:
    with pytest.raises(LinesBad):
        import_areas(session, text.splitlines(keepends=True))


def test_the_whole_of_vietnam_is_imported_and_again(session: Session) -> None:
    told: list[tuple[int, int]] = []
    lines = VIETNAM.read_text(encoding="utf-8").splitlines(keepends=True)

    first = import_areas(session, lines, lambda done, total: told.append((done, total)))
    again = import_areas(session, lines)

    assert first.created == 3356
    assert again == Imported(created=0, updated=3356, successions=0)
    assert session.scalar(select(func.count()).select_from(Area)) == 3356
    assert told[-1] == (3356, 3356)
    assert find_area(session, "vn-01").formerly == "01 Thành phố Hà Nội"
