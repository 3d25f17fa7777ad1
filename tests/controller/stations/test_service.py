from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.errors import Conflict, Forbidden, Invalid, Missing
from controller.people.models import AuditEntry, Role
from controller.people.rights import actor_of
from controller.people.service import grant_role, machine_owner, person_by_login
from controller.replan import Requests, look_at_requests
from controller.stations.service import (
    create_cluster,
    create_device,
    create_output,
    create_station,
    edit_cluster,
    edit_device,
    edit_output,
    edit_station,
    move_cluster,
)
from tests.controller.cast import AN_BINH, TAN_LAP, VILLAGE, Cast

Change = Callable[[Session, Cast, datetime], object]


def test_a_device_gets_the_outputs_of_its_profile(
    session: Session, cast: Cast, now: datetime
) -> None:
    device = create_device(
        session, cast.tech, station_id="s-an-binh", name="Hộp 2", profile="software", now=now
    )

    assert device.id.startswith("d-")
    assert [output.name for output in device.outputs] == ["main"]
    assert device.state == "new"


def test_a_cluster_may_stand_in_a_village_below(
    session: Session, cast: Cast, now: datetime
) -> None:
    cluster = create_cluster(
        session,
        cast.tech,
        output_id=cast.output.id,
        area_id=VILLAGE,
        name="Nhà văn hóa",
        latitude=21.0,
        longitude=105.0,
        horns=3,
        now=now,
    )

    assert cluster.output is cast.output
    assert (cluster.area_id, cluster.horns) == (VILLAGE, 3)


def test_every_change_is_audited_and_asks_for_new_plans(
    session: Session, cast: Cast, now: datetime
) -> None:
    edit_cluster(session, cast.tech, "c-school", now, name="Trường tiểu học", horns=4)
    edit_output(session, cast.tech, cast.output.id, now, volume_db=-6.0)

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [(entry.who, entry.action, entry.object_id) for entry in entries] == [
        ("tech", "cluster.edit", "c-school"),
        ("tech", "output.edit", "d-anbinh1/main"),
    ]
    assert entries[0].facts == {"name": ["Trường học Thôn 1", "Trường tiểu học"], "horns": [2, 4]}
    assert look_at_requests(session).areas == {VILLAGE, AN_BINH}


def test_an_edit_that_changes_nothing_leaves_no_trace(
    session: Session, cast: Cast, now: datetime
) -> None:
    edit_station(session, cast.tech, "s-an-binh", now, name=cast.station.name)

    assert session.scalars(select(AuditEntry)).all() == []
    assert look_at_requests(session) == Requests()


@pytest.mark.parametrize(
    "change",
    [
        lambda s, c, n: create_station(s, c.tech, area_id=TAN_LAP, name="X", now=n),
        lambda s, c, n: create_station(s, c.an, area_id=AN_BINH, name="X", now=n),
        lambda s, c, n: create_device(
            s, c.tech, station_id="s-tan-lap", name="X", profile="software", now=n
        ),
        lambda s, c, n: create_output(s, c.tech, "d-tanlap1", "aux", n),
        lambda s, c, n: create_cluster(
            s, c.tech, output_id=c.output.id, area_id=TAN_LAP, name="X", now=n
        ),
        lambda s, c, n: create_cluster(
            s, c.lap, output_id=c.output.id, area_id=TAN_LAP, name="X", now=n
        ),
        lambda s, c, n: edit_station(s, c.tech, "s-tan-lap", n, name="X"),
        lambda s, c, n: edit_device(s, c.lap, "d-anbinh1", n, name="X"),
        lambda s, c, n: edit_output(s, c.lap, c.output.id, n, volume_db=0.0),
        lambda s, c, n: edit_cluster(s, c.lap, "c-market", n, name="X"),
        lambda s, c, n: move_cluster(s, c.tech, "c-market", n, area_id=TAN_LAP),
        lambda s, c, n: move_cluster(s, c.lap, "c-market", n, area_id=TAN_LAP),
        lambda s, c, n: move_cluster(
            s, c.tech, "c-market", n, output_id=c.other_device.outputs[0].id
        ),
    ],
)
def test_nothing_of_another_commune_is_touched(
    session: Session, cast: Cast, now: datetime, change: Change
) -> None:
    """R47."""
    with pytest.raises(Forbidden):
        change(session, cast, now)


def test_a_cluster_moves_between_communes_with_rights_in_both(
    session: Session, cast: Cast, now: datetime
) -> None:
    tech_id = cast.tech.person_id or 0
    grant_role(session, machine_owner("console"), tech_id, Role.TECHNICIAN, TAN_LAP, now)
    tech = actor_of(session, person_by_login(session, "tech"))
    target = cast.other_device.outputs[0]

    cluster = move_cluster(session, tech, "c-market", now, area_id=TAN_LAP, output_id=target.id)

    assert (cluster.area_id, cluster.output.device_id) == (TAN_LAP, "d-tanlap1")
    assert look_at_requests(session).areas == {AN_BINH, TAN_LAP}


@pytest.mark.parametrize(
    "change",
    [
        lambda s, c, n: edit_output(s, c.tech, c.output.id, n, volume_db=30.0),
        lambda s, c, n: edit_output(s, c.tech, c.output.id, n, delay_ms=-1),
        lambda s, c, n: edit_output(s, c.tech, c.output.id, n, name="x"),
        lambda s, c, n: edit_cluster(s, c.tech, "c-market", n, kind="laser"),
        lambda s, c, n: edit_cluster(s, c.tech, "c-market", n, latitude=91.0),
        lambda s, c, n: edit_cluster(s, c.tech, "c-market", n, area_id=TAN_LAP),
        lambda s, c, n: edit_device(s, c.tech, "d-anbinh1", n, state="enrolled"),
        lambda s, c, n: edit_device(s, c.tech, "d-anbinh1", n, profile="nothing"),
        lambda s, c, n: edit_station(s, c.tech, "s-an-binh", n, name="  "),
        lambda s, c, n: create_output(s, c.tech, "d-anbinh1", "a/b", n),
        lambda s, c, n: create_device(
            s, c.tech, station_id="s-an-binh", name="X", profile="software", device_id="x", now=n
        ),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    session: Session, cast: Cast, now: datetime, change: Change
) -> None:
    with pytest.raises(Invalid):
        change(session, cast, now)


def test_what_is_there_is_not_made_again_and_what_is_not_is_missing(
    session: Session, cast: Cast, now: datetime
) -> None:
    with pytest.raises(Conflict):
        create_output(session, cast.tech, "d-anbinh1", "main", now)
    with pytest.raises(Conflict):
        create_station(
            session, cast.tech, area_id=AN_BINH, name="X", station_id="s-an-binh", now=now
        )
    with pytest.raises(Missing):
        edit_device(session, cast.tech, "d-nobody", now, name="X")
