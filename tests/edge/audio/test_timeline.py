import random

import pytest

from edge_agent.audio.timeline import Timeline

RATE = 48_000
BLOCK = 960


def test_jitter_of_single_measurements_hardly_moves_the_estimate() -> None:
    dice = random.Random(7)
    timeline = Timeline(RATE)

    for number in range(200):
        timeline.wrote(BLOCK)
        now = 100 + number * 0.02
        timeline.measure(now + dice.uniform(0, 0.002), 0.06)

    assert timeline.next_at() == pytest.approx(100 + 199 * 0.02 + 0.06, abs=0.0005)


def test_a_device_100_ppm_slow_is_followed() -> None:
    timeline = Timeline(RATE)

    for number in range(50 * 600):
        timeline.wrote(BLOCK)
        now = number * 0.02 * (1 + 100e-6)
        timeline.measure(now, 0.06)

    assert timeline.next_at() == pytest.approx(now + 0.06, abs=0.0003)


def test_a_buffer_that_ran_dry_is_noticed_after_four_measurements_that_agree() -> None:
    """R1: an order may begin a moment after a stall, and must not begin late by as much."""
    timeline = Timeline(RATE)
    for number in range(20):
        timeline.wrote(BLOCK)
        timeline.measure(number * 0.02, 0.06)

    slips = []
    for number in range(20, 25):
        timeline.wrote(BLOCK)
        slips.append(timeline.measure(number * 0.02 + 0.045, 0.06))

    assert slips == [0.0, 0.0, 0.0, pytest.approx(0.045), 0.0]
    assert timeline.next_at() == pytest.approx(24 * 0.02 + 0.105)


def test_late_measurements_that_differ_are_no_slip_until_there_are_ten() -> None:
    timeline = Timeline(RATE)
    for number in range(20):
        timeline.wrote(BLOCK)
        timeline.measure(number * 0.02, 0.06)

    slips = []
    for number in range(20, 30):
        timeline.wrote(BLOCK)
        slips.append(timeline.measure(number * 0.02 + 0.3 + number % 2 * 0.01, 0.06))

    assert slips[:9] == [0.0] * 9
    assert slips[9] == pytest.approx(0.3)
    assert timeline.next_at() == pytest.approx(29 * 0.02 + 0.36, abs=0.011)
