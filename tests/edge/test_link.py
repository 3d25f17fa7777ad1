"""The connection alone, against a real Mosquitto: sessions, wills, silent death, refusal."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge_agent.events import Arrived, Event, LinkDown, LinkUp
from edge_agent.inbox import Inbox
from edge_agent.link import Address, Link
from tests.edge.world import DEVICE, Broker, Controller, wait_until
from wire import topics

PLAN = topics.down(DEVICE, "plan")


class Line:
    """A link at work, and everything that it posted."""

    def __init__(self, link: Link, inbox: Inbox) -> None:
        self.link, self.events = link, list[Event]()
        self._inbox = inbox

    def until(self, kind: type[Event], within_s: float = 30.0) -> Event:
        seen = len(self.events)

        def found() -> Event | None:
            event = self._inbox.get(0.05)
            if event is not None:
                self.events.append(event)
            return next((e for e in self.events[seen:] if isinstance(e, kind)), None)

        event: Event = wait_until(found, within_s)
        return event

    def until_payload(self, payload: bytes) -> Arrived:
        while True:
            event = self.until(Arrived)
            assert isinstance(event, Arrived)
            if event.payload == payload:
                return event


@contextmanager
def line(broker: Broker, controller: Controller, keepalive_s: int = 20) -> Iterator[Line]:
    certificate, key = controller.authority.files_for(DEVICE)

    def tls() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(controller.authority.path))
        context.load_cert_chain(certificate, key)
        return context

    def will(epoch: int) -> tuple[str, str]:
        return topics.up(DEVICE, "status"), f"gone {epoch}"

    inbox = Inbox()
    address = Address("localhost", broker.port, DEVICE)
    link = Link(address, tls, will, inbox, run=7, retry_max_s=1.0, keepalive_s=keepalive_s)
    link.listen([topics.down_all(DEVICE)])
    link.start()
    try:
        yield Line(link, inbox)
    finally:
        link.stop()


def test_it_delivers_what_is_retained_and_the_session_counts_up(
    broker: Broker, controller: Controller
) -> None:
    controller.publish(PLAN, "a.b.c")

    with line(broker, controller) as device:
        up = device.until(LinkUp)
        arrived = device.until_payload(b"a.b.c")
        broker.kill()
        device.until(LinkDown)
        broker.start()
        again = device.until(LinkUp)

    assert isinstance(up, LinkUp)
    assert isinstance(again, LinkUp)
    assert (arrived.topic, arrived.session) == (PLAN, up.session)
    assert up.session // 100_000 == 7
    assert again.session > up.session


def test_a_silent_death_of_the_line_is_noticed_and_it_comes_back(
    broker: Broker, controller: Controller
) -> None:
    """R30 in a short form: notices within two keep-alive times (2 x 20 s as shipped)."""
    with line(broker, controller, keepalive_s=2) as device:
        device.until(LinkUp)
        broker.freeze()
        down = device.until(LinkDown, 20)
        broker.thaw()
        up = device.until(LinkUp, 30)

    assert isinstance(down, LinkDown)
    assert isinstance(up, LinkUp)


def test_an_unacknowledged_message_of_an_old_session_is_not_acknowledged_in_the_new(
    broker: Broker, controller: Controller
) -> None:
    with line(broker, controller) as device:
        device.until(LinkUp)
        controller.publish(PLAN, "a.b.c")
        arrived = device.until_payload(b"a.b.c")
        broker.kill()
        device.until(LinkDown)
        broker.start()
        device.until(LinkUp)

        device.link.acknowledge(arrived.session, arrived.mid)
        controller.publish(PLAN, "d.e.f")
        again = device.until_payload(b"d.e.f")

    assert again.session > arrived.session


def test_a_bug_in_a_callback_does_not_end_the_link(
    broker: Broker, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R29: what kills paho's own thread silently."""
    calls = []

    def broken(event: Arrived) -> bool:
        calls.append(event)
        if len(calls) < 3:
            raise ZeroDivisionError
        inbox_offer(event)
        return True

    with line(broker, controller) as device:
        device.until(LinkUp)
        device.until(Arrived)
        inbox_offer = device._inbox.offer
        monkeypatch.setattr(device._inbox, "offer", broken)
        for number in range(3):
            controller.publish(topics.down(DEVICE, "command"), f"x.y.{number}", retain=False)
        good = device.until_payload(b"x.y.2")

    assert len(calls) >= 3
    assert good.mid


def test_nothing_is_kept_for_later_without_a_connection(
    broker: Broker, controller: Controller
) -> None:
    with line(broker, controller) as device:
        device.until(LinkUp)
        broker.kill()
        device.until(LinkDown)

        assert not device.link.publish(topics.up(DEVICE, "health"), "x")
    broker.start()


def test_it_stops_within_a_second_also_while_connecting(
    broker: Broker, controller: Controller
) -> None:
    broker.freeze()
    with line(broker, controller) as device:
        wait_until(lambda: device.link.is_connecting)
        device.link.stop(timeout_s=0.5)
        device.link.stop()
    broker.thaw()
