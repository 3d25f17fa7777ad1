"""Sirens: the tones that their pattern says, without a click, and cheap."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.audio.mixer import Mixer
from edge_agent.audio.pcm import silence
from edge_agent.audio.sirens import BUILT_IN, WAIL, siren
from edge_agent.audio.sources import PlayOrder, SirenPart, length_ms
from edge_agent.audio.tones import tone
from tests.edge.audio.goertzel import power
from wire.pack import SirenPattern, Sweep

RATE = 48_000
SWEEPS = st.builds(
    Sweep,
    from_hz=st.sampled_from((0, 300, 1200)),
    to_hz=st.sampled_from((0, 300, 1200)),
    for_ms=st.integers(10, 400),
)
PATTERNS = st.builds(
    SirenPattern, name=st.just("x"), sweeps=st.lists(SWEEPS, min_size=1, max_size=4).map(tuple)
)


def pattern(*sweeps: tuple[int, int, int]) -> SirenPattern:
    steps = [Sweep(from_hz=first, to_hz=last, for_ms=ms) for first, last, ms in sweeps]
    return SirenPattern(name="x", sweeps=tuple(steps))


def crossings(samples: list[int]) -> int:
    return sum(a < 0 <= b for a, b in pairwise(samples))


@pytest.mark.parametrize("name", ["wail", "fast", "two_tone", "all_clear"])
def test_the_sirens_made_by_code_sound_and_leave_headroom(name: str) -> None:
    heard = siren(BUILT_IN[name], 0, 2 * RATE, RATE)

    assert max(heard) == pytest.approx(16_383, abs=20)
    assert max(map(abs, heard)) < 17_000


def test_a_tone_is_a_siren_by_its_old_name() -> None:
    assert tone("siren", 777, 2000, RATE) == siren(WAIL, 777, 2000, RATE)


def test_a_steady_sweep_is_its_frequency_and_two_tones_take_turns() -> None:
    two = siren(BUILT_IN["two_tone"], 0, RATE, RATE)

    assert power(two[: RATE // 2], 960, RATE) == pytest.approx(0.5, rel=0.02)
    assert power(two[RATE // 2 :], 770, RATE) == pytest.approx(0.5, rel=0.02)
    assert power(two[: RATE // 2], 770, RATE) < 0.01


def test_a_wail_rises_from_400_to_1200_hz_in_two_seconds_and_falls_again() -> None:
    heard = list(siren(WAIL, 0, 4 * RATE, RATE))

    counted = [crossings(heard[at : at + RATE // 10]) * 10 for at in range(0, 4 * RATE, RATE)]
    assert counted == pytest.approx([420, 820, 1180, 780], abs=15)


def test_zero_hertz_is_silence_between_soft_edges() -> None:
    heard = siren(pattern((600, 600, 100), (0, 0, 100)), 0, RATE, RATE)

    assert any(heard[300:4500])
    assert not any(heard[4800:9600])
    assert max(map(abs, heard[4780:4800])) < 1500


@given(PATTERNS, st.integers(0, 10**7), st.sampled_from((8_000, 44_100, 48_000)))
@settings(max_examples=60, deadline=None)
def test_a_siren_is_a_function_of_its_place_and_never_clicks(
    sweeps: SirenPattern, start: int, rate: int
) -> None:
    whole = siren(sweeps, start, 6000, rate)

    steps = [abs(b - a) for a, b in pairwise(whole)]
    assert siren(sweeps, start, 1234, rate) + siren(sweeps, start + 1234, 4766, rate) == whole
    # 1,200 Hz moves by tau * hz / rate of its height; a short pattern is bent by a turn at most.
    assert max(steps) < 16_384 * 6.3 * (1200 + 110) / rate + 100


def test_a_siren_in_an_order_has_its_length_and_its_level() -> None:
    part = SirenPart(BUILT_IN["all_clear"], 500, gain_db=-6.0)
    mixer = Mixer(RATE, 480, ramp_ms=1, volume_ramp_ms=10, queue_ms=500, delay_s=0)
    mixer.play(PlayOrder("alert", 10.0, None, (part,)), 10.0)

    heard = silence(0)
    while len(heard) < RATE:
        heard.extend(mixer.next_block(10.0 + len(heard) / RATE))

    assert length_ms(part) == 500
    assert power(heard[480:22_000], 440, RATE) == pytest.approx(0.25, rel=0.08)
    assert not any(heard[RATE // 2 :])


def test_a_siren_costs_less_than_the_test_tone_once_it_went_round() -> None:
    siren(WAIL, 0, 4 * RATE, RATE)

    began = time.process_time()
    for at in range(0, 10 * RATE, 1440):
        siren(WAIL, at, 1440, RATE)

    assert time.process_time() - began < 0.1  # 1 % of a core; 0.01 % was measured
