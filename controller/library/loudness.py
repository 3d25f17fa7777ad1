"""Loudness and true peak by EBU R 128 and ITU-R BS.1770, and the filters that correct them.

The level is moved by one constant gain, so a voice keeps its dynamics; only peaks above the
ceiling meet a look-ahead limiter, oversampled four times because true peaks lie between samples.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controller.library.limits import LimitedChild, Limits
from controller.library.probe import input_options
from controller.library.waveform import PeakCollector

SAMPLE_RATE_HZ = 48_000
MONO = f"aresample={SAMPLE_RATE_HZ},aformat=sample_fmts=dbl:channel_layouts=mono"
SILENCE_LUFS = -70.0  # the absolute gate of BS.1770: nothing louder was found
_NUMBER = r"(-?\d+(?:\.\d+)?|-?inf|-?nan)"
_SUMMARY = re.compile(rf"I:\s+{_NUMBER} LUFS.*Peak:\s+{_NUMBER} dBFS", re.DOTALL)
_LOWEST_CEILING_DBTP = -24.0  # alimiter takes no less


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness (LUFS, -70 for silence), true peak (dBTP), length and waveform peaks."""

    lufs: float
    true_peak_dbtp: float
    duration_ms: int
    peaks: tuple[float, ...]


def measure(
    source: Path, limits: Limits, *, longest_s: float, on_seconds: Callable[[float], None]
) -> Loudness:
    """Decode `source` to mono, up to `longest_s` seconds, and measure it.

    `on_seconds` hears how many seconds are done. Raises ChildFailed as the decoder does.
    """
    child = LimitedChild(_measuring(source, longest_s), limits)
    collector = PeakCollector(SAMPLE_RATE_HZ)
    for chunk in child.chunks():
        collector.feed(chunk)
        on_seconds(collector.bytes_seen / 2 / SAMPLE_RATE_HZ)
    lufs, true_peak = _read_summary(child.said)
    duration_ms = round(collector.bytes_seen / 2 / SAMPLE_RATE_HZ * 1000)
    return Loudness(lufs, true_peak, duration_ms, collector.peaks())


def levelled(gain_db: float, ceiling_dbtp: float, expected_peak_dbtp: float) -> str:
    """Return the ffmpeg filters that move mono sound by a gain and hold its peaks down."""
    gain = f"volume={gain_db:.2f}dB:precision=double"
    if expected_peak_dbtp <= ceiling_dbtp:
        return f"{MONO},{gain}"
    limit = 10 ** (max(ceiling_dbtp, _LOWEST_CEILING_DBTP) / 20)
    limiter = f"alimiter=limit={limit:.4f}:attack=2:release=20:level=false:latency=true"
    oversampled = SAMPLE_RATE_HZ * 4
    return f"{MONO},{gain},aresample={oversampled},{limiter},aresample={SAMPLE_RATE_HZ}"


def first_gain_db(before: Loudness, target_lufs: float, ceiling_dbtp: float) -> float:
    """Return the gain to try first: what is missing, and what the limiter will probably take.

    Speech over the ceiling by 1 dB loses 0.2-0.4 LU (espeak-ng voices); a lone spike loses nothing,
    hence the bound of 2 dB.
    """
    missing_db = target_lufs - before.lufs
    over_db = max(0.0, before.true_peak_dbtp + missing_db - ceiling_dbtp)
    return missing_db + min(2.0, 0.4 * over_db)


def next_step_db(heard: Loudness, target_lufs: float) -> float:
    """Return how to change the gain after listening: of more gain, a limiter passes on half."""
    missing_db = target_lufs - heard.lufs
    return missing_db * 1.8 if missing_db > 0 else missing_db


def _measuring(source: Path, longest_s: float) -> list[str]:
    return [
        *("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-v", "info", "-threads", "1"),
        *input_options(source),
        *("-map", "0:a:0", "-t", f"{longest_s:.3f}", "-filter_threads", "1"),
        *("-af", f"{MONO},ebur128=peak=true:framelog=verbose"),
        *("-c:a", "pcm_s16le", "-f", "s16le", "pipe:1"),
    ]


def _read_summary(said: str) -> tuple[float, float]:
    """Read the filter's last words; metadata of the file comes before and cannot pose as them."""
    found = _SUMMARY.search(said.rpartition("Summary:")[2])
    if found is None:
        return SILENCE_LUFS, SILENCE_LUFS
    lufs, peak = (float(number) for number in found.groups())
    return (max(SILENCE_LUFS, lufs)), max(peak, SILENCE_LUFS)
