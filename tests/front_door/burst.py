"""A loudspeaker for tests, in plain PyAudio: a 0.2 s tone that begins at a given unix instant."""

import sys
import time
from collections.abc import Mapping

import numpy as np
import pyaudio

SAMPLE_RATE_HZ = 48_000
BLOCK_FRAMES = 480


def main(begins_at: float) -> None:
    tone = 16_000 * np.cos(2 * np.pi * 1_000 / SAMPLE_RATE_HZ * np.arange(SAMPLE_RATE_HZ // 5))

    def play(
        _input: bytes | None, frames: int, times: Mapping[str, float], _status: int
    ) -> tuple[bytes, int]:
        first = round((times["output_buffer_dac_time"] - begins_at) * SAMPLE_RATE_HZ)
        wanted = np.arange(first, first + frames)
        block = np.where((wanted >= 0) & (wanted < len(tone)), tone.take(wanted, mode="clip"), 0)
        return block.astype(np.int16).tobytes(), pyaudio.paContinue

    audio = pyaudio.PyAudio()
    names = [audio.get_device_info_by_index(i)["name"] for i in range(audio.get_device_count())]
    stream = audio.open(
        rate=SAMPLE_RATE_HZ,
        channels=1,
        format=pyaudio.paInt16,
        output=True,
        output_device_index=names.index("pulse"),
        frames_per_buffer=BLOCK_FRAMES,
        stream_callback=play,
    )
    time.sleep(max(0.0, begins_at - time.time()) + 0.4)
    stream.stop_stream()
    stream.close()
    audio.terminate()


if __name__ == "__main__":
    main(float(sys.argv[1]))
