"""`./run bench alert`: from a release to every device and back, beside the bare broker.

Simulated devices with a mutual-TLS connection each (`fleet/`) at the real Mosquitto, one real
controller on SQLite. Five alerts, each beside the bare broker that carries the same bytes on the
same topics to the same connections; five more while the plans of all devices are compiled; then
the broker is killed under all of them. When they are gone, one real agent is listened to (`siren`):
message to first sound. Prints one JSON object; instants are CLOCK_MONOTONIC of the machine. `p50`
and `p99` are over devices, and the median over the sends. `receipts_kept_ms` is until every signed
batch is committed as it came, `receipts_stored_ms` until all are verified, counted and shown.
`first_sound_*` are over alerts.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import siren
from tests.bench.fleet.round import Rounds, Sent
from tests.bench.fleet.stage import Stage

PARTS = (0.05, 0.2, 0.35, 0.5, 0.65)
"""How much of a compile is over when an alert is released."""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--processes", type=int, default=2, help="of simulated devices")
    options.add_argument("--jitter", type=float, default=30.0, help="seconds of a reconnection")
    options.add_argument("--seconds", type=int, default=900, help="give up after so long")
    options.add_argument("--sounds", type=int, default=20, help="alerts listened to, each state")
    options.add_argument("--quick", action="store_true", help="500 devices, few sends of each")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.devices, chosen.rounds, chosen.jitter = min(chosen.devices, 500), 2, 3.0
        chosen.sounds = min(chosen.sounds, 5)
    load = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory(prefix="tt-bench-") as folder:
        stage = Stage(Path(folder), chosen.devices, max(1, chosen.processes), chosen.seconds)
        with stage:
            figures = _measure(stage, max(1, chosen.rounds), chosen.jitter)
    _tell(json.dumps(figures))
    _tell("một thiết bị thật, nghe bằng tai | one real agent, listened to")
    with tempfile.TemporaryDirectory(prefix="tt-bench-") as folder:
        figures |= _first_sound(siren.measure(Path(folder), chosen.sounds, has_baseline=False))
    load.append(os.getloadavg()[0])
    figures["load_before_after"] = [round(value, 2) for value in load]
    sys.stdout.write(json.dumps(figures) + "\n")


def _measure(stage: Stage, rounds: int, jitter_s: float) -> dict[str, Any]:
    _tell(f"{stage.devices} thiết bị nối vào | devices connect")
    figures: dict[str, Any] = {"devices": stage.devices}
    figures["compile_s"] = round(stage.compile_s, 1)
    figures["connect_s"] = round(_seconds(stage.connect), 1)
    alerts = Rounds(stage)
    _tell("yên tĩnh, xen kẽ đối chứng | quiet, interleaved with the bare broker")
    alerts.send()  # not counted: the first of all finds everything cold
    bare, quiet = [], []
    for _ in range(rounds):
        bare.append(alerts.bare())
        quiet.append(alerts.send())
    figures |= _quiet(bare, quiet)
    _tell("trong khi lập lại mọi lịch | while all plans are compiled")
    busy = [alerts.send_while_compiling(PARTS[n % len(PARTS)]) for n in range(rounds)]
    figures |= _busy(busy, figures["baseline_p99_ms"])
    _tell("máy chủ MQTT bị diệt | the broker is killed")
    figures |= alerts.storm(jitter_s)
    return figures | alerts.verification()


def _quiet(bare: list[Sent], quiet: list[Sent]) -> dict[str, Any]:
    baseline, received = _median(bare, Sent.p99_ms), _median(quiet, Sent.p99_ms)
    return {
        "received_p50_ms": _median(quiet, Sent.p50_ms),
        "received_p99_ms": received,
        "received_last_ms": _median(quiet, Sent.last_ms),
        "baseline_p50_ms": _median(bare, Sent.p50_ms),
        "baseline_p99_ms": baseline,
        "ratio": round(received / baseline, 2),
        "each_received_p99_ms": [round(one.p99_ms()) for one in quiet],
        "each_baseline_p99_ms": [round(one.p99_ms()) for one in bare],
        "receipts_kept_ms": _median(quiet, lambda one: one.kept_ms),
        "receipts_stored_ms": _median(quiet, lambda one: one.shown_ms),
        "each_receipts_stored_ms": [round(one.shown_ms) for one in quiet],
        "receipts_cpu_s": {
            name: round(statistics.median(one.cpu_s[name] for one in quiet), 1)
            for name in quiet[0].cpu_s
        },
        "release_written_ms": _median(quiet, lambda one: one.written_ms),
    }


def _busy(busy: list[Sent], baseline: float) -> dict[str, Any]:
    received = _median(busy, Sent.p99_ms)
    return {
        "compiling_received_p50_ms": _median(busy, Sent.p50_ms),
        "compiling_received_p99_ms": received,
        "compiling_ratio": round(received / baseline, 2),
        "compiling_each_received_p99_ms": [round(one.p99_ms()) for one in busy],
        "compiling_receipts_kept_ms": _median(busy, lambda one: one.kept_ms),
        "compiling_receipts_stored_ms": _median(busy, lambda one: one.shown_ms),
        "compiling_release_written_ms": _median(busy, lambda one: one.written_ms),
        "compiling_release_written_max_ms": round(max(one.written_ms for one in busy), 1),
    }


def _first_sound(heard: dict[str, float]) -> dict[str, float]:
    return {
        "first_sound_p50_ms": heard["playing_p50_ms"],
        "first_sound_p95_ms": heard["playing_p95_ms"],
        "first_sound_idle_p50_ms": heard["idle_p50_ms"],
        "first_sound_idle_p95_ms": heard["idle_p95_ms"],
    }


def _median(sent: list[Sent], figure: Callable[[Sent], float]) -> float:
    return round(statistics.median(figure(one) for one in sent), 1)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _tell(what: str) -> None:
    sys.stderr.write(f"... {what}\n")


if __name__ == "__main__":
    main()
