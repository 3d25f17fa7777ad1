from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.config import Config
from controller.errors import Missing
from controller.keys import Keyring
from controller.outbox_models import OutboxRow, Retained
from controller.people.area_changes import move_area, set_policy
from controller.people.rights import machine_owner
from controller.stations.desired import (
    devices_of,
    publish_desired,
)
from controller.stations.models import DeviceState, EmergencyPack
from controller.stations.service import edit_output
from controller.stations.trust_list import publish_trust, revoked_devices
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, Cast
from wire.down import Desired
from wire.trust import Place, judge, judge_trust

PLACE = Place("d-anbinh1", (("vn", PROVINCE, AN_BINH),))


def sent(session: Session) -> list[int]:
    return list(session.scalars(select(OutboxRow.rev).order_by(OutboxRow.id)))


@pytest.mark.usefixtures("cast")
def test_what_did_not_change_is_not_sent_again(
    session: Session, keyring: Keyring, config: Config, now: datetime
) -> None:
    first = publish_desired(session, "d-anbinh1", keyring, config, now)

    later = now + timedelta(days=1)
    again = publish_desired(session, "d-anbinh1", keyring, config, later)

    assert again == first
    assert len(sent(session)) == 1


def test_a_change_is_sent_with_a_higher_revision_also_by_a_clock_gone_back(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    publish_desired(session, "d-anbinh1", keyring, config, now)
    edit_output(session, cast.tech, cast.output.id, now, volume_db=-9.0)

    token = publish_desired(session, "d-anbinh1", keyring, config, now - timedelta(days=1))

    desired = judge(token, Desired, keyring.pinned(), PLACE, now)
    first, second = sent(session)
    assert desired.outputs[0].volume_db == -9.0
    assert second == first + 1 == desired.rev


def test_a_device_is_told_the_pack_and_the_languages_of_its_area(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    for number, languages in enumerate(("vi", "km vi")):
        session.add(
            EmergencyPack(
                languages=languages, sha256=f"{number}" * 64, bytes=7, inputs="", made_at=now
            )
        )
    set_policy(session, machine_owner("console"), AN_BINH, now, languages=["vi", "km"])

    tokens = [
        publish_desired(session, device.id, keyring, config, now)
        for device in (cast.device, cast.other_device)
    ]

    there = Place("d-tanlap1", (("vn", PROVINCE, TAN_LAP),))
    mine = judge(tokens[0], Desired, keyring.pinned(), PLACE, now)
    theirs = judge(tokens[1], Desired, keyring.pinned(), there, now)
    assert (mine.languages, mine.emergency_pack, mine.emergency_pack_bytes) == (
        ("vi", "km"),
        "1" * 64,
        7,
    )
    assert (theirs.languages, theirs.emergency_pack) == (("vi",), "0" * 64)


@pytest.mark.usefixtures("cast")
def test_a_new_pack_is_news(
    session: Session, keyring: Keyring, config: Config, now: datetime
) -> None:
    publish_desired(session, "d-anbinh1", keyring, config, now)

    pack = EmergencyPack(languages="vi", sha256="a" * 64, bytes=7, inputs="", made_at=now)
    session.add(pack)
    session.flush()
    publish_desired(session, "d-anbinh1", keyring, config, now)
    pack.sha256 = "b" * 64
    session.flush()
    publish_desired(session, "d-anbinh1", keyring, config, now)
    publish_desired(session, "d-anbinh1", keyring, config, now)

    assert len(sent(session)) == 3


@pytest.mark.usefixtures("cast")
def test_a_rotation_makes_a_new_signature(
    session: Session, keyring: Keyring, config: Config, now: datetime
) -> None:
    """R17."""
    first = publish_desired(session, "d-anbinh1", keyring, config, now)

    keyring.rotate(now)
    second = publish_desired(session, "d-anbinh1", keyring, config, now)

    assert first != second
    assert len(sent(session)) == 2


@pytest.mark.usefixtures("cast")
def test_the_retained_row_is_what_was_sent(
    session: Session, keyring: Keyring, config: Config, now: datetime
) -> None:
    token = publish_desired(session, "d-anbinh1", keyring, config, now)

    row = session.get_one(Retained, "tt/1/down/d-anbinh1/desired")
    assert (row.token, row.owner, row.kind) == (token, "d-anbinh1", "desired")


@pytest.mark.usefixtures("cast")
def test_a_device_that_is_not_there_is_missing(
    session: Session, keyring: Keyring, config: Config, now: datetime
) -> None:
    with pytest.raises(Missing):
        publish_desired(session, "d-nobody", keyring, config, now)


def test_a_moved_area_gives_its_devices_a_new_chain(
    session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    publish_desired(session, cast.device.id, keyring, config, now)
    move_area(session, machine_owner("console"), AN_BINH, "vn", now)

    token = publish_desired(session, "d-anbinh1", keyring, config, now)

    desired = judge(token, Desired, keyring.pinned(), PLACE, now)
    assert desired.areas == ("vn", AN_BINH)
    assert desired.outputs[0].clusters[1].areas == ("vn", AN_BINH, VILLAGE)


def test_devices_are_found_by_station_by_cluster_and_by_area_above(
    session: Session, cast: Cast
) -> None:
    assert devices_of(session, ["vn"]) == []
    cast.device.state = cast.other_device.state = DeviceState.ENROLLED
    session.flush()

    assert devices_of(session, ["vn"]) == ["d-anbinh1", "d-tanlap1"]
    assert devices_of(session, [VILLAGE]) == ["d-anbinh1"]
    assert devices_of(session, [TAN_LAP]) == ["d-tanlap1"]
    assert devices_of(session, [], ["c-market"]) == ["d-anbinh1"]
    assert devices_of(session) == []


def test_the_trust_list_is_sent_when_it_says_something_new(
    session: Session, cast: Cast, keyring: Keyring, now: datetime
) -> None:
    publish_trust(session, keyring, now)
    publish_trust(session, keyring, now + timedelta(days=1))
    assert len(sent(session)) == 1

    cast.device.state = DeviceState.REVOKED
    session.flush()
    token = publish_trust(session, keyring, now + timedelta(days=2))

    assert revoked_devices(session) == ("d-anbinh1",)
    trust = judge_trust(token, keyring.pinned(), now + timedelta(days=2))
    assert trust.revoked_devices == ("d-anbinh1",)
    assert sent(session) == [sent(session)[0], trust.rev]


def test_the_trust_list_is_refreshed_before_it_ends(
    session: Session, keyring: Keyring, now: datetime
) -> None:
    publish_trust(session, keyring, now)

    publish_trust(session, keyring, now + timedelta(days=350))

    assert len(sent(session)) == 2
