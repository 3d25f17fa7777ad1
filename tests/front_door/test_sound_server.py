import os
import subprocess
from pathlib import Path

import pytest

from controller.demo.pulseaudio import SoundServerFailed, end, start_daemon, wait_until_ready
from controller.demo.sound_server import SoundServer


def test_every_device_is_a_sink_of_its_own(server: SoundServer) -> None:
    answer = _ask(server, "list", "short", "sinks")

    assert [line.split("\t")[1] for line in answer.splitlines()] == [
        "air",
        "device0",
        "device1",
        "device2",
    ]


def test_starting_and_stopping_twice_changes_nothing_and_leaves_no_file() -> None:
    server = SoundServer(devices=1)
    server.start()
    address = server.environment(0)["PULSE_SERVER"]
    server.start()

    assert server.environment(0)["PULSE_SERVER"] == address

    server.stop()
    server.stop()

    assert not server.is_running
    assert not Path(address.removeprefix("unix:")).parent.exists()


def test_a_killed_server_comes_back_at_the_same_address(server: SoundServer) -> None:
    environment = server.environment(2)

    server.kill()
    died = not server.is_running
    server.start()

    assert died
    assert server.environment(2) == environment
    assert "device2" in _ask(server, "list", "short", "sinks")


def test_a_frozen_server_answers_again_after_the_thaw(server: SoundServer) -> None:
    server.freeze()
    with pytest.raises(subprocess.TimeoutExpired):
        _ask(server, "info", within_seconds=0.5)

    server.thaw()

    assert "air" in _ask(server, "info")


def test_a_frozen_server_can_be_stopped(server: SoundServer) -> None:
    server.freeze()

    server.stop()

    assert not server.is_running


def test_a_server_that_cannot_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(SoundServerFailed, match="pulseaudio"):
        SoundServer(devices=1).start()


def test_a_module_that_does_not_load_is_a_failed_start(tmp_path: Path) -> None:
    script = (
        f"load-module no-such\nload-module module-native-protocol-unix socket={tmp_path}/native"
    )
    (tmp_path / "devices.pa").write_text(script)
    daemon = start_daemon(tmp_path)

    with pytest.raises(SoundServerFailed, match="no-such"):
        wait_until_ready(daemon, tmp_path)

    end(daemon)


def test_playing_aloud_needs_no_sound_card_and_survives_a_crash() -> None:
    with SoundServer(devices=2, aloud=True) as server:
        server.kill()
        server.start()

        assert "device1" in _ask(server, "list", "short", "sinks")


@pytest.mark.parametrize("devices", [0, 33])
def test_only_as_many_devices_as_a_card_has_channels_are_allowed(devices: int) -> None:
    with pytest.raises(ValueError, match="1-32"):
        SoundServer(devices=devices)


def _ask(server: SoundServer, *question: str, within_seconds: float = 20) -> str:
    answer = subprocess.run(
        ["pactl", *question],
        env=os.environ | server.listener_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=within_seconds,
    )
    return answer.stdout
