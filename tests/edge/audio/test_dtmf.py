"""Calls in dual tones: the right pairs, the right lengths, no click."""

from itertools import pairwise

import pytest

from edge_agent.audio.mixer import Mixer
from edge_agent.audio.pcm import silence
from edge_agent.audio.sources import DtmfPart, PlayOrder, length_ms
from edge_agent.audio.tones import dtmf
from tests.edge.audio.goertzel import KEYS, dialled, power

RATE = 8_000


@pytest.mark.parametrize(("pair", "key"), KEYS.items())
def test_a_key_is_its_two_tones_of_q23_and_no_other(pair: tuple[int, int], key: str) -> None:
    heard = dtmf(key, 100, 100, 0, RATE // 10, RATE)

    levels = {hz: power(heard, hz, RATE) for hz in (697, 770, 852, 941, 1209, 1336, 1477, 1633)}
    for hz in pair:
        assert levels.pop(hz) == pytest.approx(0.5, rel=0.08)
    assert max(levels.values()) < 0.05


def test_a_call_is_heard_as_it_was_dialled_and_then_there_is_silence() -> None:
    heard = dtmf("##*007*007", 60, 60, 0, RATE * 2, RATE)

    assert dialled(heard, RATE) == "##*007*007"
    assert not any(heard[int(10 * 0.12 * RATE) :])


def test_each_key_sounds_for_its_time_and_pauses_for_its_gap() -> None:
    heard = dtmf("55", 100, 50, 0, RATE, RATE)

    assert not any(heard[800:1200])
    assert any(heard[1201:1210])
    assert not any(heard[2000:])


def test_keys_rise_and_fall_without_a_click() -> None:
    heard = dtmf("1D", 100, 100, 0, 48_000, 48_000)

    steps = [abs(b - a) for a, b in pairwise(heard)]

    assert max(steps[:40]) < 1_000
    assert max(steps[4_760:4_840]) < 1_000
    assert max(steps) < 8_000


def test_a_call_is_the_same_whatever_the_blocks() -> None:
    whole = dtmf("*42", 100, 100, 0, 4_800, RATE)

    pieces = silence(0)
    for at in range(0, 4_800, 160):
        pieces.extend(dtmf("*42", 100, 100, at, 160, RATE))

    assert pieces == whole


def test_a_call_in_an_order_has_its_length_and_its_level() -> None:
    part = DtmfPart("*42", 100, 100, gain_db=-6.0)
    mixer = Mixer(RATE, 160, ramp_ms=1, volume_ramp_ms=10, queue_ms=500, delay_s=0)
    mixer.play(PlayOrder("call", 10.0, None, (part,)), 10.0)

    heard = silence(0)
    while len(heard) < RATE:
        heard.extend(mixer.next_block(10.0 + len(heard) / RATE))

    assert length_ms(part) == 600
    assert dialled(heard, RATE) == "*42"
    assert power(heard[:800], 941, RATE) == pytest.approx(0.25, rel=0.08)


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        dtmf("1x", 100, 100, 0, 100, RATE)
