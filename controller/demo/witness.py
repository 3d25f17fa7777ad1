"""What the loudspeakers were heard to play, and when: one recording of all devices on one clock.

`parec` hands over a block of the sound server's monitor at the instant its first sample would leave
a sound card. Of all blocks around a sample, the promptest tenth tells that instant best (the others
were held up by a busy machine), and follows the null sink's clock, which can run 350 ppm fast.
Against the instant PulseAudio itself tells players (outputBufferDacTime) this is right within 1 ms.
Near a server that was frozen, or a stall longer than the window, instants are late by as much.
"""

import bisect
import os
import subprocess
import threading
import time
import wave
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from controller.demo.pulseaudio import SAMPLE_RATE_HZ
from controller.demo.sound_server import SoundServer
from controller.errors import ControllerError

BLOCK_MS = 10
WINDOW_FRAMES = SAMPLE_RATE_HZ  # blocks within a second of a sample tell its instant
LOUDER_THAN = 33 / 32768  # of full scale, about -60 dB: the silence of a null sink is exactly zero
AFTER_SILENCE_OF = timedelta(milliseconds=300)
HEARS_WITHIN_SECONDS = 10.0


class WitnessDeaf(ControllerError):
    """The recording did not begin; fact `why` is what `parec` said."""

    code = "witness-deaf"
    status = 500
    vi = "Không thu được âm thanh để làm chứng: {why}"
    en = "The witness hears nothing: {why}"


@dataclass(frozen=True, order=True)
class Onset:
    """Sound began on a device (0-based) after silence; `at` is in UTC, right within 1 ms."""

    at: datetime
    device: int


class Witness:
    """Records all devices of a running sound server to the raw `file` (16 bit, interleaved).

    One witness is one recording: when the server dies it ends there, and a new witness is needed.
    """

    def __init__(self, server: SoundServer, file: Path) -> None:
        self._server = server
        self._file = file
        self._marks: list[tuple[int, float]] = []  # (first frame of a block, unix seconds it came)
        self._began = threading.Event()
        self._recorder: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Record from now on and return once it hears; quiet when it has begun or ended.

        Raises WitnessDeaf when nothing comes within 10 s.
        """
        if self._recorder is not None:
            return
        self._recorder = self._server.record(block_ms=BLOCK_MS)
        self._reader = threading.Thread(target=self._read, args=(self._recorder,), name="witness")
        self._reader.start()
        if not self._began.wait(HEARS_WITHIN_SECONDS) or not self._marks:
            why = self._end()
            raise WitnessDeaf(why=why or "parec")

    def stop(self) -> None:
        """End the recording; what was heard can still be asked. Quiet when it has ended."""
        self._end()

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

    def heard(
        self, between: tuple[datetime, datetime], *, after_silence_of: timedelta = AFTER_SILENCE_OF
    ) -> list[Onset]:
        """Return the onsets of all devices in [from, to), sorted; those so far while recording.

        An onset is the first sample above -60 dB after at least this much silence.
        """
        quiet_frames = round(after_silence_of.total_seconds() * SAMPLE_RATE_HZ)
        sound = self._sound()
        onsets = [
            Onset(self._instant(frame), device)
            for device in range(self._server.devices)
            for frame in _onset_frames(sound[:, device], quiet_frames)
        ]
        return sorted(onset for onset in onsets if between[0] <= onset.at < between[1])

    def onset_after(self, instant: datetime, device: int) -> datetime | None:
        """Return when this device (0-based) first began to sound from `instant` on, if it did."""
        forever = datetime.max.replace(tzinfo=UTC)
        return next((o.at for o in self.heard((instant, forever)) if o.device == device), None)

    def samples(self, between: tuple[datetime, datetime], device: int) -> npt.NDArray[np.int16]:
        """Return what a device (0-based) played in [from, to), right within some 10 ms."""
        first, last = (self._frame(instant) for instant in between)
        return self._sound()[first:last, device]

    def write_wavs(self, folder: Path) -> list[Path]:
        """Write all that each device played to `folder`/device-N.wav; the files are in order."""
        sound = self._sound()
        files = [folder / f"device-{device}.wav" for device in range(self._server.devices)]
        for device, file in enumerate(files):
            with wave.open(str(file), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(SAMPLE_RATE_HZ)
                out.writeframes(sound[:, device].tobytes())
        return files

    def _read(self, recorder: subprocess.Popen[bytes]) -> None:
        pipe = recorder.stdout
        assert pipe is not None  # noqa: S101 # Popen was asked for a pipe
        size = 0
        with self._file.open("wb", buffering=0) as file:
            while block := os.read(pipe.fileno(), 1 << 16):
                self._marks.append((size // (2 * self._server.devices), time.time()))
                file.write(block)
                size += len(block)
                self._began.set()
        self._began.set()

    def _end(self) -> str:
        if self._recorder is None or self._reader is None:
            return ""
        self._recorder.terminate()
        self._reader.join()
        self._reader = None
        _, errors = self._recorder.communicate()
        return errors.decode(errors="replace").strip()

    def _sound(self) -> npt.NDArray[np.int16]:
        channels = self._server.devices
        samples = np.fromfile(self._file, dtype="<i2")
        return samples[: len(samples) // channels * channels].reshape(-1, channels)

    def _frame(self, instant: datetime) -> int:
        """Return the frame that was played at an instant: where the recording had come by then."""
        at = instant.timestamp()
        marks = list(self._marks)
        after = bisect.bisect_right(marks, at, key=lambda mark: mark[1])
        frame, came_at = marks[max(after - 1, 0)]
        return max(0, frame + round((at - came_at) * SAMPLE_RATE_HZ))

    def _instant(self, frame: int) -> datetime:
        first = bisect.bisect_left(self._marks, (frame - WINDOW_FRAMES, 0.0))
        last = bisect.bisect_right(self._marks, (frame + WINDOW_FRAMES, 0.0))
        marks = np.array(self._marks[first : max(last, first + 1)])
        begins = marks[:, 1] + (frame - marks[:, 0]) / SAMPLE_RATE_HZ
        return datetime.fromtimestamp(float(np.percentile(begins, 10)), UTC)


def _onset_frames(samples: npt.NDArray[np.int16], quiet_frames: int) -> list[int]:
    limit = round(LOUDER_THAN * 32768)
    loud = np.flatnonzero((samples > limit) | (samples < -limit))
    if not len(loud):
        return []
    begins = np.flatnonzero(np.diff(loud) > quiet_frames) + 1
    return [int(loud[0]), *(int(frame) for frame in loud[begins])]
