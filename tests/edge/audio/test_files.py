"""Files on an output that keeps the pace and nobody hears: checked, decoded, mended (R24)."""

import dataclasses
import hashlib
import os
import signal
import subprocess
import time
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.audio.events import (
    OrderFailed,
    OrderFinished,
    OrderStarted,
    PartFailed,
    PartStarted,
)
from edge_agent.audio.outputs import WavDriver
from edge_agent.audio.player import OutputPlayer
from edge_agent.audio.sources import FilePart, PlayOrder, TonePart
from tests.edge.audio.conftest import MakeFile, Told

RATE = 48_000


@pytest.fixture
def heard_file(tmp_path: Path) -> Path:
    return tmp_path / "heard.wav"


@pytest.fixture
def player(heard_file: Path, told: Told) -> Iterator[OutputPlayer]:
    output = OutputPlayer("out", WavDriver(heard_file), told, queue_ms=300)
    output.start()
    yield output
    output.stop()


def heard(path: Path) -> "array[int]":
    with wave.open(str(path)) as file:
        return array("h", file.readframes(file.getnframes()))


def children() -> list[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "ffmpeg"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(pid) for pid in found.stdout.split()]


def test_a_prepared_file_starts_on_time(
    player: OutputPlayer, told: Told, make_file: MakeFile, heard_file: Path
) -> None:
    part = make_file(seconds=0.5)
    order = PlayOrder("slot", time.monotonic() + 1.5, None, (part,))

    player.prepare(order)
    player.play(order)
    started = told.wait(OrderStarted)
    finished = told.wait(OrderFinished)
    player.stop()

    assert started.late_ms < 1
    assert abs(started.at - order.start_at) < 0.005
    assert finished.played_ms == 500
    assert max(heard(heard_file)) > 5_000


def test_a_damaged_file_never_sounds(
    player: OutputPlayer, told: Told, make_file: MakeFile, heard_file: Path
) -> None:
    """R24: what does not fit its SHA-256 is not played, not even its good beginning."""
    part = make_file(seconds=3)
    with part.path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\0" if part.path.read_bytes()[-1] else b"\1")

    player.play(PlayOrder("slot", time.monotonic(), None, (part,)))
    failed = told.wait(OrderFailed)
    player.stop()

    assert "damaged" in failed.reason
    assert not any(heard(heard_file))
    assert not told.all(OrderStarted)


def test_a_truncated_file_never_sounds(
    player: OutputPlayer, told: Told, make_file: MakeFile, heard_file: Path
) -> None:
    """R24."""
    part = make_file(seconds=3)
    os.truncate(part.path, part.path.stat().st_size // 2)

    player.play(PlayOrder("slot", time.monotonic(), None, (part,)))
    told.wait(OrderFailed)
    player.stop()

    assert not any(heard(heard_file))


def test_a_missing_file_is_reported_and_the_next_part_keeps_its_place(
    player: OutputPlayer, told: Told, make_file: MakeFile
) -> None:
    missing = dataclasses.replace(make_file(), path=Path("/nowhere/bulletin.opus"))
    start_at = time.monotonic() + 0.5
    parts = (dataclasses.replace(missing, duration_ms=1000), TonePart("chime", 500))

    player.play(PlayOrder("slot", start_at, None, parts))
    failed = told.wait(PartFailed)
    started = told.wait(PartStarted)

    assert (failed.part, started.part) == (0, 1)
    assert abs(started.at - (start_at + 1.0)) < 0.05
    assert not told.all(OrderFailed)


def test_a_file_is_joined_in_the_middle_at_the_right_place(
    player: OutputPlayer, told: Told, make_file: MakeFile, heard_file: Path
) -> None:
    part = make_file(seconds=8, beeps=(5.0,))
    time.sleep(0.5)
    start_at = time.monotonic() - 4.0

    player.play(PlayOrder("slot", start_at, start_at + 6.0, (part,)))
    started = told.wait(OrderStarted)
    told.wait(OrderFinished)
    player.stop()

    loud = [n for n, s in enumerate(heard(heard_file)) if abs(s) > 1000]
    assert started.late_ms == pytest.approx((started.at - start_at) * 1000, abs=20)
    assert loud[-1] - loud[0] == pytest.approx(0.1 * RATE, abs=0.02 * RATE)
    silent_end = len(heard(heard_file)) - loud[0]
    assert silent_end > 0.9 * RATE


def test_a_killed_decoder_is_started_again_at_the_clocks_place(
    player: OutputPlayer, told: Told, make_file: MakeFile
) -> None:
    part = make_file(seconds=30)
    player.play(PlayOrder("slot", time.monotonic(), None, (part,)))
    told.wait(OrderStarted)

    for pid in children():
        os.kill(pid, signal.SIGKILL)
    time.sleep(2.5)
    player.stop_order("slot")
    finished = told.wait(OrderFinished)

    assert finished.played_ms > 1_500
    assert not told.all(PartFailed)


def test_a_decoder_that_keeps_dying_is_given_up_and_reported(
    player: OutputPlayer, told: Told, make_file: MakeFile
) -> None:
    part = make_file(seconds=30)
    player.play(PlayOrder("slot", time.monotonic(), None, (part,)))

    deadline = time.monotonic() + 30
    while not told.all(OrderFailed) and time.monotonic() < deadline:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)

    assert "died" in told.wait(OrderFailed).reason


def test_no_decoder_outlives_its_player(
    player: OutputPlayer, told: Told, make_file: MakeFile
) -> None:
    player.play(PlayOrder("slot", time.monotonic(), None, (make_file(seconds=30),)))
    told.wait(OrderStarted)

    player.stop()

    deadline = time.monotonic() + 5
    while children() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert children() == []
    assert told.wait(OrderFinished).reason == "stopped"


def test_a_decoder_may_not_open_anything_but_its_file(
    tmp_path: Path, told: Told, player: OutputPlayer
) -> None:
    """R12: a playlist that calls itself audio leads nowhere."""
    trap = tmp_path / "trap.opus"
    trap.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")
    sha256 = hashlib.sha256(trap.read_bytes()).hexdigest()
    player.play(PlayOrder("slot", time.monotonic(), None, (FilePart(trap, sha256, 2000),)))

    assert "died" in told.wait(OrderFailed).reason
