"""The remembering player and the real one (on the silent driver) keep the same promises."""

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from edge_agent.audio.events import AudioEvent, OrderFinished, OrderStarted
from edge_agent.audio.outputs import SilentDriver
from edge_agent.audio.player import OutputPlayer
from edge_agent.audio.sources import PlayOrder, TonePart
from edge_agent.performance import Player
from tests.edge.fakes import FakePlayer, Ticker


@dataclass
class Booth:
    """A player, its clock, and a way to let time pass until it says something."""

    player: Player
    now: Callable[[], float]
    next: Callable[[], AudioEvent]


@pytest.fixture(params=["fake", "real"])
def booth(request: pytest.FixtureRequest) -> Iterator[Booth]:
    events: queue.Queue[AudioEvent] = queue.Queue()
    if request.param == "fake":
        yield fake_booth(events)
        return
    player = OutputPlayer("main", SilentDriver(), events.put)
    player.start()
    yield Booth(player, time.monotonic, lambda: events.get(timeout=20))
    player.stop()


def fake_booth(events: queue.Queue[AudioEvent]) -> Booth:
    ticker = Ticker()
    player = FakePlayer(events.put, ticker)

    def following() -> AudioEvent:
        for _ in range(2000):
            if not events.empty():
                return events.get()
            ticker.at += 0.01
            player.advance()
        raise AssertionError("nothing was said")

    return Booth(player, ticker, following)


def order(booth: Booth, name: str, in_s: float, for_ms: int) -> PlayOrder:
    return PlayOrder(name, booth.now() + in_s, None, (TonePart("test", for_ms),))


def test_an_order_starts_and_ends_by_itself(booth: Booth) -> None:
    booth.player.play(order(booth, "a~1", 0.3, 400))

    started, ended = booth.next(), booth.next()
    while not isinstance(ended, OrderFinished):
        ended = booth.next()

    assert isinstance(started, OrderStarted)
    assert (started.id, ended.id, ended.reason) == ("a~1", "a~1", "ended")
    assert 300 <= ended.played_ms <= 500


def test_the_next_order_replaces_the_one_that_sounds_at_its_instant(booth: Booth) -> None:
    booth.player.play(order(booth, "a~1", 0.2, 60_000))
    booth.player.play(order(booth, "b~1", 0.8, 300))

    seen = [booth.next()]
    while not (isinstance(seen[-1], OrderFinished) and seen[-1].id == "b~1"):
        seen.append(booth.next())

    ends = {e.id: e.reason for e in seen if isinstance(e, OrderFinished)}
    assert ends == {"a~1": "replaced", "b~1": "ended"}


def test_an_order_that_waits_or_sounds_can_be_stopped(booth: Booth) -> None:
    booth.player.play(order(booth, "a~1", 0.2, 60_000))
    booth.player.play(order(booth, "b~1", 30.0, 300))
    assert isinstance(booth.next(), OrderStarted)

    booth.player.stop_order("b~1")
    booth.player.stop_order("a~1")
    booth.player.stop_order("unknown")

    said = [booth.next() for _ in range(2)]
    said += [booth.next()] if not all(isinstance(e, OrderFinished) for e in said) else []
    ends = {e.id: e.reason for e in said if isinstance(e, OrderFinished)}
    assert ends == {"a~1": "stopped", "b~1": "stopped"}
