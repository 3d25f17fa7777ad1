"""Sounds made by code: always there, even with an unreadable disk (R7).

Every sample is a pure function of its position, so joining in the middle needs no state. Levels
leave 6 dB of headroom.
"""

import math
from array import array

from edge_agent.audio.pcm import PEAK, Samples

LEVEL = PEAK * 0.5
SIREN_MIDDLE_HZ, SIREN_SWING_HZ, SIREN_TURN_S = 800.0, 400.0, 4.0
TEST_HZ = 1000.0
CHIME_HZ, CHIME_EVERY_S, CHIME_DECAY_S = (659.26, 523.25, 587.33, 392.0), 0.6, 0.45


def tone(kind: str, start: int, count: int, rate: int) -> Samples:
    """Return `count` samples of a tone from sample `start` on; kind is test, siren or chime."""
    wave = {"test": _test, "siren": _siren, "chime": _chime}[kind]
    return array("h", [int(LEVEL * wave(i / rate)) for i in range(start, start + count)])


def _test(t: float) -> float:
    return math.sin(math.tau * TEST_HZ * t)


def _siren(t: float) -> float:
    """Wail slowly, 400 to 1,200 Hz in 4 s: the phase is the integral of the frequency."""
    turn = SIREN_TURN_S / math.tau
    return math.sin(
        math.tau * SIREN_MIDDLE_HZ * t - math.tau * SIREN_SWING_HZ * turn * math.cos(t / turn),
    )


def _chime(t: float) -> float:
    """Four falling bell notes, then silence."""
    note, since = int(t / CHIME_EVERY_S), t % CHIME_EVERY_S
    if note >= len(CHIME_HZ):
        return 0.0
    rise = min(1.0, since / 0.003)
    return rise * math.exp(-since / CHIME_DECAY_S) * math.sin(math.tau * CHIME_HZ[note] * since)
