"""Which devices lack their emergency pack, and when that is told and over."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from controller.config import Config
from controller.health.incidents import PACK_MISSING, open_incidents
from controller.health.packs import FETCHED_WITHIN, note_packs
from controller.health.service import take_status
from controller.health.station_pages import devices_of
from controller.keys import Keyring
from controller.people.area_changes import set_policy
from controller.people.rights import machine_owner
from controller.stations.desired import publish_desired
from controller.stations.models import DeviceState, EmergencyPack
from tests.controller.cast import TAN_LAP, Cast
from wire.up import ClockState, Status

PACK, OTHER = "a" * 64, "b" * 64
LATER = FETCHED_WITHIN + timedelta(seconds=1)


@pytest.fixture
def told(session: Session, cast: Cast, keyring: Keyring, config: Config, now: datetime) -> Cast:
    """The cast, both devices enrolled and told of the Vietnamese pack."""
    session.add(EmergencyPack(languages="vi", sha256=PACK, bytes=7, inputs="", made_at=now))
    for device in (cast.device, cast.other_device):
        device.state = DeviceState.ENROLLED
        publish_desired(session, device.id, keyring, config, now)
    return cast


def says(session: Session, device: str, now: datetime, pack: str | None, rev: int = 1) -> None:
    status = Status(
        iss=device, iat=now, exp=now + timedelta(days=1), jti=f"j{rev}", rev=rev, device=device,
        state="online", epoch=1, clock=ClockState.TRUSTED, emergency_pack=pack,
    )  # fmt: skip
    assert take_status(session, status, now)


def lacking(session: Session) -> list[str | None]:
    return [one.device_id for one in open_incidents(session) if one.kind == PACK_MISSING]


def test_a_device_without_its_pack_is_told_after_a_quarter_of_an_hour(
    session: Session, told: Cast, now: datetime
) -> None:
    says(session, told.device.id, now, None)
    says(session, told.other_device.id, now, PACK)

    assert note_packs(session, now + FETCHED_WITHIN) == []
    assert note_packs(session, now + LATER) == [told.device.id]
    assert note_packs(session, now + LATER * 2) == []
    assert lacking(session) == [told.device.id]


def test_a_whole_province_is_told_little_by_little(
    session: Session, told: Cast, now: datetime
) -> None:
    for device in (told.device.id, told.other_device.id):
        says(session, device, now, None)

    first, second = (note_packs(session, now + LATER, most=1) for _ in range(2))

    assert sorted(first + second) == sorted([told.device.id, told.other_device.id])
    assert note_packs(session, now + LATER, most=1) == []


def test_it_is_over_when_the_device_names_the_pack(
    session: Session, told: Cast, now: datetime
) -> None:
    says(session, told.device.id, now, OTHER)
    note_packs(session, now + LATER)

    says(session, told.device.id, now + LATER, PACK, rev=2)
    note_packs(session, now + LATER)

    assert lacking(session) == []


def test_a_device_that_was_told_a_minute_ago_has_time(
    session: Session, told: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    says(session, told.device.id, now, PACK)
    session.get_one(EmergencyPack, "vi").sha256 = OTHER
    session.flush()
    publish_desired(session, told.device.id, keyring, config, now + LATER)

    assert note_packs(session, now + LATER + timedelta(minutes=1)) == []
    assert note_packs(session, now + LATER * 2) == [told.device.id]


def test_a_device_that_is_away_or_was_never_told_is_not_blamed(
    session: Session, cast: Cast, now: datetime
) -> None:
    says(session, cast.device.id, now, None)

    assert note_packs(session, now + LATER) == []
    session.add(EmergencyPack(languages="vi", sha256=PACK, bytes=7, inputs="", made_at=now))
    session.flush()
    assert note_packs(session, now + LATER) == []


def test_the_pack_of_other_languages_is_not_its_own(
    session: Session, told: Cast, keyring: Keyring, config: Config, now: datetime
) -> None:
    session.add(EmergencyPack(languages="km vi", sha256=OTHER, bytes=7, inputs="", made_at=now))
    set_policy(session, machine_owner("console"), TAN_LAP, now, languages=["km", "vi"])
    publish_desired(session, told.other_device.id, keyring, config, now)
    says(session, told.device.id, now, PACK)
    says(session, told.other_device.id, now, PACK)

    assert note_packs(session, now + LATER) == [told.other_device.id]


def test_the_station_page_knows_whether_a_device_has_it(
    session: Session, told: Cast, now: datetime
) -> None:
    says(session, told.device.id, now, OTHER)
    (before,) = (shown.has_pack for shown in devices_of(session, told.station))
    says(session, told.device.id, now, PACK, rev=2)
    (after,) = (shown.has_pack for shown in devices_of(session, told.station))

    assert (before, after) == (False, True)
