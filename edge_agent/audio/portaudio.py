"""The sound device driver: PyAudio in blocking mode.

Blocking and not callback: measured into PulseAudio it costs 0.9 % of a core instead of 1.3 %, and
the free room of the buffer gives the latency as exactly as the callback's times. PyAudio gives up
Python's lock in every call that can wait, so a frozen sound server holds only the writer thread.
"""

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from edge_agent.audio.errors import DeviceFailed, DeviceMissing
from edge_agent.audio.native_noise import hush

if TYPE_CHECKING:
    import pyaudio

BUFFERS = 3  # PortAudio's ALSA side asks for this many times `frames_per_buffer`

ONE_AT_A_TIME = threading.Lock()
"""PortAudio's own process-wide state (devices, streams) bears one opening or closing at a time."""


class PortAudioDriver:
    """The device whose name is, or else begins with, or else contains `device`.

    `beyond_s` is the latency behind the device's buffer, which PortAudio does not tell.
    """

    is_audible = True

    def __init__(self, device: str, beyond_s: float = 0.0) -> None:
        self._device, self._beyond_s = device, beyond_s
        self._audio: pyaudio.PyAudio | None = None
        self._stream: Any = None  # PyAudio's nested Stream class has no importable name
        self._rate, self._room = 1, 0

    def open(self, rate: int, channels: int, buffer_ms: int) -> None:
        """Look the device up among those present now and open it.

        Raises DeviceMissing or DeviceFailed. May wait as long as the sound server does.
        """
        self.close()
        try:
            with ONE_AT_A_TIME:
                self._acquire(rate, channels, buffer_ms)
        except DeviceFailed:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise DeviceFailed(str(error)) from error

    def write(self, pcm: bytes) -> None:
        """Hand over frames; waits for room. Raises DeviceFailed when the device is gone."""
        if self._stream is None:
            raise DeviceFailed("closed")
        try:
            self._stream.write(pcm)
        except OSError as error:
            raise DeviceFailed(str(error)) from error

    @property
    def latency_s(self) -> float:
        """How long from now until a frame written now is heard, in seconds."""
        if self._stream is None:
            raise DeviceFailed("closed")
        try:
            held = float(self._room - self._stream.get_write_available()) / self._rate
            return held + self._beyond_s
        except OSError as error:
            raise DeviceFailed(str(error)) from error

    def close(self) -> None:
        """Let go of the device; what it still holds is dropped."""
        audio, self._stream, self._audio = self._audio, None, None
        if audio is not None:
            with ONE_AT_A_TIME, contextlib.suppress(OSError):
                audio.terminate()

    def _acquire(self, rate: int, channels: int, buffer_ms: int) -> None:
        import pyaudio  # noqa: PLC0415 - agents with another driver need no PortAudio

        hush()
        self._audio = pyaudio.PyAudio()
        self._stream = self._audio.open(
            rate=rate,
            channels=channels,
            format=pyaudio.paInt16,
            output=True,
            output_device_index=self._index(),
            frames_per_buffer=rate * buffer_ms // 1000 // BUFFERS,
        )
        self._rate, self._room = rate, self._stream.get_write_available()

    def _index(self) -> int:
        assert self._audio is not None  # noqa: S101 - only called by open(); tells mypy
        infos = map(self._audio.get_device_info_by_index, range(self._audio.get_device_count()))
        names = {str(i["name"]): int(i["index"]) for i in infos if int(i["maxOutputChannels"]) > 0}
        for fits in (str.__eq__, str.startswith, str.__contains__):
            for name, index in names.items():
                if fits(name, self._device):
                    return index
        raise DeviceMissing(self._device, tuple(names))
