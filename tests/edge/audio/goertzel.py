"""Hears dual tones as a receiver does: by the power at the eight frequencies of ITU-T Q.23."""

import math
from collections.abc import Sequence
from itertools import groupby

KEYS = {
    (row, column): key
    for row, keys in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, key in zip((1209, 1336, 1477, 1633), keys, strict=True)
}
LOUD = 0.02
"""Of full scale: a tone as much weaker is not heard."""


def power(samples: Sequence[int], hz: float, rate: int) -> float:
    """Return the amplitude of one frequency, of full scale (Goertzel)."""
    turn = 2 * math.cos(math.tau * hz / rate)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    energy = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(0.0, energy)) / len(samples) / 32768


def key_of(samples: Sequence[int], rate: int) -> str:
    """Return the key that sounds, or a space."""
    rows = {hz: power(samples, hz, rate) for hz in (697, 770, 852, 941)}
    columns = {hz: power(samples, hz, rate) for hz in (1209, 1336, 1477, 1633)}
    row, column = max(rows, key=rows.__getitem__), max(columns, key=columns.__getitem__)
    others = [level for hz, level in (rows | columns).items() if hz not in (row, column)]
    weaker = min(rows[row], columns[column])
    return KEYS[row, column] if weaker > LOUD and weaker > 4 * max(others) else " "


def dialled(samples: Sequence[int], rate: int, *, window_ms: int = 25) -> str:
    """Return the keys heard, each once however long it sounds."""
    size = rate * window_ms // 1000
    windows = (samples[at : at + size] for at in range(0, len(samples) - size + 1, size))
    return "".join(key for key, _ in groupby(key_of(w, rate) for w in windows)).replace(" ", "")
