"""Where sound goes: the drivers behind one small protocol, and the choice among them.

A driver is used by one writer thread alone. `portaudio` is a sound device; `wav` and `silent`
keep the pace of real time, so that everything above them behaves the same.
"""

import contextlib
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol

from edge_agent.audio.errors import DeviceFailed
from edge_agent.audio.portaudio import PortAudioDriver


class OutputDriver(Protocol):
    """A place for 16-bit interleaved frames. Every method but `close` may raise DeviceFailed."""

    is_audible: bool

    def open(self, rate: int, channels: int, buffer_ms: int) -> None:
        """Acquire the device with about `buffer_ms` of buffer; frames sound from now on."""

    def write(self, pcm: bytes) -> None:
        """Hand over frames; returns when the buffer has taken them all."""

    @property
    def latency_s(self) -> float:
        """Seconds from now until a frame written now sounds."""

    def close(self) -> None:
        """Release the device without waiting for what is buffered. May be called twice."""


@dataclass(frozen=True, slots=True)
class DriverChoice:
    """The part of a profile's output that names its driver.

    `latency_ms` is what lies behind the device's own buffer before the sound is heard.
    """

    driver: Literal["portaudio", "wav", "silent"]
    device: str = "default"
    path: Path = Path("heard.wav")
    latency_ms: int = 0


def make_driver(output: DriverChoice) -> OutputDriver:
    """Return the driver that a profile's output names. Opens nothing."""
    match output.driver:
        case "portaudio":
            return PortAudioDriver(output.device, output.latency_ms / 1000)
        case "wav":
            return WavDriver(output.path)
        case "silent":
            return SilentDriver()


class SilentDriver:
    """Takes frames at the pace of real time and lets nobody hear them."""

    is_audible = False

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic, self._sleep = monotonic, sleep
        self._frame_bytes, self._rate, self._buffer_s = 0, 1, 0.0
        self._sounds_until = 0.0

    def open(self, rate: int, channels: int, buffer_ms: int) -> None:
        """Start the pace."""
        self._frame_bytes, self._rate, self._buffer_s = 2 * channels, rate, buffer_ms / 1000
        self._sounds_until = self._monotonic()

    def write(self, pcm: bytes) -> None:
        """Wait until a buffer of `buffer_ms` would have had room."""
        if not self._frame_bytes:
            raise DeviceFailed("closed")
        length_s = len(pcm) / self._frame_bytes / self._rate
        self._sounds_until = max(self._sounds_until, self._monotonic()) + length_s
        early = self._sounds_until - self._buffer_s - self._monotonic()
        if early > 0:
            self._sleep(early)

    @property
    def latency_s(self) -> float:
        """What the buffer would hold now."""
        return max(0.0, self._sounds_until - self._monotonic())

    def close(self) -> None:
        """End the pace."""
        self._frame_bytes = 0


class WavDriver:
    """Writes to a WAV file what would be heard, at the pace of real time."""

    is_audible = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pace = SilentDriver()
        self._file: wave.Wave_write | None = None
        self._disk: IO[bytes] | None = None

    def open(self, rate: int, channels: int, buffer_ms: int) -> None:
        """Start the file anew."""
        self.close()
        try:
            self._disk = self._path.open("wb")
        except OSError as error:
            raise DeviceFailed(str(error)) from error
        self._file = wave.open(self._disk, "wb")  # noqa: SIM115 - closed in close()
        self._file.setparams((channels, 2, rate, 0, "NONE", ""))
        self._pace.open(rate, channels, buffer_ms)

    def write(self, pcm: bytes) -> None:
        """Append frames, then wait as a device would."""
        if self._file is None:
            raise DeviceFailed("closed")
        try:
            self._file.writeframesraw(pcm)
        except OSError as error:
            raise DeviceFailed(str(error)) from error
        self._pace.write(pcm)

    @property
    def latency_s(self) -> float:
        """What the buffer would hold now."""
        return self._pace.latency_s

    def close(self) -> None:
        """Write the header's lengths and close the file."""
        file, disk, self._file, self._disk = self._file, self._disk, None, None
        if file is not None and disk is not None:
            with contextlib.suppress(OSError), disk:
                file.close()
        self._pace.close()
