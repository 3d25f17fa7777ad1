import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.demo.sound_server import SoundServer

PlayBursts = Callable[[list[int]], datetime]


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with SoundServer(devices=3) as running:
        yield running


@pytest.fixture
def play_bursts(server: SoundServer) -> PlayBursts:
    """Return what makes these devices sound together, each from a process of its own; says when."""

    def play(devices: list[int]) -> datetime:
        begins_at = datetime.now(UTC) + timedelta(seconds=3)
        script = Path(__file__).with_name("burst.py")
        command = [sys.executable, str(script), str(begins_at.timestamp())]
        players = [
            subprocess.Popen(
                command, env=os.environ | server.environment(device), stderr=subprocess.DEVNULL
            )
            for device in devices
        ]
        assert [player.wait(30) for player in players] == [0] * len(players)
        return begins_at

    return play
