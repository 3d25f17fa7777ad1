"""One contract for every driver: the real sound device and those that only keep the pace."""

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.audio.errors import DeviceFailed, DeviceMissing
from edge_agent.audio.outputs import (
    DriverChoice,
    OutputDriver,
    SilentDriver,
    WavDriver,
    make_driver,
)
from edge_agent.audio.portaudio import PortAudioDriver

RATE = 48_000
BLOCK = bytes(2 * 960)


@pytest.fixture(params=["portaudio", "wav", "silent"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OutputDriver]:
    if request.param == "portaudio":
        request.getfixturevalue("sound_server")
    choice = DriverChoice(request.param, device="pulse", path=tmp_path / "heard.wav")
    one = make_driver(choice)
    yield one
    one.close()


def test_frames_are_taken_at_the_pace_of_real_time_and_wait_in_the_buffer(
    driver: OutputDriver,
) -> None:
    driver.open(RATE, 1, 60)
    for _ in range(20):  # a fresh null sink stands still for almost two seconds
        driver.write(BLOCK)

    began = time.monotonic()
    latencies = []
    for _ in range(50):
        driver.write(BLOCK)
        latencies.append(driver.latency_s)

    assert 0.8 < time.monotonic() - began < 2.0
    assert 0.02 < sorted(latencies)[25] < 0.09


def test_a_closed_driver_refuses_frames_and_may_be_closed_again_or_reopened(
    driver: OutputDriver,
) -> None:
    driver.open(RATE, 1, 60)
    driver.close()
    driver.close()

    with pytest.raises(DeviceFailed):
        driver.write(BLOCK)

    driver.open(RATE, 1, 60)
    driver.write(BLOCK)


def test_each_choice_of_a_profile_has_its_driver_and_says_whether_it_is_heard(
    tmp_path: Path,
) -> None:
    assert isinstance(make_driver(DriverChoice("silent")), SilentDriver)
    assert isinstance(make_driver(DriverChoice("wav", path=tmp_path / "x.wav")), WavDriver)
    assert isinstance(make_driver(DriverChoice("portaudio", device="pulse")), PortAudioDriver)
    assert make_driver(DriverChoice("portaudio")).is_audible
    assert not make_driver(DriverChoice("silent")).is_audible


@pytest.mark.usefixtures("sound_server")
def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(DeviceMissing) as raised:
        PortAudioDriver("USB sound of the other village").open(RATE, 1, 60)

    assert "pulse" in raised.value.present


def test_a_wav_file_holds_what_was_written(tmp_path: Path) -> None:
    driver = WavDriver(tmp_path / "heard.wav")
    driver.open(8_000, 2, 60)

    driver.write(bytes([1, 0, 2, 0]) * 80)
    driver.close()

    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert file.getparams()[:4] == (2, 2, 8_000, 80)


def test_a_wav_file_that_cannot_be_written_is_a_failed_device(tmp_path: Path) -> None:
    with pytest.raises(DeviceFailed):
        WavDriver(tmp_path / "missing" / "heard.wav").open(RATE, 1, 60)


@pytest.mark.usefixtures("sound_server")
def test_looking_for_devices_writes_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    driver = PortAudioDriver("pulse")

    driver.open(RATE, 1, 60)
    driver.close()

    assert capfd.readouterr().err == ""
