from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.errors import Conflict, Forbidden, Invalid
from controller.people import area_changes
from controller.people.models import AuditEntry, Role
from controller.people.rights import ACTIONS, Actor, actor_of, allows, machine_owner, may, require
from controller.people.service import (
    create_person,
    deactivate_person,
    edit_person,
    grant_role,
    people_seen_by,
    person_by_login,
    reset_password,
    revoke_role,
)
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, Cast

Change = Callable[[Session, Cast, datetime], object]


def test_a_role_counts_in_its_area_and_below_and_nowhere_else(cast: Cast) -> None:
    """R47: every action x role x area."""
    places = {cast.an_binh: True, cast.village: True}
    places |= dict.fromkeys((cast.country, cast.province, cast.tan_lap), False)

    for name, action in ACTIONS.items():
        for role in Role:
            actor = Actor("x", 1, ((role, cast.an_binh.path),))
            for area, is_inside in places.items():
                assert allows(actor, name, area) == (is_inside and role in action.roles)


def test_nobody_without_a_role_may_do_anything(cast: Cast) -> None:
    """R47: default deny."""
    actor = Actor("x", 1, ())

    assert not any(allows(actor, action, cast.village) for action in ACTIONS)


def test_an_area_whose_id_begins_alike_is_another_area(cast: Cast) -> None:
    actor = Actor("x", 1, ((Role.OPERATOR, "/vn/vn-3/"),))

    assert not may(actor, [Role.OPERATOR], cast.an_binh.path)


def test_a_refusal_says_what_and_where_in_both_languages(cast: Cast) -> None:
    with pytest.raises(Forbidden) as refused:
        require(cast.an, "device.revoke", cast.an_binh)

    assert refused.value.sentence("vi") == "Bạn không có quyền thu hồi thiết bị tại Xã An Bình"
    assert refused.value.sentence("en") == "You may not revoke devices in Xã An Bình"


def test_a_new_person_gets_a_password_once_and_must_change_it(
    session: Session, cast: Cast, now: datetime
) -> None:
    person, password = create_person(
        session,
        cast.chief,
        login="hoa",
        full_name="Nguyễn Thị Hoa",
        role=Role.OPERATOR,
        area_id=VILLAGE,
        now=now,
    )

    actor = actor_of(session, person)
    assert actor.must_change_password
    assert actor.grants == ((Role.OPERATOR, cast.village.path),)
    entries = [str(entry.facts) for entry in session.scalars(select(AuditEntry))]
    assert not any(password in facts for facts in entries)


@pytest.mark.parametrize(
    "change",
    [
        lambda s, c, n: create_person(
            s,
            c.chief,
            login="hoa",
            full_name="Hoa",
            role=Role.OPERATOR,
            area_id=TAN_LAP,
            now=n,
        ),
        lambda s, c, n: grant_role(s, c.chief, c.an.person_id, Role.ADMINISTRATOR, PROVINCE, n),
        lambda s, c, n: grant_role(s, c.chief, c.chief.person_id, Role.AUTHORITY, "vn", n),
        lambda s, c, n: revoke_role(s, c.chief, c.tan.person_id, Role.OPERATOR, TAN_LAP, n),
        lambda s, c, n: deactivate_person(s, c.chief, c.lap.person_id, n),
        lambda s, c, n: reset_password(s, c.chief, c.tan.person_id, n),
        lambda s, c, n: edit_person(s, c.chief, c.tan.person_id, n, full_name="X"),
        lambda s, c, n: edit_person(s, c.an, c.binh.person_id, n, full_name="X"),
        lambda s, c, n: reset_password(s, c.an, c.an.person_id, n),
        lambda s, c, n: area_changes.edit_area(s, c.chief, TAN_LAP, n, name="X"),
        lambda s, c, n: area_changes.edit_area(s, c.an, AN_BINH, n, name="X"),
        lambda s, c, n: area_changes.set_policy(s, c.an, AN_BINH, n, allows_self_approval=True),
        lambda s, c, n: area_changes.move_area(s, c.chief, VILLAGE, TAN_LAP, n),
        lambda s, c, n: area_changes.move_area(s, c.chief, AN_BINH, AN_BINH, n),
        lambda s, c, n: area_changes.close_area(s, c.lap, VILLAGE, date(2027, 1, 1), n),
        lambda s, c, n: area_changes.merge_areas(
            s, c.chief, [TAN_LAP], AN_BINH, date(2027, 1, 1), n
        ),
        lambda s, c, n: area_changes.create_area(
            s, c.chief, area_id="x", kind="x", name="x", parent_id=None, now=n
        ),
        lambda s, c, n: area_changes.import_areas(s, c.chief, "id,kind,name\n", n),
    ],
)
def test_nobody_manages_beyond_the_own_subtree(
    session: Session, cast: Cast, now: datetime, change: Change
) -> None:
    """R47."""
    with pytest.raises(Forbidden):
        change(session, cast, now)

    assert session.scalars(select(AuditEntry)).all() == []


def test_an_account_with_a_role_outside_is_not_an_administrators_to_reset(
    session: Session, cast: Cast, now: datetime
) -> None:
    """R47: else a commune could take over an officer of the province."""
    owner = machine_owner("console")
    grant_role(session, owner, cast.an.person_id or 0, Role.AUTHORITY, PROVINCE, now)

    with pytest.raises(Forbidden):
        reset_password(session, cast.chief, cast.an.person_id or 0, now)


def test_an_administrator_sees_the_people_of_the_own_area(session: Session, cast: Cast) -> None:
    logins = [person.login for person in people_seen_by(session, cast.chief)]

    assert logins == ["an", "binh", "chief", "tech"]
    assert people_seen_by(session, cast.an) == []


def test_the_last_administrator_stays(session: Session, cast: Cast, now: datetime) -> None:
    owner = machine_owner("console")
    deactivate_person(session, owner, cast.lap.person_id or 0, now)

    with pytest.raises(Conflict):
        deactivate_person(session, owner, cast.chief.person_id or 0, now)


def test_every_change_is_audited_with_who_did_it(
    session: Session, cast: Cast, now: datetime
) -> None:
    an = cast.an.person_id or 0
    grant_role(session, cast.chief, an, Role.TECHNICIAN, AN_BINH, now)
    revoke_role(session, cast.chief, an, Role.TECHNICIAN, AN_BINH, now)
    reset_password(session, cast.chief, an, now)
    area_changes.edit_area(session, cast.chief, VILLAGE, now, name="Thôn Một")
    area_changes.set_policy(session, cast.chief, AN_BINH, now, allows_self_approval=True)
    deactivate_person(session, cast.chief, an, now)

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
    assert {entry.who for entry in entries} == {"chief"}
    assert [entry.action for entry in entries] == [
        "person.grant",
        "person.revoke",
        "person.password_reset",
        "area.edit",
        "area.policy",
        "person.deactivate",
    ]


@pytest.mark.parametrize("login", ["", "ab", "Hoa", "hoa nguyen", "hoa@x", ".hoa", "h" * 61])
def test_a_login_is_short_plain_text(
    session: Session, cast: Cast, now: datetime, login: str
) -> None:
    with pytest.raises(Invalid):
        create_person(
            session,
            cast.chief,
            login=login,
            full_name="Hoa",
            role=Role.OPERATOR,
            area_id=AN_BINH,
            now=now,
        )


def test_a_login_is_given_once(session: Session, cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid):
        edit_person(session, cast.an, cast.an.person_id or 0, now, language="fr")
    with pytest.raises(Conflict):
        create_person(
            session,
            cast.chief,
            login="binh",
            full_name="Bình",
            role=Role.OPERATOR,
            area_id=AN_BINH,
            now=now,
        )
    assert person_by_login(session, "binh").full_name == "Binh"
