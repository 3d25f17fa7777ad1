"""Orders on a clock that the test turns: no device, no decoder, exact samples."""

from itertools import pairwise

import pytest

from edge_agent.audio.events import OrderFinished, OrderStarted, PartStarted
from edge_agent.audio.mixer import Mixer
from edge_agent.audio.pcm import Samples, silence
from edge_agent.audio.sources import PlayOrder, SilencePart, TonePart
from edge_agent.audio.tones import tone
from tests.edge.audio.conftest import E

RATE = 8_000
BLOCK = 160
RAMP = 80


class Bench:
    """A mixer and a device clock, `drift` seconds per second off the monotonic clock."""

    def __init__(self, *, delay_s: float = 0.0, drift: float = 0.0) -> None:
        self.mixer = Mixer(
            RATE, BLOCK, ramp_ms=10, volume_ramp_ms=10, queue_ms=500, delay_s=delay_s
        )
        self.now = 1000.0
        self._block_s = BLOCK / RATE * (1 + drift)

    def run(self, until: float) -> Samples:
        heard = silence(0)
        while self.now < until - 1e-9:
            heard.extend(self.mixer.next_block(self.now))
            self.now += self._block_s
        return heard

    def told(self, kind: type[E]) -> list[E]:
        return [e for e in self.mixer.take_events() if isinstance(e, kind)]


def siren(id_: str, start_at: float, for_ms: int = 2000, end_at: float | None = None) -> PlayOrder:
    return PlayOrder(id_, start_at, end_at, (TonePart("siren", for_ms),))


def test_an_order_sounds_from_its_instant_to_the_sample() -> None:
    bench = Bench()
    bench.mixer.play(siren("a", 1000.1234), bench.now)

    heard = bench.run(1001.0)

    first = round(0.1234 * RATE)
    assert not any(heard[:first])
    assert heard[first + RAMP : 7000] == tone("siren", RAMP, 7000 - first - RAMP, RATE)


def test_an_order_that_waits_moves_without_being_prepared_again() -> None:
    bench = Bench()
    bench.mixer.play(siren("a", 1000.5, end_at=1000.9), bench.now)
    (voice,) = bench.mixer._waiting.values()  # a decoder would run in it

    bench.mixer.play(siren("a", 1000.25, end_at=1000.65), bench.now)
    heard = bench.run(1001.0)

    assert voice.is_over
    assert not any(heard[: RATE // 4])
    assert heard[RATE // 4 + RAMP : RATE // 2] == tone("siren", RAMP, RATE // 4 - RAMP, RATE)
    assert not any(heard[int(0.65 * RATE) :])


def test_an_order_of_the_past_joins_in_the_middle_across_its_parts() -> None:
    bench = Bench()
    parts = (SilencePart(700), TonePart("chime", 1000), TonePart("siren", 2000))
    bench.mixer.play(PlayOrder("a", 998.0, None, parts), bench.now)

    heard = bench.run(1000.5)

    at = int(0.3 * RATE)
    assert heard[RAMP:] == tone("siren", at + RAMP, len(heard) - RAMP, RATE)
    started = bench.told(OrderStarted)[0]
    assert started.late_ms == pytest.approx(2000)
    assert started.at == pytest.approx(1000.0)


def test_into_ms_starts_inside_the_parts() -> None:
    bench = Bench()
    order = PlayOrder("a", 1000.0, None, (TonePart("siren", 2000),), into_ms=500)
    bench.mixer.play(order, bench.now)

    heard = bench.run(1000.5)

    assert heard[RAMP:] == tone("siren", RATE // 2 + RAMP, len(heard) - RAMP, RATE)


def test_an_order_ends_at_its_end_whatever_its_parts_say() -> None:
    bench = Bench()
    bench.mixer.play(siren("a", 1000.0, for_ms=60_000, end_at=1000.305), bench.now)

    heard = bench.run(1001.0)

    end = round(0.305 * RATE)
    assert any(heard[end - 20 : end])
    assert not any(heard[end:])
    assert bench.told(OrderFinished) == [OrderFinished("a", 305, "ended")]


def test_an_order_that_is_over_already_is_reported_and_never_heard() -> None:
    bench = Bench()
    bench.mixer.play(siren("a", 990.0, end_at=995.0), bench.now)

    heard = bench.run(1000.2)

    assert not any(heard)
    assert bench.told(OrderFinished) == [OrderFinished("a", 0, "ended")]


def test_a_new_order_replaces_the_old_one_within_a_ramp() -> None:
    bench = Bench()
    bench.mixer.play(siren("routine", 1000.0, for_ms=10_000), bench.now)
    bench.run(1000.5)
    chime = PlayOrder("alert", 1000.5, None, (TonePart("chime", 1000),))
    bench.mixer.play(chime, bench.now)

    heard = bench.run(1000.8)

    assert heard[RAMP:] == tone("chime", RAMP, len(heard) - RAMP, RATE)
    assert [(e.id, e.reason) for e in bench.told(OrderFinished)] == [("routine", "replaced")]


def test_the_next_order_waits_for_its_instant_while_the_first_still_sounds() -> None:
    bench = Bench()
    bench.mixer.play(siren("first", 1000.0, for_ms=1000), bench.now)
    bench.mixer.play(siren("second", 1001.0), bench.now)

    bench.run(1001.5)

    events = bench.mixer.take_events()
    assert [e.id for e in events if isinstance(e, OrderStarted)] == ["first", "second"]
    assert [e.id for e in events if isinstance(e, OrderFinished)] == ["first"]
    starts = [e.at for e in events if isinstance(e, PartStarted)]
    assert starts == pytest.approx([1000.0, 1001.0])


def test_a_stopped_order_fades_out_without_a_step() -> None:
    bench = Bench()
    bench.mixer.play(siren("a", 1000.0, for_ms=10_000), bench.now)
    bench.run(1000.5)
    bench.mixer.stop_order("a", fade_ms=100)

    heard = bench.run(1001.0)

    fade = RATE // 10
    assert not any(heard[fade:])
    assert max(map(abs, heard[fade - 8 : fade])) < 300
    assert bench.told(OrderFinished)[0].reason == "stopped"


def test_a_stopped_order_may_be_played_again_and_stands_at_its_clock_place() -> None:
    bench = Bench()
    order = siren("slot", 1000.0, for_ms=10_000)
    bench.mixer.play(order, bench.now)
    bench.run(1000.5)
    bench.mixer.stop_order("slot", fade_ms=10)
    bench.run(1001.0)
    bench.mixer.play(order, bench.now)

    heard = bench.run(1001.5)

    assert heard[RAMP:] == tone("siren", RATE + RAMP, len(heard) - RAMP, RATE)


def test_preparing_and_playing_twice_is_the_same_as_once() -> None:
    bench = Bench()
    order = siren("a", 1000.0)
    bench.mixer.prepare(order, bench.now)
    bench.mixer.prepare(order, bench.now)
    bench.mixer.play(order, bench.now)
    bench.mixer.play(order, bench.now)
    bench.run(1000.5)
    bench.mixer.play(order, bench.now)

    bench.run(1003.0)

    assert [type(e) for e in bench.mixer.take_events()] == [
        OrderStarted,
        PartStarted,
        OrderFinished,
    ]


def test_what_is_only_prepared_never_sounds() -> None:
    bench = Bench()
    bench.mixer.prepare(siren("a", 1000.0), bench.now)

    assert not any(bench.run(1001.0))


def test_a_deliberate_delay_moves_the_sound_and_not_the_lateness() -> None:
    bench = Bench(delay_s=0.25)
    bench.mixer.play(siren("far horn", 1000.5), bench.now)

    heard = bench.run(1001.0)

    assert not any(heard[: int(0.75 * RATE)])
    assert any(heard[int(0.75 * RATE) :])
    started = bench.told(OrderStarted)[0]
    assert started.at == pytest.approx(1000.75)
    assert started.late_ms == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("drift", [100e-6, -100e-6])
def test_a_drifting_device_is_held_within_two_milliseconds_over_an_hour(drift: float) -> None:
    bench = Bench(drift=drift)
    parts = (SilencePart(3_600_000), TonePart("siren", 1000))
    bench.mixer.play(PlayOrder("a", 1000.0, None, parts), bench.now)

    while bench.now < 4601:
        bench.run(min(bench.now + 60, 4601))

    siren_at = [e.at for e in bench.told(PartStarted) if e.part == 1]
    assert siren_at == pytest.approx([4600.0], abs=0.002)


def test_volume_changes_are_ramped() -> None:
    bench = Bench()
    order = PlayOrder("a", 1000.0, None, (TonePart("test", 5000),))
    bench.mixer.play(order, bench.now)
    bench.run(1000.5)
    bench.mixer.set_gain(-20)

    heard = bench.run(1000.7)

    steps = [abs(b - a) for a, b in pairwise(heard)]
    assert max(steps) < 13_000
    assert max(map(abs, heard[2 * BLOCK :])) == pytest.approx(1638, rel=0.02)


def test_the_end_comes_also_when_no_device_asks_for_blocks() -> None:
    bench = Bench()
    bench.mixer.play(siren("a", 1000.0, for_ms=500), bench.now)
    bench.run(1000.2)

    bench.mixer.end_past(1000.6)

    assert bench.told(OrderFinished) == [OrderFinished("a", 200, "ended")]
