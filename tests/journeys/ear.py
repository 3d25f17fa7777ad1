"""What a loudspeaker played: programme, siren, voice, and one recording from another."""

import subprocess
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000
WINDOW = RATE // 10
THINNED = 6
SILENCE = 100  # of 32768; the silence of a null sink is exactly zero
PROGRAMME_HZ = (100.0, 350.0)
PROGRAMME_S = 100
SIREN_HZ = (390.0, 1300.0)
IS_THE_SAME = 0.75

Sound = npt.NDArray[np.int16]


def programme(folder: Path) -> Path:
    """Make a tone that rises by 2.5 Hz a second: its pitch tells the place in the programme."""
    file = folder / "programme.wav"
    low, high = PROGRAMME_HZ
    slope = (high - low) / PROGRAMME_S / 2
    wave = f"0.3*sin(2*PI*({low}*t+{slope}*t*t))"
    source = f"aevalsrc='{wave}':d={PROGRAMME_S}:s={RATE}"
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source]
    subprocess.run([*command, str(file)], check=True)
    return file


def pitch_at(seconds: float) -> float:
    """Return the pitch of the programme so long after its beginning."""
    low, high = PROGRAMME_HZ
    return low + (high - low) * seconds / PROGRAMME_S


def read(file: Path) -> Sound:
    """Return a recording as it would be played at full volume."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(file)]
    form = ["-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"]
    done = subprocess.run([*command, *form], check=True, capture_output=True)
    return np.frombuffer(done.stdout, dtype="<i2")


def kinds(sound: Sound) -> list[str]:
    """Return what is heard in each tenth of a second: silence, programme, siren or voice.

    A chime is as low as the beginning of a siren, but never reaches 700 Hz (`seconds_above`).
    """
    return [_kind(window) for window in _windows(sound)]


def order(sound: Sound) -> list[str]:
    """Return what was heard one after the other; less than half a second is not counted."""
    runs = [(kind, len(list(run))) for kind, run in groupby(kinds(sound))]
    long = [kind for kind, length in runs if length >= 5 and kind != "silence"]
    return [kind for kind, _ in groupby(long)]


def seconds_above(hz: float, sound: Sound) -> float:
    """Return how long tones of a higher pitch were heard."""
    return sum((_tone_hz(window) or 0.0) > hz for window in _windows(sound)) * WINDOW / RATE


def seconds_of(kind: str, sound: Sound) -> float:
    """Return how long one kind was heard."""
    return kinds(sound).count(kind) * WINDOW / RATE


def loudness(kind: str, sound: Sound) -> float:
    """Return the mean level (RMS, 0-1) of the windows of a kind, 0 where there are none."""
    chosen = [window for window in _windows(sound) if _kind(window) == kind]
    return float(np.sqrt(np.mean(np.square(chosen)))) / 32768 if chosen else 0.0


def pitch_hz(second: Sound) -> float:
    """Return the strongest pitch of a second of sound, to 1 Hz."""
    spectrum = np.abs(np.fft.rfft(second[:RATE] * np.hanning(RATE)))
    return float(np.argmax(spectrum))


@dataclass(frozen=True, order=True)
class Found:
    """How alike the best place is (0-1), how loud (1 as recorded), where it begins (seconds)."""

    likeness: float
    gain: float
    at_s: float

    @property
    def is_it(self) -> bool:
        """Whether it is that recording."""
        return self.likeness > IS_THE_SAME


def find(recording: Sound, sound: Sound) -> Found:
    """Look for a recording: by its second or third one and a half seconds, the better of them.

    All alerts begin with the same words, and a busy machine may interrupt one stretch.
    """
    return max(_find(recording, sound, part_s) for part_s in (1.5, 3.0))


def _find(recording: Sound, sound: Sound, part_s: float) -> Found:
    first = round(part_s * RATE)
    known, heard = _thinned(recording[first : first + 3 * RATE // 2]), _thinned(sound)
    if not 0 < len(known) < len(heard):
        return Found(0.0, 0.0, 0.0)
    size = 1 << (len(heard) + len(known) - 1).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(known, size))
    match = np.fft.irfft(product, size)[: len(heard) - len(known) + 1]
    power = np.concatenate(([0.0], np.cumsum(np.square(heard))))
    energy = power[len(known) :] - power[: -len(known)]
    own = float(np.sum(np.square(known)))
    likeness = match / np.sqrt(np.maximum(energy, own * 1e-4) * own)
    at = int(np.argmax(likeness))
    return Found(float(likeness[at]), float(match[at] / own), at * THINNED / RATE - part_s)


def _thinned(sound: Sound) -> npt.NDArray[np.float64]:
    """Keep what is below some 4 kHz: that is where speech is, and it is quicker to search."""
    whole = sound[: len(sound) // THINNED * THINNED].reshape(-1, THINNED)
    thinned: npt.NDArray[np.float64] = whole.mean(axis=1)
    return thinned


def _windows(sound: Sound) -> npt.NDArray[np.float64]:
    return sound[: len(sound) // WINDOW * WINDOW].reshape(-1, WINDOW).astype(np.float64)


def _kind(window: npt.NDArray[np.float64]) -> str:
    if np.max(np.abs(window)) < SILENCE:
        return "silence"
    hz = _tone_hz(window)
    if hz is None:
        return "voice"
    return "siren" if hz >= SIREN_HZ[0] else "programme"


def _tone_hz(window: npt.NDArray[np.float64]) -> float | None:
    """Return the pitch of a tenth of a second that is one tone, None for anything else."""
    spectrum = np.square(np.abs(np.fft.rfft(window * np.hanning(WINDOW))))  # a bin is 10 Hz
    top = int(np.argmax(spectrum))
    share = spectrum[max(0, top - 6) : top + 7].sum() / max(spectrum.sum(), 1.0)
    hz = top * RATE / WINDOW
    return hz if share > 0.9 and hz <= SIREN_HZ[1] else None
