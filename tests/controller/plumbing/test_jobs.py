"""Exactly one worker acts (R35): the lease is taken by compare-and-set and expires."""

from datetime import datetime, timedelta

from controller.db import Sessions
from controller.jobs import LEASE_LIVES, LeaseKeeper, acquire, release


def test_the_second_worker_does_not_get_a_lease_that_is_held(
    sessions: Sessions, now: datetime
) -> None:
    with sessions.begin() as session:
        first = acquire(session, "worker", "one", now)
    with sessions.begin() as session:
        second = acquire(session, "worker", "two", now)

    assert (first, second) == (1, None)


def test_an_expired_lease_goes_to_another_with_a_higher_fence(
    sessions: Sessions, now: datetime
) -> None:
    with sessions.begin() as session:
        acquire(session, "worker", "one", now)

    later = now + LEASE_LIVES + timedelta(seconds=1)
    with sessions.begin() as session:
        fence = acquire(session, "worker", "two", later)
    with sessions.begin() as session:
        thawed = acquire(session, "worker", "one", later)

    assert (fence, thawed) == (2, None)


def test_a_released_lease_is_free_at_once(sessions: Sessions, now: datetime) -> None:
    with sessions.begin() as session:
        acquire(session, "worker", "one", now)
        release(session, "worker", "one", now)
    with sessions.begin() as session:
        fence = acquire(session, "worker", "two", now)

    assert fence == 2


def test_a_keeper_tells_when_it_gains_and_loses_the_lease(
    sessions: Sessions, now: datetime
) -> None:
    told: list[str] = []
    clock = [now]
    keeper = LeaseKeeper(
        sessions, lambda: clock[0], "one", lambda: told.append("+"), lambda: told.append("-")
    )

    keeper.step()
    keeper.step()
    assert keeper.is_held
    with sessions.begin() as session:
        acquire(session, "worker", "two", now + LEASE_LIVES + timedelta(seconds=1))
    clock[0] = now + LEASE_LIVES + timedelta(seconds=1)
    keeper.step()

    assert told == ["+", "-"]
    assert not keeper.is_held
