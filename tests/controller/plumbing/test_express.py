"""R10: an alert overtakes whatever else waits to be sent."""

import queue
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from controller import outbox
from controller.broker import Mosquitto
from controller.db import Sessions, make_sessions
from controller.keys import Keyring
from controller.loop import Loop
from controller.mqtt import Credentials, MqttLink
from controller.outbox import Lane, Publish, Publisher
from controller.wake import on_commit
from tests.controller.plumbing.conftest import DEVICES, Join, port_of
from tests.controller.plumbing.peer import wait_until

DEVICE = DEVICES[0]
ALERT = "tt/1/areas/vn/alert/a-1"
BULK = 1500
HUGE = 10_000


class SlowLink:
    """A broker that has taken a slice of plans and keeps its word back until it may answer."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.has_some = threading.Event()
        self.may_answer = threading.Event()

    def publish(self, messages: Sequence[tuple[str, str, bool]], timeout_s: float) -> list[bool]:
        self.taken += [topic for topic, _, _ in messages]
        if ALERT not in self.taken:
            self.has_some.set()
            assert self.may_answer.wait(timeout_s)
        return [True] * len(messages)


@pytest.mark.parametrize("bulk", [BULK, HUGE])
def test_an_alert_is_sent_while_the_broker_keeps_its_word_about_plans_back(
    sessions: Sessions, now: datetime, bulk: int
) -> None:
    """R10: of all that was queued before it, one slice is ahead of it."""
    link = SlowLink()
    lanes = {lane: Publisher(sessions, link, lambda: now, "worker", lane=lane) for lane in Lane}
    with sessions.begin() as session:
        outbox.enqueue_all(session, _plans(bulk), now)
    sending = threading.Thread(target=lanes[Lane.OTHERS].step)
    sending.start()
    assert link.has_some.wait(10)

    with sessions.begin() as session:
        outbox.enqueue_all(session, [_alert()], now)
    is_sent = lanes[Lane.ALERTS].step()

    assert is_sent
    assert link.taken.index(ALERT) == outbox.SLICE
    link.may_answer.set()
    sending.join(30)
    while lanes[Lane.OTHERS].step():
        pass
    assert len(set(link.taken)) == len(link.taken) == bulk + 1


def test_an_alert_needs_no_turn_to_write(sessions: Sessions, now: datetime, sqlite: Engine) -> None:
    """Who reads waits for no writer: it is sent before anything of it is marked."""
    sessions, reading = make_sessions(sqlite), make_sessions(sqlite, read_only=True)
    link = SlowLink()
    express = Publisher(
        sessions, link, lambda: now, "worker", lane=Lane.ALERTS, read_sessions=reading
    )
    with sessions.begin() as session:
        outbox.enqueue_all(session, [_alert()], now)
    with sessions() as writer:
        outbox.forget_sent(writer, now)
        sending = threading.Thread(target=express.step)
        sending.start()

        assert wait_until(lambda: link.taken == [ALERT])
        writer.rollback()
    sending.join(10)


@pytest.fixture
def link(broker: Mosquitto, live_keys: Keyring) -> Iterator[MqttLink]:
    certificate, key = live_keys.client_files()
    link = MqttLink(
        f"mqtts://localhost:{port_of(broker)}",
        Credentials(certificate, key, live_keys.authority_file),
        queue.Queue(),
        lambda: None,
    )
    link.start()
    assert link.wait_until_up(20)
    yield link
    link.stop()


def test_ten_thousand_plans_do_not_hold_up_an_alert_at_a_real_broker(
    sqlite: Engine, link: MqttLink, join: Join
) -> None:
    """R10: the alert is decided when the first plans arrive, and arrives before most of them."""
    sessions, reading = make_sessions(sqlite), make_sessions(sqlite, read_only=True)
    loops = {
        name: Loop(
            name, Publisher(sessions, link, _now, "w", lane=lane, read_sessions=reading).step
        )
        for name, lane in ((outbox.EXPRESS, Lane.ALERTS), (outbox.NAME, Lane.OTHERS))
    }
    on_commit(sessions, {name: loop.wake for name, loop in loops.items()})
    with sessions.begin() as session:
        outbox.enqueue_all(session, _plans(HUGE, DEVICE), _now())
    with join(DEVICE) as device:
        for topics in (f"tt/1/down/{DEVICE}/#", "tt/1/areas/vn/alert/+"):
            device.subscribe(topics)
        for loop in loops.values():
            loop.start()
        assert wait_until(device.payloads)
        with sessions.begin() as session:
            outbox.enqueue_all(session, [_alert()], _now())

        assert wait_until(lambda: b"alert" in device.payloads(), 10)
        ahead = len(device.payloads())
    for loop in loops.values():
        loop.stop()

    assert ahead < HUGE / 4


def _plans(count: int, device: str = "d-bulk") -> list[Publish]:
    return [
        _publish(f"tt/1/down/{device}/plan{number}", f"plan {number}", 2) for number in range(count)
    ]


def _alert() -> Publish:
    return _publish(ALERT, "alert", 0)


def _publish(topic: str, token: str, urgency: int) -> Publish:
    return Publish(
        topic=topic,
        kind=topic.split("/")[-2],
        owner="vn",
        token=token,
        rev=1,
        retain=True,
        urgency=urgency,
    )


def _now() -> datetime:
    return datetime.now(UTC)
