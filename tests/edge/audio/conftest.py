"""What the audio tests share: files made on the spot, a listener, and a private sound server."""

import hashlib
import os
import signal
import statistics
import subprocess
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from edge_agent.audio.events import AudioEvent
from edge_agent.audio.sources import FilePart
from edge_agent.audio.tones import tone

RATE = 48_000
E = TypeVar("E")
MakeFile = Callable[..., FilePart]


class Told:
    """Remembers every event of a player and waits for those a test expects."""

    def __init__(self) -> None:
        self.events: list[AudioEvent] = []
        self._changed = threading.Condition()

    def __call__(self, event: AudioEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def all(self, kind: type[E]) -> list[E]:
        return [e for e in self.events if isinstance(e, kind)]

    def wait(self, kind: type[E], timeout_s: float = 15, number: int = 1) -> E:
        with self._changed:
            if self._changed.wait_for(lambda: len(self.all(kind)) >= number, timeout_s):
                return self.all(kind)[number - 1]
        raise AssertionError(f"no {kind.__name__} within {timeout_s} s, only {self.events}")


class SoundServer:
    """A PulseAudio of our own whose only loudspeaker is a null sink."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.address = f"unix:{home}/native"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no")
        modules = (
            "module-null-sink sink_name=ears rate=48000 channels=1",
            f"module-native-protocol-unix socket={self._home}/native auth-anonymous=1",
        )
        self.process = subprocess.Popen(
            ["pulseaudio", *quiet, "--disable-shm=yes", *(f"-L{m}" for m in modules)],
            env={**os.environ, "HOME": str(self._home), "XDG_RUNTIME_DIR": str(self._home)},
            stderr=subprocess.DEVNULL,
        )
        asked = ["pactl", "-s", self.address, "info"]
        for _ in range(100):
            if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError("PulseAudio did not come up")

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Ear:
    """Hears the null sink and knows the instant of every sample it heard."""

    def __init__(self, address: str) -> None:
        how = ("-d", "ears.monitor", "--rate=48000", "--channels=1", "--format=s16le", "--raw")
        self._parec = subprocess.Popen(
            ["parec", "-s", address, "--latency-msec=5", *how],
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._heard = bytearray()
        self._offsets: list[float] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._parec.kill()
        self._parec.wait()
        self._thread.join()
        assert self._parec.stdout is not None
        self._parec.stdout.close()

    def _listen(self) -> None:
        assert self._parec.stdout is not None
        while data := self._parec.stdout.read(65_536):
            self._heard += data
            self._offsets.append(time.monotonic() - len(self._heard) / 2 / RATE)

    @property
    def is_hearing(self) -> bool:
        return len(self._offsets) > 50

    def recording(self) -> tuple[bytes, float]:
        """Return all 16-bit samples heard so far, and the monotonic instant of the first."""
        zero = statistics.median(sorted(self._offsets[5:])[:5])
        return bytes(self._heard[: len(self._heard) & ~1]), zero

    def sounds(self, level: int = 600, pause_s: float = 0.1) -> list[tuple[float, float]]:
        """Return (from, until) of everything louder than `level`, as monotonic instants.

        A piece arrives at the earliest when it sounds: the smallest offset is the clock.
        """
        data, zero = self.recording()
        heard = array("h", data)
        found: list[list[int]] = []
        for number, sample in enumerate(heard):
            if abs(sample) > level:
                if found and number - found[-1][1] < pause_s * RATE:
                    found[-1][1] = number
                else:
                    found.append([number, number])
        return [(zero + begin / RATE, zero + end / RATE) for begin, end in found]

    def is_silent_between(self, begin: float, end: float) -> bool:
        return all(until < begin or since > end for since, until in self.sounds(level=30))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def sound_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    home = tmp_path / "pulse"
    home.mkdir()
    server = SoundServer(home)
    monkeypatch.setenv("PULSE_SERVER", server.address)
    monkeypatch.setenv("HOME", str(home))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def new_ear(sound_server: SoundServer) -> Iterator[Callable[[], Ear]]:
    ears: list[Ear] = []

    def listen() -> Ear:
        ears.append(Ear(sound_server.address))
        return ears[-1]

    yield listen
    for one in ears:
        one.close()


@pytest.fixture
def ear(new_ear: Callable[[], Ear]) -> Ear:
    return new_ear()


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., FilePart]:
    """Make a mono Opus file: a tone of `hz`, or silence with a beep at each instant of `beeps`."""

    def make(
        name: str = "bulletin",
        seconds: float = 3.0,
        beeps: tuple[float, ...] | None = None,
    ) -> FilePart:
        samples = tone("test", 0, int(seconds * RATE), RATE)
        if beeps is not None:
            for number in range(len(samples)):
                if not any(b <= number / RATE < b + 0.1 for b in beeps):
                    samples[number] = 0
        path = tmp_path / f"{name}.opus"
        raw = ("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0")
        subprocess.run(
            ["ffmpeg", "-loglevel", "error", *raw, "-c:a", "libopus", "-b:a", "64k", path],
            input=samples.tobytes(),
            check=True,
        )
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return FilePart(path, sha256, int(seconds * 1000))

    return make
