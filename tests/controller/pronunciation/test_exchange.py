"""Dictionaries as CSV: what goes out comes in again; one wrong line and nothing is taken."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.people.models import AuditEntry
from controller.people.rights import NotAllowed
from controller.pronunciation.errors import ImportUnfit
from controller.pronunciation.exchange import (
    MOST_BYTES,
    MOST_LINES,
    Imported,
    as_csv,
    entries_in,
    import_entries,
)
from controller.pronunciation.finding import own_entries_of
from controller.pronunciation.models import PronunciationEntry, UnreadWord
from controller.pronunciation.unread import Found, note_unread
from tests.controller.cast import AN_BINH, TAN_LAP, Cast

FILE = "written,spoken,kind,note\nKXQ,khu xóm Quán,acronym,\nEa H'Leo,ê a hờ leo,minority_name,xã\n"


def take(
    session: Session, cast: Cast, now: datetime, file: str, area_id: str = AN_BINH
) -> Imported:
    who = cast.an if area_id == AN_BINH else cast.tan
    return import_entries(session, actor=who, area_id=area_id, file=file.encode(), now=now)


def test_what_goes_out_comes_in_again(session: Session, cast: Cast, now: datetime) -> None:
    file = FILE.replace("xã", "=2+2")

    assert take(session, cast, now, file) == Imported(2, 0, 0)
    out = as_csv(own_entries_of(session, cast.an_binh))
    assert out.startswith("\ufeffwritten,spoken,kind,note")
    assert ",'=2+2" in out
    assert take(session, cast, now, out) == Imported(0, 0, 2)
    assert take(session, cast, now, out, TAN_LAP) == Imported(2, 0, 0)


def test_an_entry_that_is_there_is_read_the_new_way_and_others_stay(
    session: Session, cast: Cast, now: datetime
) -> None:
    take(session, cast, now, FILE)

    assert take(session, cast, now, "written,spoken\nKXQ,khu mới\n") == Imported(0, 1, 0)

    rows = {row.written: row.spoken for row in own_entries_of(session, cast.an_binh)}
    assert rows == {"KXQ": "khu mới", "Ea H'Leo": "ê a hờ leo"}
    facts = session.scalars(select(AuditEntry.facts).order_by(AuditEntry.number.desc())).first()
    assert facts == {"added": [], "changed": [["KXQ", "khu mới"]]}


@pytest.mark.parametrize(
    "file",
    [
        "written;spoken;kind\nKXQ;khu, xóm Quán;Tên riêng\n",
        "Written\tSpoken\tkind\r\nKXQ\tkhu, xóm Quán\tname\r\n",
        '\ufeffspoken,written,kind\r\n"khu, xóm Quán",KXQ,name\r\n\r\n',
    ],
)
def test_files_of_common_spreadsheets_are_understood(file: str) -> None:
    (entry,) = entries_in(file.encode())

    assert (entry.written, entry.spoken, entry.kind) == ("KXQ", "khu, xóm Quán", "name")


def test_every_wrong_line_is_told_and_none_is_taken(
    session: Session, cast: Cast, now: datetime
) -> None:
    file = "written,spoken,kind\nKXQ,khu,name\nKXR,khu 3,name\nKXQ,khi,name\nsơ tán,ở nhà,name\n"

    with pytest.raises(ImportUnfit) as refused:
        take(session, cast, now, file)

    said = refused.value.sentence("vi")
    assert said.startswith("Không nhập dòng nào. Dòng 3: Cách đọc phải viết thành lời")
    assert "Dòng 4: “KXQ” có hai lần." in said
    assert "Dòng 5: “sơ tán” là từ hay số thường" in said
    assert refused.value.sentence("en").startswith("Nothing was imported. Line 3: ")
    assert session.scalars(select(PronunciationEntry)).all() == []
    assert session.scalars(select(AuditEntry)).all() == []


def test_many_wrong_lines_are_counted() -> None:
    file = "written,spoken\n" + "".join(f"KX{n}A,3\n" for n in range(30))

    with pytest.raises(ImportUnfit, match="Và 20 dòng sai nữa"):
        entries_in(file.encode())


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "Dòng 1 phải là"),
        (b"KXQ,khu\n", "Dòng 1 phải là"),
        (b"written,spoken,when\nKXQ,khu,\n", "Dòng 1 phải là"),
        (b"written,spoken\n", "không có mục nào"),
        ("written,spoken\nKXQ,xã".encode("utf-16"), "không phải UTF-8"),
        (b'written,spoken\n"KXQ"x,khu\n', "không phải CSV"),
        (b"written,spoken\nKXQ\n", "Dòng 2: Cách đọc cần từ 1"),
        (b"written,spoken\nKXQ,khu,name,note,more\n", "Dòng 2"),
        (b"written,spoken\n" + b"KXQ,khu\n" * (MOST_LINES + 1), "hơn 2000 dòng"),
        (b"written,spoken\n" + b"a" * MOST_BYTES, "quá lớn"),
        (b"written,spoken\nK\0Q,khu\n", "Dòng 2|không phải CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason(file: bytes, why: str) -> None:
    with pytest.raises(ImportUnfit, match=why):
        entries_in(file)


def test_an_import_covers_what_waits(session: Session, cast: Cast, now: datetime) -> None:
    note_unread(session, AN_BINH, [Found("KXQ", 1, "Tin của KXQ.")], now)

    take(session, cast, now, FILE)

    assert session.scalars(select(UnreadWord)).all() == []


def test_nobody_imports_into_the_area_of_a_neighbour(
    session: Session, cast: Cast, now: datetime
) -> None:
    for stranger in (cast.tan, cast.tech):
        with pytest.raises(NotAllowed):
            import_entries(session, actor=stranger, area_id=AN_BINH, file=FILE.encode(), now=now)
