from collections.abc import Iterator
from datetime import timedelta

import pytest
from gpiozero.pins.mock import MockFactory

from edge_agent.amplifier import Amplifier, AmplifierFailed

PIN = 17


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


@pytest.fixture
def amplifier(pins: MockFactory) -> Iterator[Amplifier]:
    relay = Amplifier(PIN, timedelta(seconds=2), timedelta(seconds=30), pin_factory=pins)
    relay.start()
    yield relay
    relay.stop()


def test_it_is_warm_some_time_after_it_is_switched_on(
    amplifier: Amplifier, pins: MockFactory
) -> None:
    ready_at = amplifier.on(100.0)

    assert pins.pin(PIN).state
    assert ready_at == 102.0


def test_it_says_when_it_would_be_warm_without_being_switched_on(
    amplifier: Amplifier, pins: MockFactory
) -> None:
    cold = amplifier.ready_at(100.0)
    still_off = not pins.pin(PIN).state
    amplifier.on(110.0)

    assert (cold, still_off) == (102.0, True)
    assert amplifier.ready_at(111.0) == 112.0


def test_it_stays_warm_when_the_next_sound_comes_before_it_went_off(
    amplifier: Amplifier, pins: MockFactory
) -> None:
    amplifier.on(100.0)
    amplifier.off_later(110.0)
    amplifier.tick(120.0)

    assert amplifier.on(125.0) == 102.0
    amplifier.tick(141.0)
    assert pins.pin(PIN).state


def test_it_goes_off_after_its_linger_time(amplifier: Amplifier, pins: MockFactory) -> None:
    amplifier.on(100.0)
    amplifier.off_later(110.0)

    amplifier.tick(139.9)
    assert pins.pin(PIN).state
    assert amplifier.next_at == 140.0

    amplifier.tick(140.0)
    assert not pins.pin(PIN).state
    assert amplifier.next_at is None


def test_stopping_switches_off_and_may_be_done_twice(
    amplifier: Amplifier, pins: MockFactory
) -> None:
    amplifier.on(100.0)

    amplifier.stop()
    amplifier.stop()

    assert not amplifier.is_on
    assert not pins.pin(PIN).state


def test_a_relay_that_works_the_other_way_round_is_off_when_its_pin_is_high(
    pins: MockFactory,
) -> None:
    relay = Amplifier(
        PIN,
        timedelta(0),
        timedelta(0),
        is_active_high=False,
        pin_factory=pins,
    )
    relay.start()
    assert pins.pin(PIN).state

    relay.on(0.0)

    assert not pins.pin(PIN).state
    relay.stop()


@pytest.mark.usefixtures("amplifier")
def test_a_pin_that_is_taken_is_named(pins: MockFactory) -> None:
    other = Amplifier(PIN, timedelta(0), timedelta(0), pin_factory=pins)

    with pytest.raises(AmplifierFailed, match="GPIO 17"):
        other.start()

    with pytest.raises(AmplifierFailed):
        other.on(0.0)
