from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.pcm import factor, is_silent, mixed, on_channel, scaled, silence
from edge_agent.audio.tones import tone


def test_a_block_at_its_own_level_is_left_as_it_is() -> None:
    block = array("h", [1, -2, 32767, -32768])

    assert scaled(block, 1.0, 1.0) is block


def test_six_decibels_less_is_half() -> None:
    halved = scaled(array("h", [1000, -1000]), factor(-6.02), factor(-6.02))

    assert list(halved) == pytest.approx([500, -500], abs=1)


@given(st.lists(st.integers(-32768, 32767), max_size=50), st.integers(0, 32768))
def test_a_steady_factor_takes_each_sample_by_itself(samples: list[int], by: int) -> None:
    quieter = scaled(array("h", samples), by / 32768, by / 32768)

    assert list(quieter) == [sample * by >> 15 for sample in samples]


def test_a_ramp_goes_straight_from_one_factor_to_the_other() -> None:
    ramp = scaled(array("h", [10_000] * 100), 0.0, 1.0)

    assert ramp[0] == 0
    assert ramp[50] == pytest.approx(5_000, abs=5)
    assert ramp[99] == pytest.approx(9_900, abs=10)


def test_too_loud_is_clipped_and_never_wraps_around() -> None:
    assert list(scaled(array("h", [30_000, -30_000]), 3.0, 3.0)) == [32767, -32767]
    assert list(mixed(array("h", [30_000]), array("h", [30_000]))) == [32767]


def test_silence_begins_at_minus_sixty_decibels() -> None:
    loud = tone("test", 0, 960, 48_000)

    assert is_silent(silence(960))
    assert is_silent(scaled(loud, factor(-60), factor(-60)))
    assert not is_silent(scaled(loud, factor(-45), factor(-45)))


def test_a_mono_block_goes_to_one_channel_or_to_all() -> None:
    block = array("h", [1, 2])

    assert array("h", on_channel(block, 2, 1)).tolist() == [0, 1, 0, 2]
    assert array("h", on_channel(block, 2, None)).tolist() == [1, 1, 2, 2]
    assert array("h", on_channel(block, 1, None)) == block


@pytest.mark.parametrize("kind", ["test", "siren", "chime"])
def test_a_tone_is_the_same_wherever_its_blocks_are_cut(kind: str) -> None:
    whole = tone(kind, 0, 2000, 48_000)

    assert tone(kind, 0, 700, 48_000) + tone(kind, 700, 1300, 48_000) == whole
    assert max(whole) > 1000
    assert max(map(abs, whole)) < 17_000
