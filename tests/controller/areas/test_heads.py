"""Heads of villages: whom to call when the loudspeakers there are silent."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.importing import LinesBad, import_areas
from controller.areas.models import Area
from controller.areas.service import ancestors, find_area, head_of
from controller.errors import Forbidden, Invalid
from controller.people.area_changes import set_head
from controller.people.models import AuditEntry
from tests.controller.cast import VILLAGE, Cast

HEADER = "id,kind,name,parent_id,head_name,head_phone\n"


def test_an_operator_of_the_commune_writes_down_whom_to_call(
    session: Session, cast: Cast, now: datetime
) -> None:
    set_head(session, cast.an, VILLAGE, " Nguyễn Văn Thôn ", "0912 345 678", now)

    area = find_area(session, VILLAGE)
    assert (area.head_name, area.head_phone) == ("Nguyễn Văn Thôn", "0912 345 678")


def test_neighbours_and_technicians_do_not(session: Session, cast: Cast, now: datetime) -> None:
    for actor in (cast.tan, cast.lap, cast.tech, cast.binh):
        with pytest.raises(Forbidden):
            set_head(session, actor, VILLAGE, "Ai đó", "0912345678", now)


def test_the_audit_says_that_it_changed_and_holds_no_number(
    session: Session, cast: Cast, now: datetime
) -> None:
    set_head(session, cast.chief, VILLAGE, "Nguyễn Văn Thôn", "0912345678", now)

    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id, entry.who) == ("area.contact", VILLAGE, "chief")
    assert entry.facts == {"has_name": True, "has_phone": True}


@pytest.mark.parametrize("phone", ["0912345678", "+84 912 345 678", "0912.345.678", "112", ""])
def test_phones_are_taken_as_people_write_them(
    session: Session, cast: Cast, now: datetime, phone: str
) -> None:
    set_head(session, cast.an, VILLAGE, "Nguyễn Văn Thôn", phone, now)

    assert find_area(session, VILLAGE).head_phone == phone


@pytest.mark.parametrize("phone", ["gọi sau", "12", "09123x5678", "0912345678901234567890", "++84"])
def test_what_cannot_be_called_is_refused(
    session: Session, cast: Cast, now: datetime, phone: str
) -> None:
    with pytest.raises(Invalid):
        set_head(session, cast.an, VILLAGE, "Nguyễn Văn Thôn", phone, now)


def test_the_nearest_head_upward_is_called(session: Session, cast: Cast, now: datetime) -> None:
    chain = ancestors(session, cast.village)
    assert head_of(chain) is None

    set_head(session, cast.chief, cast.an_binh.id, "Trần Thị Xã", "0900000001", now)
    assert head_of(chain) is cast.an_binh
    set_head(session, cast.chief, VILLAGE, "Nguyễn Văn Thôn", "", now)
    assert head_of(chain) is cast.an_binh
    set_head(session, cast.chief, VILLAGE, "Nguyễn Văn Thôn", "0900000002", now)
    assert head_of(chain) is cast.village


def test_an_import_brings_heads_where_it_has_their_columns_and_keeps_them_where_not(
    session: Session,
) -> None:
    first = [HEADER, "xa,commune,Xã A,,,\n", "thon,village,Thôn 1,xa,Bà Lụa,0912 345 678\n"]
    import_areas(session, first)

    import_areas(session, ["id,kind,name,parent_id\n", "thon,village,Thôn Một,xa\n"])

    area = session.get_one(Area, "thon")
    assert (area.name, area.head_name, area.head_phone) == ("Thôn Một", "Bà Lụa", "0912 345 678")
    assert session.get_one(Area, "xa").head_phone == ""


def test_a_line_with_no_phone_number_is_named_and_nothing_is_imported(session: Session) -> None:
    with pytest.raises(LinesBad, match="2: head_phone"):
        import_areas(session, [HEADER, "xa,commune,Xã A,,Bà Lụa,gọi loa\n"])

    assert session.get(Area, "xa") is None
