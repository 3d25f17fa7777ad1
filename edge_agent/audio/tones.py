"""Sounds made by code: always there, even with an unreadable disk (R7).

Every sample is a pure function of its position, so joining in the middle needs no state. Levels
leave 6 dB of headroom.
"""

import math
from array import array

from edge_agent.audio.pcm import PEAK, Samples
from edge_agent.audio.sirens import WAIL, siren

LEVEL = PEAK * 0.5
TEST_HZ = 1000.0
KEYS = ("123A", "456B", "789C", "*0#D")
ROWS_HZ, COLUMNS_HZ = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
KEY_RAMP_S = 0.005
CHIME_HZ, CHIME_EVERY_S, CHIME_DECAY_S = (659.26, 523.25, 587.33, 392.0), 0.6, 0.45


def tone(kind: str, start: int, count: int, rate: int) -> Samples:
    """Return `count` samples of a tone from sample `start` on; kind is test, siren or chime."""
    if kind == "siren":
        return siren(WAIL, start, count, rate)
    wave = {"test": _test, "chime": _chime}[kind]
    return array("h", [int(LEVEL * wave(i / rate)) for i in range(start, start + count)])


def dtmf(digits: str, tone_ms: int, gap_ms: int, start: int, count: int, rate: int) -> Samples:
    """Return `count` samples of a call from sample `start` on; after its end, silence.

    Each digit is the two tones of ITU-T Q.23 for `tone_ms`, each 6 dB below full scale, rising and
    falling over 5 ms, then silence for `gap_ms`. Raises ValueError for what is no key.
    """
    pairs = [_pair(key) for key in digits]
    tone_s, every_s = tone_ms / 1000, (tone_ms + gap_ms) / 1000
    block = array("h", bytes(2 * count))
    for number in range(count):
        which, since = divmod((start + number) / rate, every_s)
        if which < len(pairs) and since < tone_s:
            ramp = min(1.0, since / KEY_RAMP_S, (tone_s - since) / KEY_RAMP_S)
            turn = math.tau * since
            row, column = pairs[int(which)]
            block[number] = int(LEVEL * ramp * (math.sin(turn * row) + math.sin(turn * column)))
    return block


def _pair(key: str) -> tuple[float, float]:
    """Return the two frequencies of a key, in Hz (ITU-T Q.23, table 1)."""
    for row, keys in zip(ROWS_HZ, KEYS, strict=True):
        if key and key in keys:
            return row, COLUMNS_HZ[keys.index(key)]
    raise ValueError(key)


def _test(t: float) -> float:
    return math.sin(math.tau * TEST_HZ * t)


def _chime(t: float) -> float:
    """Four falling bell notes, then silence."""
    note, since = int(t / CHIME_EVERY_S), t % CHIME_EVERY_S
    if note >= len(CHIME_HZ):
        return 0.0
    rise = min(1.0, since / 0.003)
    return rise * math.exp(-since / CHIME_DECAY_S) * math.sin(math.tau * CHIME_HZ[note] * since)
