"""`./run bench edge`: what one agent costs while it plays and while it waits, beside a bare player.

A real controller plans a bulletin a few times for one real agent (profile `software`, PyAudio into
a private PulseAudio). Then ffmpeg decodes the same file into `pacat`, measured the same way. Prints
one JSON object. Processor: % of one core, decoders included, dead ones too. `playing_cpu_percent`
is all that a bulletin costs, the start of its decoder too, over its length; `steady_cpu_percent` is
from its first to its last second. Memory: MB of 10^6 bytes; anonymous is what nobody shares.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from controller.demo import scene
from controller.demo.scene import Commune
from controller.demo.stage import NotReady, Stage, wait_for
from controller.library.speech import EspeakVoice
from controller.records.models import Broadcast, BroadcastState

AGENT = "truyenthanh-agent"
LOOK_EVERY_S = 0.5
LEAD = timedelta(seconds=14)
DECODER_AHEAD_S = 6.0
"""A decoder starts this long before its sound at most (`edge_agent.audio.voice`), and a second."""
AFTER_S = 2.0
IDLE_S = 8.0
PAUSE_S = DECODER_AHEAD_S + AFTER_S + IDLE_S
BUFFER_MS = 40
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Look:
    """A family of processes at the monotonic instant `at`: seconds of processor used, bytes held.

    `helpers_cpu_s` is the part of children; `anonymous` and `resident` name each process.
    """

    at: float
    cpu_s: float
    helpers_cpu_s: float
    anonymous: dict[str, int]
    resident: dict[str, int]


Series = list[Look]


def main() -> None:
    """Measure and print; exit 1 when not every bulletin was played."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=30, help="length of the bulletin")
    options.add_argument("--rounds", type=int, default=2, help="how often it is played")
    chosen = options.parse_args()
    load = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory(prefix="tt-bench-") as folder:
        figures = _measure(Path(folder), max(5, chosen.seconds), max(1, chosen.rounds))
    load.append(os.getloadavg()[0])
    figures["load_before_after"] = [round(value, 2) for value in load]
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.exit(0 if figures["played"] == figures["rounds"] else 1)


def _measure(folder: Path, seconds: int, rounds: int) -> dict[str, object]:
    _tell("bộ điều khiển và một thiết bị | a controller and one agent")
    with Stage(folder, devices=1) as stage:
        commune = scene.found_commune(stage.app)
        sha = scene.keep_upload(
            stage.app, stage.store, commune, _bulletin(folder, seconds), scene.BULLETIN_TITLE
        )
        stage.start_agents(commune.devices[:1])
        stage.wait_until_connected()
        starts = _schedule(stage, commune, sha, seconds, rounds)
        stage.wait_until_prepared()
        agent = _look_at_agent(starts, seconds)
        played = _count_played(stage, rounds)
        stage.agents[0].stop()
        _tell("đối chứng | baseline: ffmpeg | pacat")
        bare = _look_at_baseline(stage.store.path(sha), stage.sound.environment(0))
    facts = {"seconds": seconds, "rounds": rounds, "played": played}
    return {**facts, **_figures(agent, bare, starts, seconds)}


def _bulletin(folder: Path, seconds: int) -> Path:
    spoken, wav = folder / "spoken.wav", folder / "bulletin.wav"
    spoken.write_bytes(EspeakVoice().speak(scene.BULLETIN, "vi", 140, 50))
    ffmpeg = ["ffmpeg", "-nostdin", "-loglevel", "error", "-stream_loop", "-1"]
    subprocess.run([*ffmpeg, "-i", str(spoken), "-t", str(seconds), str(wav)], check=True)
    return wav


def _schedule(stage: Stage, commune: Commune, sha: str, seconds: int, rounds: int) -> list[float]:
    """Plan the bulletin `rounds` times; return the starts on the monotonic clock."""
    item: dict[str, object] = {"kind": "asset", "sha256": sha}
    programme = scene.approve_programme(stage.app, commune, scene.BULLETIN_TITLE, [item])
    first = scene.whole_second_after(LEAD)
    every = timedelta(seconds=seconds + PAUSE_S)
    at = [first + number * every for number in range(rounds)]
    for start in at:
        length = timedelta(seconds=seconds)
        scene.schedule_once(stage.app, commune, programme, start, length)
    return [_monotonic_of(start) for start in at]


def _monotonic_of(at: datetime) -> float:
    return time.monotonic() + (at - scene.now()).total_seconds()


def _look_at_agent(starts: Sequence[float], seconds: int) -> Series:
    pid = next(pid for pid, name in _children_of(os.getpid()) if AGENT in name)
    with _looking(lambda: _look([pid])) as series:
        for number, start in enumerate(starts, start=1):
            _tell(f"lần | round {number}/{len(starts)}")
            _wait_until(start + seconds)
        _wait_until(starts[-1] + seconds + AFTER_S + IDLE_S)
    return series


def _look_at_baseline(file: Path, environment: dict[str, str]) -> Series:
    raw = ["-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1"]
    decode = ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-threads", "1", "-i", str(file), *raw]
    form = ["--raw", "--format=s16le", "--rate=48000", "--channels=1"]
    play = ["pacat", "--playback", f"--latency-msec={BUFFER_MS}", *form]
    decoder = subprocess.Popen(decode, stdout=subprocess.PIPE)
    player = subprocess.Popen(play, stdin=decoder.stdout, env=os.environ | environment)
    assert decoder.stdout is not None
    decoder.stdout.close()
    with _looking(lambda: _look([player.pid, decoder.pid])) as series:
        for process in (player, decoder):  # left unreaped, so that the last look sees them whole
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    player.wait()
    decoder.wait()
    return series


def _count_played(stage: Stage, rounds: int) -> int:
    """Return how many slots the logbook says were played, once it knows of all or 15 s later."""

    def played() -> int:
        is_played = Broadcast.state == BroadcastState.PLAYED
        with stage.app.sessions() as session:
            return len(session.scalars(select(Broadcast.id).where(is_played)).all())

    with suppress(NotReady):
        wait_for(lambda: played() >= rounds, timedelta(seconds=15), "biên nhận | receipts")
    return played()


def _figures(
    agent: Series, bare: Series, starts: Sequence[float], seconds: int
) -> dict[str, float | None]:
    ends = [start + seconds for start in starts]
    calm = [(end + AFTER_S, end + AFTER_S + IDLE_S) for end in ends]
    idle = _percent(agent, calm)
    extra = DECODER_AHEAD_S + AFTER_S
    whole = _percent(agent, [(s - DECODER_AHEAD_S, s + seconds + AFTER_S) for s in starts])
    playing = (whole * (seconds + extra) - idle * extra) / seconds
    steady = [(start + 1, start + seconds - 1) for start in starts]
    bare_cpu = (bare[-1].cpu_s) / seconds * 100
    sounding = [look for look in agent if _is_in(look, steady)]
    waiting = [look for look in agent if _is_in(look, calm)]
    return {
        "playing_cpu_percent": round(playing, 2),
        "steady_cpu_percent": round(_percent(agent, steady), 2),
        "idle_cpu_percent": round(idle, 2),
        "decoder_cpu_percent": round(_helpers_percent(agent, seconds, len(starts)), 2),
        "anonymous_mb": _peak(sounding, "anonymous"),
        "anonymous_median_mb": _median(sounding, "anonymous"),
        "anonymous_idle_mb": _median(waiting, "anonymous"),
        "resident_mb": _peak(sounding, "resident"),
        "resident_median_mb": _median(sounding, "resident"),
        "resident_idle_mb": _median(waiting, "resident"),
        "decoder_anonymous_mb": _peak(sounding, "anonymous", "ffmpeg"),
        "decoder_resident_mb": _peak(sounding, "resident", "ffmpeg"),
        "baseline_cpu_percent": round(bare_cpu, 2),
        "baseline_anonymous_mb": _peak(bare, "anonymous"),
        "baseline_resident_mb": _peak(bare, "resident"),
        "ratio_cpu": round(playing / bare_cpu, 2),
    }


def _percent(series: Series, spans: Sequence[tuple[float, float]]) -> float:
    used = sum(_cpu_at(series, end) - _cpu_at(series, begin) for begin, end in spans)
    return used * 100 / sum(end - begin for begin, end in spans)


def _helpers_percent(series: Series, seconds: int, rounds: int) -> float:
    used = max(look.helpers_cpu_s for look in series) - series[0].helpers_cpu_s
    return used * 100 / (seconds * rounds)


def _cpu_at(series: Series, at: float) -> float:
    """Return the processor seconds used until an instant, on the line between two looks."""
    before = max((look for look in series if look.at <= at), default=series[0], key=_at)
    after = min((look for look in series if look.at >= at), default=series[-1], key=_at)
    if after.at <= before.at:
        return before.cpu_s
    part = (at - before.at) / (after.at - before.at)
    return before.cpu_s + (after.cpu_s - before.cpu_s) * part


def _at(look: Look) -> float:
    return look.at


def _is_in(look: Look, spans: Sequence[tuple[float, float]]) -> bool:
    return any(begin <= look.at < end for begin, end in spans)


def _peak(series: Series, what: str, of: str = "") -> float:
    return _megabytes(max(_held(look, what, of) for look in series))


def _median(series: Series, what: str) -> float:
    return _megabytes(statistics.median(_held(look, what) for look in series))


def _held(look: Look, what: str, of: str = "") -> int:
    return sum(size for name, size in getattr(look, what).items() if of in name)


def _megabytes(size: float) -> float:
    return round(size / 1e6, 1)


# What /proc tells.


@contextmanager
def _looking(look: Callable[[], Look]) -> Iterator[Series]:
    """Look twice a second while the block runs, and once at its end."""
    series, is_over = [look()], threading.Event()

    def work() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            series.append(look())

    thread = threading.Thread(target=work, name="look")
    thread.start()
    try:
        yield series
    finally:
        is_over.set()
        thread.join()
        series.append(look())


def _look(pids: Sequence[int]) -> Look:
    """Look at processes and their children; the children that are gone are in their parent."""
    children = [pid for parent in pids for pid, _ in _children_of(parent)]
    own = [_times(pid) for pid in pids]
    cpu = [_times(pid) for pid in children]
    helpers_s = sum(lived + dead for lived, dead in cpu) + sum(dead for _, dead in own)
    memory = {f"{_name(pid)} {pid}": _memory(pid) for pid in (*pids, *children)}
    return Look(
        time.monotonic(),
        sum(lived for lived, _ in own) + helpers_s,
        helpers_s,
        {name: anonymous for name, (anonymous, _) in memory.items()},
        {name: resident for name, (_, resident) in memory.items()},
    )


def _times(pid: int) -> tuple[float, float]:
    """Return processor seconds of a process and of its dead children (proc(5), stat)."""
    with suppress(OSError):
        fields = _stat(pid)
        own, dead = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        return own / TICKS_A_SECOND, dead / TICKS_A_SECOND
    return 0.0, 0.0


def _memory(pid: int) -> tuple[int, int]:
    """Return anonymous and resident bytes (proc(5), smaps_rollup); 0 of what is gone."""
    found = {"Anonymous": 0, "Rss": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            key, value = line.split(":")
            if key in found:
                found[key] = int(value.split()[0]) * 1024
    return found["Anonymous"], found["Rss"]


def _children_of(parent: int) -> list[tuple[int, str]]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(_stat(int(entry.name))[1]) == parent:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(entry.name), command))
    return found


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "gone"


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5)'s stat from `state` on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _wait_until(at: float) -> None:
    threading.Event().wait(max(0.0, at - time.monotonic()))


def _tell(what: str) -> None:
    sys.stderr.write(f"... {what}\n")


if __name__ == "__main__":
    main()
