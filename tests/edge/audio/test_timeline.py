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


def test_one_late_measurement_is_no_slip_but_ten_are() -> None:
    timeline = Timeline(RATE)
    for number in range(20):
        timeline.wrote(BLOCK)
        timeline.measure(number * 0.02, 0.06)

    slips = []
    for number in range(20, 30):
        timeline.wrote(BLOCK)
        slips.append(timeline.measure(number * 0.02 + 0.3, 0.06))

    assert slips[:9] == [0.0] * 9
    assert slips[9] == pytest.approx(0.3)
    assert timeline.next_at() == pytest.approx(29 * 0.02 + 0.36)
