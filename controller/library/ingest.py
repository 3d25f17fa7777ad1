"""From a foreign file to an asset: checked, levelled, encoded once, named by its SHA-256.

Only what this module has encoded itself may reach a device (docs/promises.md R48). It knows the
store and the sound, and nothing of who uploaded it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.library.errors import Damaged, TooHeavy, TooLong, TooQuiet, TooShort, Truncated
from controller.library.limits import ChildFailed, LimitedChild, Limits
from controller.library.loudness import (
    SAMPLE_RATE_HZ,
    Loudness,
    first_gain_db,
    levelled,
    measure,
    next_step_db,
)
from controller.library.probe import Probed, input_options, probe
from controller.library.store import AssetStore, Incoming

Progress = Callable[[float], None]

SHORTEST_S = 0.5  # one gating block of BS.1770 is 0.4 s; less cannot be measured
QUIETEST_LUFS = -55.0  # a voice recorded across a room is about -45; this is noise
TOLERANCE_LU = 0.5  # EBU R 128 allows 0.5 LU for produced programmes
_ATTEMPTS = 3
_ALL = 1e6  # seconds; our own file is as long as we made it
_CODEC_OVERSHOOT_DB = 1.0  # Opus at 64 kbit/s lets peaks grow by about this much


@dataclass(frozen=True)
class IngestedAsset:
    """What is now in the store. `peaks` are 0..1 of full scale, at most 600, over the whole length.

    `codec` and `sample_rate_hz` are those of the asset, `source_codec` that of the upload.
    """

    sha256: str
    bytes: int
    duration_ms: int
    peaks: tuple[float, ...]
    input_lufs: float
    output_lufs: float
    true_peak_dbtp: float
    codec: str
    sample_rate_hz: int
    source_codec: str
    original_name: str


@dataclass(frozen=True)
class Target:
    """How the asset should sound, and its size."""

    lufs: float
    true_peak_dbtp: float
    bitrate_bps: int


def ingest(
    source: Path,
    store: AssetStore,
    *,
    target_lufs: float = -16.0,
    true_peak_dbtp: float = -1.5,
    bitrate_bps: int = 64_000,
    longest_s: float = 4 * 3600,
    original_name: str | None = None,
    on_progress: Progress | None = None,
) -> IngestedAsset:
    """Check `source`, level it, encode it to mono Opus and put it into `store`.

    -16 LUFS instead of the -23 of EBU R 128: an outdoor horn fights wind and traffic and has no
    volume knob; it is the level of AES TD1008 for small loudspeakers. `on_progress` hears 0..1.
    Raises the errors of `probe`, and Damaged, Truncated, TooShort, TooLong, TooQuiet, TooHeavy,
    StoreFull.
    """
    report = on_progress or _nobody
    target = Target(target_lufs, true_peak_dbtp, bitrate_bps)
    probed = probe(source)
    limits = decode_limits(source, probed)
    before = _measured(source, probed, limits, longest_s, _part(report, 0.0, 0.3))
    _check(before, probed, longest_s)
    job = _Job(source, before, target, limits)
    with store.incoming() as incoming:
        after = _encode(job, incoming, _part(report, 0.3, 1.0))
        size = incoming.path.stat().st_size
        sha256 = incoming.keep()
    report(1.0)
    return IngestedAsset(
        sha256=sha256,
        bytes=size,
        duration_ms=after.duration_ms,
        peaks=after.peaks,
        input_lufs=before.lufs,
        output_lufs=after.lufs,
        true_peak_dbtp=after.true_peak_dbtp,
        codec="opus",
        sample_rate_hz=SAMPLE_RATE_HZ,
        source_codec=probed.codec,
        original_name=original_name or source.name,
    )


def decode_limits(source: Path, probed: Probed) -> Limits:
    """Allow 10 s of CPU, and more only for what is long both by its header and by its bytes.

    The slowest step, limiter and encoder, runs at 140 x real time on a two-core x86 of 2026; 20 x
    leaves a margin for slow machines. 50 kB are 25 s of the thinnest speech, 16 kbit/s. So a small
    malformed file never gets more than 10 s (docs/promises.md R48).
    """
    by_length = probed.estimated_s / 20
    by_bytes = source.stat().st_size / 50_000
    cpu_s = max(10, int(min(by_length, by_bytes)))
    return Limits(cpu_s=cpu_s, wall_s=60.0 + 4 * cpu_s)


def _check(found: Loudness, probed: Probed, longest_s: float) -> None:
    found_s = found.duration_ms / 1000
    if not found.duration_ms:
        raise Damaged(detail="nothing could be decoded")
    if found_s > longest_s:
        raise TooLong(limit_s=longest_s)
    if probed.claimed_s is not None and probed.claimed_s - found_s > max(1.0, found_s * 0.02):
        raise Truncated(claimed_s=probed.claimed_s, found_s=found_s)
    if found_s < SHORTEST_S:
        raise TooShort(found_s=found_s, at_least_s=SHORTEST_S)
    if found.lufs < QUIETEST_LUFS:
        raise TooQuiet(found_lufs=found.lufs, at_least_lufs=QUIETEST_LUFS)


def _measured(
    source: Path, probed: Probed, limits: Limits, longest_s: float, report: Progress
) -> Loudness:
    length_s = max(probed.estimated_s, 1.0)
    with _translated(limits):
        return measure(
            source,
            limits,
            longest_s=longest_s + 1,
            on_seconds=lambda done_s: report(min(1.0, done_s / length_s)),
        )


@dataclass(frozen=True)
class _Job:
    """What stays the same through all attempts to encode one file."""

    source: Path
    before: Loudness
    target: Target
    limits: Limits


def _encode(job: _Job, incoming: Incoming, report: Progress) -> Loudness:
    """Encode, listen to the result, and correct: a limiter takes loudness, a codec adds peaks."""
    target, before = job.target, job.before
    ceiling_dbtp = target.true_peak_dbtp - _CODEC_OVERSHOOT_DB
    gain_db = first_gain_db(before, target.lufs, ceiling_dbtp)
    for attempt in range(1, _ATTEMPTS + 1):
        filters = levelled(gain_db, ceiling_dbtp, before.true_peak_dbtp + gain_db)
        with _translated(job.limits):
            _encode_once(job, incoming, filters, report)
            after = measure(incoming.path, job.limits, longest_s=_ALL, on_seconds=_nobody)
        if attempt == _ATTEMPTS or _is_on_target(after, target):
            break
        gain_db += next_step_db(after, target.lufs)
        ceiling_dbtp -= max(0.0, after.true_peak_dbtp - target.true_peak_dbtp + 0.1)
    if abs(after.duration_ms - before.duration_ms) > 200:
        raise Damaged(detail="the second decoding differs from the first")
    return after


def _encode_once(job: _Job, incoming: Incoming, filters: str, report: Progress) -> None:
    expected_bytes = job.before.duration_ms / 1000 * job.target.bitrate_bps / 8 + 1
    written = 0
    incoming.restart()
    for chunk in LimitedChild(_encoding(job, filters), job.limits).chunks():
        incoming.write(chunk)
        written += len(chunk)
        report(min(1.0, written / expected_bytes))


def _encoding(job: _Job, filters: str) -> list[str]:
    """Bit-exact flags keep the muxer from random serial numbers: same input, same SHA-256."""
    return [
        *("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-v", "error", "-threads", "1"),
        *input_options(job.source),
        *("-map", "0:a:0", "-t", f"{job.before.duration_ms / 1000:.3f}", "-filter_threads", "1"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-af", filters),
        *("-c:a", "libopus", "-b:a", str(job.target.bitrate_bps), "-vbr", "constrained"),
        *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "ogg", "pipe:1"),
    ]


def _is_on_target(heard: Loudness, target: Target) -> bool:
    is_loud_enough = abs(heard.lufs - target.lufs) <= TOLERANCE_LU
    return is_loud_enough and heard.true_peak_dbtp <= target.true_peak_dbtp


@contextmanager
def _translated(limits: Limits) -> Iterator[None]:
    try:
        yield
    except ChildFailed as failure:
        if failure.over_limit:
            raise TooHeavy(cpu_s=limits.cpu_s) from failure
        raise Damaged(detail=failure.said[-200:]) from failure


def _part(report: Progress, start: float, end: float) -> Progress:
    """Progress never runs back, also when a second attempt is needed."""
    furthest = 0.0

    def report_part(done: float) -> None:
        nonlocal furthest
        if done > furthest:
            furthest = done
            report(start + (end - start) * done)

    return report_part


def _nobody(_done: float) -> None:
    """Nobody listens."""
