"""Presence: only a fresh, signed word of a device makes it online."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from controller.health.incidents import open_incidents
from controller.health.models import Presence
from controller.health.service import LOST_AFTER, note_lost, take_health, take_status
from tests.controller.cast import Cast
from wire.up import ClockState, Health, Status


def test_a_will_of_the_present_session_takes_a_device_offline(
    session: Session, cast: Cast, now: datetime
) -> None:
    take_status(session, _status(cast, now, "online", epoch=2, rev=20), now)

    assert take_status(session, _status(cast, now, "offline", epoch=2, rev=10), now)

    assert _presence(session, cast).state == "offline"
    assert [one.kind for one in open_incidents(session)] == ["device_offline"]


def test_a_late_will_of_an_earlier_session_is_recognised(
    session: Session, cast: Cast, now: datetime
) -> None:
    take_status(session, _status(cast, now, "online", epoch=2, rev=20), now)

    assert not take_status(session, _status(cast, now, "offline", epoch=1, rev=30), now)

    assert _presence(session, cast).state == "online"


def test_a_status_that_the_broker_repeats_makes_nothing_green(
    session: Session, cast: Cast, now: datetime
) -> None:
    """R15: replaying what was once true is no news."""
    old = _status(cast, now, "online", epoch=1, rev=20)
    take_status(session, old, now)
    later = now + LOST_AFTER + timedelta(seconds=1)
    note_lost(session, later)

    assert not take_status(session, old, later)

    assert _presence(session, cast).state == "lost"


def test_a_restart_counts_whatever_the_revisions_of_the_run_before(
    session: Session, cast: Cast, now: datetime
) -> None:
    """Without the time a device counts minutes ahead, and knows better after its next start."""
    ahead = 600_000
    take_status(session, _status(cast, now, "online", epoch=1, rev=ahead), now)
    take_health(session, _health(cast, now, rev=ahead + 1), now)
    take_status(session, _status(cast, now, "offline", epoch=1, rev=ahead + 2), now)

    assert take_health(session, _health(cast, now, rev=20, epoch=2), now)
    assert take_status(session, _status(cast, now, "online", epoch=2, rev=21), now)
    assert take_health(session, _health(cast, now, rev=22, epoch=2), now)

    assert _presence(session, cast).state == "online"
    assert not take_health(session, _health(cast, now, rev=ahead + 1), now)
    assert not take_health(session, _health(cast, now, rev=22, epoch=2), now)
    assert not take_status(session, _status(cast, now, "online", epoch=2, rev=21), now)


def test_a_device_without_heartbeat_is_lost_within_ninety_seconds(
    session: Session, cast: Cast, now: datetime
) -> None:
    """R30, the controller's half."""
    take_status(session, _status(cast, now, "online", epoch=1, rev=20), now)

    assert note_lost(session, now + timedelta(seconds=89)) == []
    assert note_lost(session, now + timedelta(seconds=91)) == [cast.device.id]


def test_a_heartbeat_brings_a_lost_device_back_and_closes_the_incident(
    session: Session, cast: Cast, now: datetime
) -> None:
    take_status(session, _status(cast, now, "online", epoch=1, rev=20), now)
    note_lost(session, now + timedelta(seconds=91))

    assert take_health(session, _health(cast, now, rev=30), now + timedelta(seconds=95))
    assert not take_health(session, _health(cast, now, rev=30), now + timedelta(seconds=99))

    assert _presence(session, cast).state == "online"
    assert open_incidents(session) == []


def test_a_device_that_learns_no_time_is_an_incident_after_a_moment(
    session: Session, cast: Cast, now: datetime
) -> None:
    take_status(session, _status(cast, now, "online", epoch=1, rev=20), now)
    clockless = _health(cast, now, rev=30).model_copy(update={"clock": ClockState.NONE})
    take_health(session, clockless, now + timedelta(seconds=1))
    assert open_incidents(session) == []

    take_health(session, clockless.model_copy(update={"rev": 31}), now + timedelta(seconds=61))
    assert [one.kind for one in open_incidents(session)] == ["clock_untrusted"]

    told = clockless.model_copy(update={"rev": 32, "clock": ClockState.TRUSTED})
    take_health(session, told, now + timedelta(seconds=62))
    assert open_incidents(session) == []


def _presence(session: Session, cast: Cast) -> Presence:
    return session.get_one(Presence, cast.device.id)


def _status(cast: Cast, now: datetime, state: str, *, epoch: int, rev: int) -> Status:
    return Status.model_validate(
        _claims(cast, now, rev) | {"state": state, "epoch": epoch, "clock": "trusted"}
    )


def _health(cast: Cast, now: datetime, *, rev: int, epoch: int = 1) -> Health:
    return Health.model_validate(_claims(cast, now, rev) | {"epoch": epoch})


def _claims(cast: Cast, now: datetime, rev: int) -> dict[str, object]:
    return {
        "iss": cast.device.id,
        "iat": now,
        "exp": now + timedelta(days=1),
        "jti": "x",
        "rev": rev,
        "device": cast.device.id,
    }
