"""Sirens made by code: patterns of sweeps, always there, even with an unreadable disk (R7).

Every sample is a pure function of its position. The frequencies of a pattern are bent by less than
one turn in its whole length, so that it joins its own beginning without a click, is the same each
time round, and its samples need to be worked out once only. A drill never sounds one of these.
"""

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from edge_agent.audio.pcm import PEAK, Samples
from wire.pack import SirenPattern, Sweep

LEVEL: Final = PEAK * 0.5
FADE_S: Final = 0.005
BLOCK: Final = 1024
BLOCKS_KEPT: Final = 512  # 1 MB, 10 s at 48 kHz: longer patterns are worked out each time


def _pattern(name: str, *sweeps: tuple[int, int, int]) -> SirenPattern:
    steps = (Sweep(from_hz=first, to_hz=last, for_ms=ms) for first, last, ms in sweeps)
    return SirenPattern(name=name, sweeps=tuple(steps))


WAIL: Final = _pattern("wail", (400, 1200, 2000), (1200, 400, 2000))
BUILT_IN: Final = MappingProxyType(
    {
        pattern.name: pattern
        for pattern in (
            WAIL,
            _pattern("fast", (500, 1500, 250), (1500, 500, 250)),
            _pattern("two_tone", (960, 960, 500), (770, 770, 500)),
            _pattern("all_clear", (440, 440, 1000)),
        )
    }
)
"""By name: the slow wail, a fast one (tsunami), two tones (fire), a steady tone (all-clear)."""


@dataclass(frozen=True, slots=True)
class _Glide:
    """A sweep in samples [begin, end): the turns made before it, and `hz + slope * n` in turns."""

    begin: int
    end: int
    turns: float
    hz: float
    slope: float
    fades_in: bool
    fades_out: bool


def siren(pattern: SirenPattern, start: int, count: int, rate: int) -> Samples:
    """Return `count` samples of a pattern from sample `start` on, 6 dB below full scale."""
    whole = _glides(pattern, rate)[-1].end
    out = array("h")
    while len(out) < count:
        number, skipped = divmod((start + len(out)) % whole, BLOCK)
        out.extend(_block(pattern, rate, number)[skipped : skipped + count - len(out)])
    return out


@lru_cache(maxsize=BLOCKS_KEPT)
def _block(pattern: SirenPattern, rate: int, number: int) -> Samples:
    """Return the samples of one block of a pattern, for reading only; the last one is shorter."""
    begin, end = number * BLOCK, (number + 1) * BLOCK
    out = array("h")
    for glide in _glides(pattern, rate):
        first, last = max(begin, glide.begin), min(end, glide.end)
        if first < last:
            out.extend(_sweep(glide, first - glide.begin, last - glide.begin, int(FADE_S * rate)))
    return out


def _sweep(glide: _Glide, first: int, last: int, fade: int) -> list[int]:
    if not glide.hz and not glide.slope:
        return [0] * (last - first)
    sin, tau = math.sin, math.tau
    base, step, curve = tau * (glide.turns % 1), tau * glide.hz, tau * glide.slope / 2
    wave = [int(LEVEL * sin(base + n * (step + n * curve))) for n in range(first, last)]
    if glide.fades_in:
        for n in range(first, min(last, fade)):
            wave[n - first] = wave[n - first] * n // fade
    if glide.fades_out:
        length = glide.end - glide.begin
        for n in range(max(first, length - fade), last):
            wave[n - first] = wave[n - first] * (length - n) // fade
    return wave


@lru_cache(maxsize=32)
def _glides(pattern: SirenPattern, rate: int) -> tuple[_Glide, ...]:
    return tuple(_lay_out(pattern.sweeps, rate))


def _lay_out(sweeps: tuple[Sweep, ...], rate: int) -> Iterator[_Glide]:
    whole_turns = sum((s.from_hz + s.to_hz) / 2 * s.for_ms / 1000 for s in sweeps)
    bend = round(whole_turns) / whole_turns if whole_turns >= 1 else 1.0
    is_silent = [not s.from_hz and not s.to_hz for s in sweeps]
    begin_ms, begin, turns = 0, 0, 0.0
    for number, sweep in enumerate(sweeps):
        begin_ms += sweep.for_ms
        end = round(begin_ms * rate / 1000)
        # The turns of the sweep as it was asked for, spread over the whole samples it got.
        asked = sweep.for_ms / 1000 / (end - begin) * bend
        hz, last = sweep.from_hz * asked, sweep.to_hz * asked
        yield _Glide(
            begin, end, turns, hz, (last - hz) / (end - begin),
            fades_in=is_silent[number - 1], fades_out=is_silent[(number + 1) % len(sweeps)],
        )  # fmt: skip
        turns += (hz + last) / 2 * (end - begin)
        begin = end
