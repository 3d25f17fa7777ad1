"""The controller's connection on a real broker: acknowledged, alive after anything, epochs."""

import os
import queue
import signal
from collections.abc import Callable, Iterator

import pytest

from controller.broker import Mosquitto
from controller.keys import Keyring
from controller.mqtt import Arrived, Credentials, MqttLink
from tests.controller.plumbing.conftest import DEVICES, Join, port_of
from tests.controller.plumbing.peer import accepts, wait_until
from wire import topics

DEVICE = DEVICES[0]
PLAN = topics.down(DEVICE, "plan")

MakeLink = Callable[[], "Listening"]


class Listening:
    """A link with what it heard, and how often it was told that the broker forgot."""

    def __init__(self, broker: Mosquitto, keyring: Keyring) -> None:
        certificate, key = keyring.client_files()
        self.inbox: queue.Queue[Arrived] = queue.Queue(maxsize=50)
        self.forgotten = 0
        self.fails = 0
        self.link = MqttLink(
            f"mqtts://localhost:{port_of(broker)}",
            Credentials(certificate, key, keyring.authority_file),
            self.inbox,
            self._forgot,
        )

    def start(self) -> None:
        self.link.start()
        assert self.link.wait_until_up(20)

    def _forgot(self) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the database is away")
        self.forgotten += 1


@pytest.fixture
def make_link(broker: Mosquitto, live_keys: Keyring) -> Iterator[MakeLink]:
    made: list[Listening] = []

    def make() -> Listening:
        made.append(Listening(broker, live_keys))
        return made[-1]

    yield make
    for one in made:
        one.link.stop()


@pytest.fixture
def listening(make_link: MakeLink) -> Listening:
    one = make_link()
    one.start()
    return one


def test_what_the_broker_took_is_known(listening: Listening, join: Join) -> None:
    with join(DEVICE) as device:
        device.subscribe(f"tt/1/down/{DEVICE}/#")

        taken = listening.link.publish([(PLAN, "one", True), (PLAN, "two", True)], 10)
        wait_until(lambda: b"two" in device.payloads())

    assert taken == [True, True]
    with join(DEVICE) as later:
        later.subscribe(f"tt/1/down/{DEVICE}/#")
        wait_until(lambda: later.payloads() == {b"two"})


def test_everything_that_a_device_says_arrives(listening: Listening, join: Join) -> None:
    said = {topics.up(DEVICE, kind) for kind in topics.UP_KINDS}
    with join(DEVICE) as device:
        for topic in said:
            device.publish(topic, b"anything")

        arrived = {listening.inbox.get(timeout=20).topic for _ in said}

    assert arrived == said


def test_nothing_is_called_taken_while_the_broker_is_away(
    make_link: MakeLink, broker: Mosquitto
) -> None:
    broker.stop()
    one = make_link()
    one.link.start()

    assert one.link.publish([(PLAN, "one", True)], 1) == [False]
    assert not one.link.is_up


def test_a_frozen_broker_took_nothing(listening: Listening, broker: Mosquitto) -> None:
    assert broker.pid
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        assert listening.link.publish([(PLAN, "one", True)], 1) == [False]
    finally:
        os.kill(broker.pid, signal.SIGCONT)


def test_a_broker_that_we_never_met_is_told_everything(listening: Listening) -> None:
    assert listening.forgotten == 1


def test_a_broker_that_kept_its_memory_is_told_nothing_again(
    listening: Listening, join: Join
) -> None:
    listening.link.publish([(PLAN, "kept", True)], 10)
    with join("controller"):  # another session of our name takes ours over; the broker remembers
        wait_until(lambda: not listening.link.is_up)

    assert listening.link.wait_until_up(30)
    assert listening.forgotten == 1


def test_a_killed_broker_is_told_everything_again(listening: Listening, broker: Mosquitto) -> None:
    """R37 in short: the supervisor starts it, the link comes back, the epoch is missing."""
    for times in (2, 3):
        assert broker.pid
        os.kill(broker.pid, signal.SIGKILL)
        wait_until(lambda: listening.forgotten == times, 30)  # noqa: B023 - asked at once

    assert listening.link.wait_until_up(20)
    assert listening.link.publish([(PLAN, "after", True)], 10) == [True]


def test_a_failing_renewal_of_the_memory_is_tried_again(make_link: MakeLink) -> None:
    one = make_link()
    one.fails = 1

    one.start()

    assert (one.fails, one.forgotten) == (0, 1)


def test_a_full_inbox_stops_neither_the_link_nor_what_goes_out(
    listening: Listening, join: Join
) -> None:
    with join(DEVICE) as device:
        for number in range(100):
            device.publish(topics.up(DEVICE, "health"), str(number))

    assert listening.inbox.qsize() == 50
    assert listening.link.publish([(PLAN, "one", True)], 10) == [True]


def test_it_starts_again_after_a_stop(listening: Listening, broker: Mosquitto) -> None:
    listening.link.start()
    listening.link.stop()
    listening.link.stop()
    assert listening.link.publish([(PLAN, "one", True)], 1) == [False]

    listening.start()

    assert listening.link.publish([(PLAN, "one", True)], 10) == [True]
    assert accepts(port_of(broker))
