"""R28: a hung worker ends the process, and systemd hears of real progress only."""

import socket
import threading
import time
from pathlib import Path

import pytest

from edge_agent.heartbeat import Heartbeat, Nonces
from edge_agent.watchdog import HUNG_EXIT, Watchdog, overdue, sd_notify


def test_a_hung_worker_ends_the_process_within_seconds() -> None:
    ended, said = threading.Event(), list[str]()
    codes: list[int] = []

    def give_up(code: int) -> None:
        codes.append(code)
        ended.set()

    dog = Watchdog({"link": lambda: -1.0, "conductor": lambda: 0.5}, give_up, said.append)
    dog.start()
    is_over = ended.wait(10)
    dog.stop()

    assert is_over
    assert codes[0] == HUNG_EXIT
    assert "WATCHDOG=1" not in said


def test_progress_feeds_systemd() -> None:
    said: list[str] = []
    dog = Watchdog({"link": lambda: -1.0}, lambda _: None, said.append)

    assert dog.look()

    assert said == ["WATCHDOG=1"]


def test_a_worker_is_overdue_when_its_progress_is_older_than_its_limit() -> None:
    now = time.monotonic()

    assert overdue(lambda: now - 9, 8)() > 0
    assert overdue(lambda: now - 9, lambda: 60)() < 0


def test_systemd_is_told_over_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        sd_notify("READY=1")

        assert systemd.recv(100) == b"READY=1"


def test_a_nonce_is_answered_once_and_not_for_ever() -> None:
    nonces = Nonces()
    first, second = nonces.ask(10.0), nonces.ask(11.0)

    assert nonces.answered(first, 12.0) == 10.0
    assert nonces.answered(first, 12.0) is None
    assert nonces.answered(second, 99.0) is None
    assert nonces.answered("strange", 12.0) is None


def test_only_the_last_questions_count() -> None:
    nonces = Nonces()
    first = nonces.ask(10.0)
    for at in range(5):
        nonces.ask(11.0 + at)

    assert nonces.answered(first, 17.0) is None


def test_questions_come_at_the_start_and_then_in_the_rhythm_of_the_desired_state() -> None:
    heartbeat, asked, beaten = Heartbeat(), list[int](), list[int]()
    heartbeat.set_rhythm(60, 300)
    heartbeat.connected(0.0)

    for at in range(700):
        is_due, asks = heartbeat.due(float(at))
        if is_due:
            (asked if asks else beaten).append(at)
            heartbeat.has_beaten(float(at), asked=asks, error_s=0.001)

    assert asked == [0, 300, 600]
    assert beaten == [60, 120, 180, 240, 360, 420, 480, 540, 660]


def test_a_rough_clock_asks_a_few_times_more() -> None:
    heartbeat, asked = Heartbeat(), list[int]()
    heartbeat.connected(0.0)

    for at in range(100):
        is_due, asks = heartbeat.due(float(at))
        if is_due:
            asked += [at] if asks else []
            heartbeat.has_beaten(float(at), asked=asks, error_s=0.2)

    assert asked == [0, 1, 2, 3, 4, 5]
