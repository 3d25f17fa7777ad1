"""The local panic input: a button on a mock pin, a real file, and what follows from them."""

import os
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from edge_agent.panic import (
    LocalAlert,
    PanicEvent,
    PanicPressed,
    PanicReleased,
    PanicWatch,
    local_alert,
    next_panic,
    panic_message,
    stopped,
)
from firmware_profiles import PanicInput, load_profile
from wire.up import LONGEST_PANIC

PIN = 27
NOW = datetime(2026, 10, 19, 2, 0, tzinfo=UTC)
CLAIMS = {
    "iss": "d-anbinh01",
    "device": "d-anbinh01",
    "iat": NOW,
    "exp": NOW + timedelta(days=400),
    "jti": "j1",
    "rev": 7,
}


def alert(mono: float = 100.0) -> LocalAlert:
    return local_alert("local-1", ("main",), NOW, mono)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


@contextmanager
def watching(
    panic_input: PanicInput, folder: Path, pins: MockFactory | None = None
) -> Iterator[tuple[PanicWatch, "queue.SimpleQueue[PanicEvent]"]]:
    heard: queue.SimpleQueue[PanicEvent] = queue.SimpleQueue()
    watch = PanicWatch(panic_input, folder, heard.put, pin_factory=pins)
    watch.start()
    try:
        yield watch, heard
    finally:
        watch.stop()


def button(hold_ms: int = 60) -> PanicInput:
    return PanicInput(gpio_pin=PIN, hold_ms=hold_ms)


def file(hold_ms: int = 0) -> PanicInput:
    return PanicInput(file="panic", hold_ms=hold_ms)


def is_quiet(heard: "queue.SimpleQueue[PanicEvent]", for_s: float = 0.5) -> bool:
    try:
        heard.get(timeout=for_s)
    except queue.Empty:
        return True
    return False


def test_a_button_held_long_enough_calls(pins: MockFactory, tmp_path: Path) -> None:
    with watching(button(), tmp_path, pins) as (watch, heard):
        pins.pin(PIN).drive_low()

        assert heard.get(timeout=5) == PanicPressed()
        assert watch.fault == ""


def test_a_button_that_is_only_touched_calls_nobody(pins: MockFactory, tmp_path: Path) -> None:
    with watching(button(hold_ms=400), tmp_path, pins) as (_, heard):
        pins.pin(PIN).drive_low()
        pins.pin(PIN).drive_high()

        assert is_quiet(heard)


def test_a_button_may_be_held_again(pins: MockFactory, tmp_path: Path) -> None:
    with watching(button(), tmp_path, pins) as (_, heard):
        for _ in range(2):
            pins.pin(PIN).drive_low()
            assert heard.get(timeout=5) == PanicPressed()
            pins.pin(PIN).drive_high()


def test_a_pin_that_is_taken_is_a_fault_and_no_crash(pins: MockFactory, tmp_path: Path) -> None:
    with (
        watching(button(), tmp_path, pins),
        watching(button(), tmp_path, pins) as (second, _),
    ):
        assert second.fault == "panic_input"


def test_a_machine_without_pins_is_a_fault_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nothing-like-that")
    with watching(button(), tmp_path) as (watch, _):
        assert watch.fault == "panic_input"


def test_starting_and_stopping_may_be_done_twice(pins: MockFactory, tmp_path: Path) -> None:
    for panic_input in (button(), file()):
        with watching(panic_input, tmp_path, pins) as (watch, heard):
            watch.start()
            watch.stop()
            watch.stop()
            watch.start()
            pins.pin(PIN).drive_low()
            (tmp_path / "panic").touch()

            assert heard.get(timeout=5) == PanicPressed()
        pins.pin(PIN).drive_high()


def test_a_file_that_appears_calls_and_its_going_ends_it(tmp_path: Path) -> None:
    with watching(file(), tmp_path) as (_, heard):
        (tmp_path / "panic").touch()
        assert heard.get(timeout=5) == PanicPressed()

        (tmp_path / "panic").unlink()
        assert heard.get(timeout=5) == PanicReleased()


def test_a_file_must_stay_as_long_as_a_button_is_held(tmp_path: Path) -> None:
    with watching(file(hold_ms=400), tmp_path) as (_, heard):
        began = time.monotonic()
        (tmp_path / "panic").touch()

        assert heard.get(timeout=5) == PanicPressed()
        assert time.monotonic() - began >= 0.4


def test_a_file_left_over_from_long_ago_calls_nobody_after_a_restart(tmp_path: Path) -> None:
    left = tmp_path / "panic"
    left.touch()
    long_ago = time.time() - LONGEST_PANIC.total_seconds() - 60
    os.utime(left, (long_ago, long_ago))

    with watching(file(), tmp_path) as (_, heard):
        assert is_quiet(heard)
        left.unlink()
        assert heard.get(timeout=5) == PanicReleased()
        left.touch()
        assert heard.get(timeout=5) == PanicPressed()


def test_the_shipped_software_profile_has_a_file_for_it(tmp_path: Path) -> None:
    panic_input = load_profile("software").panic_input
    assert panic_input is not None

    with watching(panic_input, tmp_path) as (_, heard):
        (tmp_path / str(panic_input.file)).touch()
        assert heard.get(timeout=5) == PanicPressed()


def test_pressing_begins_an_alert_of_ten_minutes_at_most() -> None:
    began = next_panic(None, PanicPressed(), 100.0, alert)

    assert began == alert()
    assert (began.ends_at - began.starts_at, began.until) == (timedelta(minutes=10), 700.0)
    assert local_alert("x", (), NOW, 0.0, timedelta(hours=5)).until == 600.0


def test_pressing_again_stops_it_but_not_the_second_stroke_of_a_frightened_hand() -> None:
    running = alert(mono=100.0)

    assert next_panic(running, PanicPressed(), 104.0, alert) is running
    assert next_panic(running, PanicPressed(), 106.0, alert) is None
    assert next_panic(running, PanicReleased(), 101.0, alert) is None


def test_pressing_after_its_time_begins_a_new_one() -> None:
    over = alert(mono=100.0)

    assert next_panic(over, PanicPressed(), 700.0, lambda: alert(700.0)) == alert(700.0)


def test_what_is_told_is_what_sounds_and_when_it_was_stopped() -> None:
    at_first = panic_message(alert(), CLAIMS)
    ended = stopped(alert(), NOW + timedelta(seconds=30), 130.0)
    at_last = panic_message(ended, CLAIMS)

    assert (at_first.id, at_first.outputs, at_first.device) == ("local-1", ("main",), "d-anbinh01")
    assert at_first.ends_at - at_first.starts_at == LONGEST_PANIC
    assert at_last.ends_at == NOW + timedelta(seconds=30)
    assert ended.until == 130.0


def test_a_clock_that_steps_while_it_sounds_still_makes_a_valid_message() -> None:
    back = stopped(alert(), NOW - timedelta(hours=2), 130.0)
    ahead = stopped(alert(), NOW + timedelta(hours=2), 130.0)

    assert panic_message(back, CLAIMS).ends_at == NOW
    assert panic_message(ahead, CLAIMS).ends_at == NOW + LONGEST_PANIC
    assert stopped(alert(), NOW, 900.0) == alert()
