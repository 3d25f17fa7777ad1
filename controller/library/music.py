"""Sound made by us, by code: a chime that opens a programme and music for the demo.

Nothing here is recorded or borrowed, so it may be broadcast anywhere without a licence. Notes are
plucked strings: sums of harmonics that die away, on a pentatonic scale, the sound of đàn tranh.
"""

import numpy as np
from numpy.typing import NDArray

from controller.library.editing import fade, from_samples

SAMPLE_RATE_HZ = 48_000
_BEAT_S = 0.5
# Degrees of the pentatonic scale D F G A C (a Vietnamese "điệu Bắc"), as semitones above D.
_SCALE = (0, 3, 5, 7, 10)
_ROOT_HZ = 293.66


def start_chime() -> bytes:
    """Return the four rising bell notes before a programme: a mono WAV of 4 s at 48 kHz."""
    notes = ((0.0, 0), (0.45, 2), (0.9, 3), (1.35, 5))
    sound = np.zeros(4 * SAMPLE_RATE_HZ)
    for at_s, degree in notes:
        _add(sound, at_s, _bell(_frequency(degree)))
    return fade(from_samples(_evened(sound), SAMPLE_RATE_HZ), out_ms=600)


def demo_music(length_s: int = 60, seed: int = 2026) -> bytes:
    """Return a quiet plucked melody over low open fifths, as a mono WAV at 48 kHz.

    The same seed gives the same music, to the byte. It rises and sinks over two seconds.
    """
    sound = np.zeros(length_s * SAMPLE_RATE_HZ)
    beats = int(length_s / _BEAT_S)
    for beat, degree in enumerate(_melody(beats, seed)):
        if degree is not None:
            _add(sound, beat * _BEAT_S, 0.8 * _pluck(_frequency(degree)))
        if beat % 4 == 0:
            _add(sound, beat * _BEAT_S, 0.5 * _pluck(_frequency((0, 3, 2, 3)[beat // 4 % 4] - 5)))
    return fade(from_samples(_evened(sound), SAMPLE_RATE_HZ), in_ms=300, out_ms=2000)


def _melody(beats: int, seed: int) -> list[int | None]:
    """Walk the scale by small steps, repeat each phrase of eight beats once, end it on the root.

    None is a rest. A phrase that answers itself is what makes chance sound like a tune.
    """
    chance = np.random.default_rng(seed)
    melody: list[int | None] = []
    while len(melody) < beats:
        degree = int(chance.integers(2, 7))
        phrase: list[int | None] = []
        for _ in range(6):
            phrase.append(None if chance.random() < 0.2 else degree)
            degree = int(np.clip(degree + chance.integers(-2, 3), 0, 9))
        melody += [*phrase, degree, None, *phrase, 0, None]
    return melody[:beats]


def _frequency(degree: int) -> float:
    octave, step = divmod(degree, len(_SCALE))
    return float(_ROOT_HZ * 2 ** (octave + _SCALE[step] / 12))


def _pluck(frequency_hz: float) -> NDArray[np.float64]:
    """Higher harmonics are weaker and die sooner, as on a string."""
    time = np.arange(int(2.5 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    attack = np.minimum(1.0, time / 0.004)
    harmonics = range(1, 7)
    waves = (
        np.sin(2 * np.pi * n * frequency_hz * time) * np.exp(-time * (1.6 + 0.9 * n)) / n**1.3
        for n in harmonics
    )
    return np.asarray(attack * sum(waves), dtype=np.float64)


def _bell(frequency_hz: float) -> NDArray[np.float64]:
    """Sound a small bell: its partials are no whole multiples, hence the shimmer."""
    time = np.arange(int(2.6 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    partials = ((1.0, 1.0, 1.5), (2.0, 0.5, 2.2), (2.76, 0.25, 3.5), (5.4, 0.1, 6.0))
    waves = (
        weight * np.sin(2 * np.pi * ratio * frequency_hz * time) * np.exp(-decay * time)
        for ratio, weight, decay in partials
    )
    return np.asarray(np.minimum(1.0, time / 0.003) * sum(waves), dtype=np.float64)


def _add(sound: NDArray[np.float64], at_s: float, note: NDArray[np.float64]) -> None:
    """Mix a note in; what would ring past the end is cut."""
    start = int(at_s * SAMPLE_RATE_HZ)
    part = note[: max(0, len(sound) - start)]
    sound[start : start + len(part)] += part


def _evened(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.7 * sound / max(1e-9, float(np.abs(sound).max())), dtype=np.float64)
