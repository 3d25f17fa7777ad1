import wave
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from controller.demo.pulseaudio import SAMPLE_RATE_HZ
from controller.demo.sound_server import SoundServer
from controller.demo.witness import Witness, WitnessDeaf
from tests.front_door.conftest import PlayBursts

A_WHILE = timedelta(seconds=1)


def test_three_devices_are_heard_at_the_instant_they_announced(
    server: SoundServer, play_bursts: PlayBursts, tmp_path: Path
) -> None:
    with Witness(server, tmp_path / "heard.raw") as witness:
        begins_at = play_bursts([0, 1, 2])

    onsets = witness.heard((begins_at - A_WHILE, begins_at + A_WHILE))

    assert sorted(onset.device for onset in onsets) == [0, 1, 2]
    errors_ms = [abs(onset.at - begins_at) / timedelta(milliseconds=1) for onset in onsets]
    assert max(errors_ms) < 100, f"heard {errors_ms} ms off"


def test_a_device_is_heard_on_its_own_channel_only(
    server: SoundServer, play_bursts: PlayBursts, tmp_path: Path
) -> None:
    with Witness(server, tmp_path / "heard.raw") as witness:
        begins_at = play_bursts([1])

    heard = [witness.onset_after(begins_at - A_WHILE, device) for device in range(3)]

    assert heard[0] is None
    assert heard[1] is not None
    assert heard[2] is None


def test_what_each_device_played_is_written_as_a_wav(
    server: SoundServer, play_bursts: PlayBursts, tmp_path: Path
) -> None:
    with Witness(server, tmp_path / "heard.raw") as witness:
        play_bursts([2])

    files = witness.write_wavs(tmp_path)

    assert [file.name for file in files] == ["device-0.wav", "device-1.wav", "device-2.wav"]
    assert _seconds_of_sound(files[0]) == 0
    assert _seconds_of_sound(files[2]) == pytest.approx(0.2, abs=0.02)


def test_a_witness_of_a_dead_server_says_so(server: SoundServer, tmp_path: Path) -> None:
    server.kill()

    with pytest.raises(WitnessDeaf, match="Connection"):
        Witness(server, tmp_path / "heard.raw").start()


def test_a_recording_ends_with_its_server_and_keeps_what_it_heard(
    server: SoundServer, play_bursts: PlayBursts, tmp_path: Path
) -> None:
    with Witness(server, tmp_path / "heard.raw") as witness:
        begins_at = play_bursts([0])
        server.kill()

    assert witness.onset_after(begins_at - A_WHILE, device=0) is not None


def _seconds_of_sound(file: Path) -> float:
    with wave.open(str(file)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return int(np.count_nonzero(samples)) / SAMPLE_RATE_HZ
