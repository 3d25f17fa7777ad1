"""Assembling finished pieces of sound: joining, fading, cutting, a chime before speech.

The one place that knows pydub. It holds whole files in memory, so this is for bulletins and jingles
on the controller, never for what a device plays. Every piece is a mono 16-bit WAV made by us;
foreign files are for `ingest` only.
"""

import io
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    # pydub imports audioop, which Python 3.11 calls deprecated (3.13 needs audioop-lts for it).
    warnings.simplefilter("ignore", DeprecationWarning)
    from pydub import AudioSegment
    from pydub.exceptions import CouldntDecodeError


def join(parts: Sequence[bytes], pause_ms: int = 0) -> bytes:
    """Put pieces one after the other with a pause between, at the sample rate of the first.

    Raises ValueError when there is no piece or one is not a PCM WAV.
    """
    pieces = [_read(part) for part in parts]
    if not pieces:
        raise ValueError("nothing to join")
    rate = pieces[0].frame_rate
    pause = AudioSegment.silent(duration=pause_ms, frame_rate=rate).raw_data
    sound = pause.join(piece.set_frame_rate(rate).raw_data for piece in pieces)
    return _write(AudioSegment(data=sound, sample_width=2, frame_rate=rate, channels=1))


def fade(wav: bytes, *, in_ms: int = 0, out_ms: int = 0) -> bytes:
    """Let a piece rise at its start and sink at its end."""
    sound = _read(wav)
    sound = sound.fade_in(in_ms) if in_ms else sound  # pydub trips over a fade of no length
    return _write(sound.fade_out(out_ms) if out_ms else sound)


def cut(wav: bytes, start_ms: int, end_ms: int) -> bytes:
    """Keep [start, end) of a piece."""
    return _write(_read(wav)[start_ms:end_ms])


def chime_then(chime: bytes, speech: bytes, pause_ms: int = 400) -> bytes:
    """Let the chime call the listeners before the speech, at the sample rate of the chime."""
    return join([chime, speech], pause_ms)


def duration_ms(wav: bytes) -> int:
    """Return how long a piece is."""
    return len(_read(wav))


def tidy(wav: bytes) -> bytes:
    """Give a WAV that came through a pipe a header with its true length, and one channel."""
    return _write(_read(wav))


def from_samples(samples: NDArray[np.float64], sample_rate_hz: int) -> bytes:
    """Turn samples in -1..1 into a WAV; what is louder is clipped."""
    pcm = (np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes()
    return _write(AudioSegment(data=pcm, sample_width=2, frame_rate=sample_rate_hz, channels=1))


def _read(wav: bytes) -> AudioSegment:
    """Never `from_file`: on bad data it would hand the bytes to an ffmpeg without limits."""
    try:
        return AudioSegment(data=wav).set_channels(1).set_sample_width(2)
    except CouldntDecodeError as error:
        raise ValueError(f"not a PCM WAV: {error}") from error


def _write(sound: AudioSegment) -> bytes:
    file = io.BytesIO()
    sound.export(file, format="wav")
    return file.getvalue()
