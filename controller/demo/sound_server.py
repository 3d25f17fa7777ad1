"""A private PulseAudio that stands for the loudspeakers of a demo or a test.

All devices share one silent sound card (a null sink) with a channel each, hence one clock: a
recording of its monitor (`witness.py`) shows who sounded when. A sound server that is already there
is left alone.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.demo.pulseaudio import (
    ALSA_CONFIGURATION,
    MAX_DEVICES,
    SAMPLE_RATE_HZ,
    SoundServerFailed,
    channel_map,
    end,
    modules_script,
    start_daemon,
    wait_until_ready,
)


class SoundServer:
    """A PulseAudio daemon of our own with `devices` mono outputs (1-32), root or not, no D-Bus.

    It never suspends, exits or rewinds, so what is heard is what was played. With `aloud`, all
    devices mixed also go to the machine's default sound card, if it has one (somewhat late).
    """

    def __init__(self, devices: int, *, aloud: bool = False) -> None:
        if not 1 <= devices <= MAX_DEVICES:
            raise ValueError(f"devices must be 1-{MAX_DEVICES}, not {devices}")
        self.devices = devices
        self._aloud = aloud
        self._folder: Path | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._loud: list[subprocess.Popen[bytes]] = []

    @property
    def is_running(self) -> bool:
        """Whether the daemon lives; a frozen one does."""
        return self._daemon is not None and self._daemon.poll() is None

    def start(self) -> None:
        """Start, or start again after `kill` at the same address; quiet when it runs.

        Raises SoundServerFailed with what PulseAudio said, or why it could not be run.
        """
        if self.is_running:
            return
        folder = self._make_folder()
        (folder / "native").unlink(missing_ok=True)
        try:
            self._daemon = start_daemon(folder)
            wait_until_ready(self._daemon, folder)
        except SoundServerFailed:
            self.stop()
            raise
        if self._aloud:
            self._play_aloud()

    def stop(self) -> None:
        """Stop and remove every file it made; quiet when it is stopped."""
        self._end_loud()
        if self._daemon is not None:
            end(self._daemon)
            self._daemon = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def environment(self, device_index: int) -> dict[str, str]:
        """Return what a player's environment needs, beside its own, to be this device (0-based).

        PortAudio then has the devices "pulse" and "default". Stays true over `kill` and `start`.
        Raises ValueError for a device that is not there, and before `start`.
        """
        if not 0 <= device_index < self.devices:
            raise ValueError(f"there is no device {device_index} of {self.devices}")
        return self.listener_environment() | {"PULSE_SINK": f"device{device_index}"}

    def listener_environment(self) -> dict[str, str]:
        """Return what `parec` and `pactl` need to reach this; ValueError before `start`."""
        if self._folder is None:
            raise ValueError("the sound server has not been started")
        return {
            "PULSE_SERVER": f"unix:{self._folder}/native",
            "PULSE_COOKIE": f"{self._folder}/cookie",
            "ALSA_CONFIG_PATH": f"{self._folder}/asound.conf",
            "JACK_NO_START_SERVER": "1",
        }

    def record(self, *, block_ms: int) -> subprocess.Popen[bytes]:
        """Start `parec`, which writes what all devices play to its pipe, in blocks of this length.

        16 bit, 48 kHz, interleaved: channel n is device n. The caller ends it.
        """
        form = f"--format=s16le --rate={SAMPLE_RATE_HZ} --channels={self.devices}"
        what = f"--device=air.monitor --channel-map={channel_map(self.devices)}"
        return subprocess.Popen(
            ["parec", "--raw", f"--latency-msec={block_ms}", *form.split(), *what.split()],
            env=os.environ | self.listener_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def kill(self) -> None:
        """Kill the daemon as a crash would (SIGKILL); players lose their connection."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._end_loud()

    def freeze(self) -> None:
        """Stop the daemon in its tracks (SIGSTOP): players block but stay connected."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen daemon go on (SIGCONT); it then plays what it missed in a hurry."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._daemon is not None and self.is_running:
            self._daemon.send_signal(number)

    def _make_folder(self) -> Path:
        if self._folder is None:  # not a folder of the caller: a socket's path ends at 107 bytes
            self._folder = Path(tempfile.mkdtemp(prefix="tt-sound-"))
            (self._folder / "asound.conf").write_text(ALSA_CONFIGURATION)
            (self._folder / "devices.pa").write_text(modules_script(self.devices, self._folder))
        return self._folder

    def _play_aloud(self) -> None:
        mix = "+".join(f"c{number}" for number in range(self.devices))
        source = f"-f s16le -ar {SAMPLE_RATE_HZ} -ac {self.devices} -i pipe:0".split()
        sink = ["-af", f"pan=mono|c0={mix},alimiter", "-f", "alsa", "default"]
        recorder = self.record(block_ms=50)
        speaker = subprocess.Popen(
            ["ffmpeg", "-nostdin", *source, *sink], stdin=recorder.stdout, stderr=subprocess.DEVNULL
        )
        for pipe in (recorder.stdout, recorder.stderr):
            if pipe is not None:
                pipe.close()  # so that the recorder ends when the speaker does
        self._loud = [recorder, speaker]

    def _end_loud(self) -> None:
        for process in self._loud:
            end(process)
        self._loud = []
