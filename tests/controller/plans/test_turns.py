"""A compile of everything writes in small turns: an alert meanwhile waits for one of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from controller.config import Config
from controller.db import Sessions
from controller.keys import Keyring
from controller.outbox_models import OutboxRow
from controller.plans import service
from controller.plans.models import CompiledPlan
from controller.plans.service import Database, publish_plans, publish_requested
from controller.replan import look_at_requests, replan
from controller.stations.models import Cluster, Device, DeviceState, Output
from tests.controller.cast import AN_BINH, Cast
from tests.controller.plans.conftest import Schedule

DEVICES = 25
CHUNK = 10


class Killed(Exception):
    """The controller was killed here."""


@pytest.fixture
def many(
    session: Session, schedule: Schedule, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Devices of An Bình, more than two turns of them; a bulletin for all; plans asked for."""
    monkeypatch.setattr(service, "CHUNK", CHUNK)
    for number in range(DEVICES - 1):
        session.add(
            Device(
                id=f"d-more{number:02d}",
                station_id=cast.station.id,
                name="x",
                profile="software",
                state=DeviceState.ENROLLED,
                outputs=[Output(clusters=[Cluster(id=f"more{number}", area_id=AN_BINH, name="x")])],
            )
        )
    schedule("chieu")
    replan(session, areas=[AN_BINH], now=now)
    session.commit()
    return DEVICES


@pytest.fixture
def commits(sessions: Sessions) -> Iterator[list[int]]:
    """How many plans are there after each commit."""
    seen: list[int] = []

    def count(session: Session) -> None:
        if not session.in_nested_transaction():
            seen.append(0)

    event.listen(sessions, "after_commit", count)
    yield seen
    event.remove(sessions, "after_commit", count)


def test_a_compile_commits_every_few_devices(
    both: Database, many: int, keyring: Keyring, config: Config, now: datetime, commits: list[int]
) -> None:
    done = publish_requested(both, keyring, config, now)

    assert len(done.revisions) == many
    assert len(commits) == 3 + 1, "three turns of plans, one that forgets the requests"


def test_nothing_is_forgotten_or_doubled_when_a_compile_is_killed_between_two_turns(
    both: Database,
    sessions: Sessions,
    many: int,
    keyring: Keyring,
    config: Config,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R36: what went out before the kill is no news after it."""
    turns = iter(range(100))
    write = service._write

    def write_once(*given: Any) -> None:
        if next(turns):
            raise Killed
        write(*given)

    with monkeypatch.context() as patched:
        patched.setattr(service, "_write", write_once)
        with pytest.raises(Killed):
            publish_requested(both, keyring, config, now)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == CHUNK
        assert look_at_requests(session).areas == {AN_BINH}

    again = publish_requested(both, keyring, config, now + timedelta(minutes=1))

    assert len(again.revisions) == many - CHUNK
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == many
        assert look_at_requests(session).ids == ()


def test_a_device_that_got_a_plan_from_elsewhere_meanwhile_is_compiled_again(
    both: Database,
    sessions: Sessions,
    many: int,
    keyring: Keyring,
    config: Config,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The revision that was signed would be refused as lower; the request stays."""
    sign = service._sign
    later = now + timedelta(minutes=5)

    def sign_late(*given: Any) -> object:
        signed = sign(*given)
        with monkeypatch.context() as inner, sessions.begin() as session:
            inner.setattr(service, "_sign", sign)
            publish_plans(session, keyring.signer("programme"), later, days=6, zone=config.zone)
        monkeypatch.setattr(service, "_sign", sign)
        return signed

    monkeypatch.setattr(service, "_sign", sign_late)

    first = publish_requested(both, keyring, config, now)
    with sessions() as session:
        kept = {row.device_id: row.rev for row in session.scalars(select(CompiledPlan))}
        assert look_at_requests(session).areas == {AN_BINH}
    second = publish_requested(both, keyring, config, now)

    assert len(first.overtaken) == many
    assert len(second.revisions) == many
    assert all(rev > kept[device] for device, rev in second.revisions.items())
    with sessions() as session:
        assert look_at_requests(session).ids == ()


def test_what_a_compile_found_is_noted_with_the_commit_that_forgets_the_requests(
    both: Database, sessions: Sessions, many: int, keyring: Keyring, config: Config, now: datetime
) -> None:
    def note(_session: Session, _done: service.Published) -> None:
        raise Killed

    with pytest.raises(Killed):
        publish_requested(both, keyring, config, now, note)

    assert many
    with sessions() as session:
        assert look_at_requests(session).areas == {AN_BINH}
