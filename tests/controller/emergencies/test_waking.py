"""From the commit of a release to the link, by events alone: no loop polls for it."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from controller import outbox
from controller.db import make_sessions
from controller.emergencies import rules, service
from controller.emergencies.sending import Sender
from controller.keys import Keyring
from controller.loop import Loop
from controller.people.models import Role
from controller.wake import on_commit
from tests.controller.cast import AN_BINH, introduce, person
from tests.controller.emergencies.conftest import Desk, HumStudio


@dataclass
class Link:
    """A link that remembers when what was published."""

    published: list[tuple[str, float]] = field(default_factory=list)
    any: threading.Event = field(default_factory=threading.Event)

    def publish(self, messages: Sequence[tuple[str, str, bool]], timeout_s: float) -> list[bool]:
        """Take everything at once."""
        assert timeout_s > 0
        self.published += [(topic, time.monotonic()) for topic, _, _ in messages]
        self.any.set()
        return [True] * len(messages)


@dataclass
class Running:
    """A desk whose sender and publisher run in threads, by the real clock."""

    desk: Desk
    link: Link


@pytest.fixture
def live_keys(tmp_path: Path) -> Keyring:
    """Keys that are valid today."""
    return Keyring.create(tmp_path / "live", "vn", ("programme", "drill", "alert"), _now())


@pytest.fixture
def running(sqlite: Engine, live_keys: Keyring, studio: HumStudio) -> Iterator[Running]:
    sessions = make_sessions(sqlite)
    at = _now()
    with sessions.begin() as session:
        cast = introduce(session, at)
        boss = person(session, "boss", Role.APPROVER, AN_BINH, at)
        deputy = person(session, "deputy", Role.AUTHORITY, AN_BINH, at)
    link = Link()
    desk = Desk(sessions, live_keys, studio, cast, boss, deputy, boss, at)
    sender = Sender(sessions, live_keys, _now)
    express = outbox.Publisher(sessions, link, _now, "test", lane=outbox.Lane.ALERTS)
    loops = {
        service.NAME: Loop("emergencies", sender.step, sender.idle_s),
        outbox.EXPRESS: Loop("express", express.step, idle_s=600.0),
    }
    on_commit(sessions, {name: loop.wake for name, loop in loops.items()})
    for loop in loops.values():
        loop.start()
    yield Running(desk, link)
    for loop in loops.values():
        loop.stop()


def awaiting_the_last(desk: Desk) -> str:
    desk.at = _now()
    alert_id = desk.draft(desk.cast.an)
    desk.submit(desk.cast.an, alert_id)
    for who in (desk.boss, desk.deputy):
        desk.hear(who, alert_id)
    desk.confirm(desk.boss, alert_id)
    return alert_id


def test_a_release_is_published_at_once(running: Running) -> None:
    alert_id = awaiting_the_last(running.desk)
    running.desk.at = _now()

    running.desk.confirm(running.desk.deputy, alert_id)
    committed = time.monotonic()

    assert running.link.any.wait(5.0)
    ((topic, published),) = running.link.published
    assert topic.endswith(alert_id)
    assert published - committed < 1.0


def test_a_countdown_ends_by_itself(running: Running) -> None:
    desk = running.desk
    desk.do(rules.set_rule, desk.cast.chief, area_id=AN_BINH, countdown_s=1)
    alert_id = awaiting_the_last(desk)
    desk.at = _now()

    goes_at = desk.confirm(desk.deputy, alert_id).goes_at

    assert not running.link.any.wait(0.5)
    assert running.link.any.wait(5.0)
    assert goes_at is not None
    assert 0 <= (_now() - goes_at).total_seconds() < 1.0


def _now() -> datetime:
    return datetime.now(UTC)
