"""The whole path once, unattended: planned, signed, played, heard by a witness, receipted.

The witness records all devices on one clock; what it heard is held against the plan.
"""

import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from controller.demo import scene
from controller.demo.scene import Commune
from controller.demo.stage import NotReady, Stage, wait_for
from controller.demo.witness import LOUDER_THAN, Witness
from controller.library.models import Asset
from controller.records.models import Broadcast, BroadcastState, StoredReceipt

LEAD = timedelta(seconds=8)
LONGEST_MS = 30_000
ACCOUNTED_WITHIN = timedelta(seconds=15)
HEARD_WITHIN = timedelta(seconds=3)
SAMPLE_RATE_HZ = 48_000

Tell = Callable[[str, str], None]
"""Says one thing in Vietnamese and English."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What was planned: when, for how long, and how far into the audio it becomes audible."""

    start: datetime
    duration: timedelta
    silent_ms: float


def play_once(folder: Path, heard: Path, audio: Path | None, tell: Tell) -> dict[str, Any]:
    """Run the path with three devices; return the report. WAV files go into `heard`."""
    tell("Khởi động máy chủ âm thanh, bộ điều khiển, broker", "Starting sound, controller, broker")
    with Stage(folder) as stage:
        commune = scene.found_commune(stage.app)
        sha = _audio(stage, commune, audio, tell)
        programme = scene.approve_programme(
            stage.app, commune, scene.BULLETIN_TITLE, [{"kind": "asset", "sha256": sha}]
        )
        tell("Ba thiết bị đăng ký và kết nối", "Three devices enrol and connect")
        stage.start_agents(commune.devices)
        with Witness(stage.sound, folder / "heard.raw") as witness:
            planned = _schedule(stage, commune, programme, sha)
            tell(f"Hẹn phát lúc {planned.start:%H:%M:%S} UTC", "Planned; waiting for the instant")
            failures = _wait(stage, planned, tell)
            return _report(stage, witness, planned, heard, failures)


def _audio(stage: Stage, commune: Commune, audio: Path | None, tell: Tell) -> str:
    if audio is not None:
        tell(f"Nạp {audio.name}", f"Ingesting {audio.name}")
        return scene.keep_upload(stage.app, stage.store, commune, audio, audio.name)
    tell("Đọc bản tin bằng espeak-ng", "Speaking the bulletin with espeak-ng")
    return scene.keep_bulletin(stage.app, stage.store, stage.reader, commune)


def _schedule(stage: Stage, commune: Commune, programme: str, sha: str) -> Planned:
    stage.wait_until_connected()
    with stage.app.sessions() as session:
        asset = session.get_one(Asset, sha)
    duration = timedelta(milliseconds=min(asset.duration_ms, LONGEST_MS))
    start = scene.whole_second_after(LEAD)
    scene.schedule_once(stage.app, commune, programme, start, duration)
    return Planned(start, duration, _silent_ms(stage.store.path(sha)))


def _wait(stage: Stage, planned: Planned, tell: Tell) -> list[str]:
    """Wait until all is prepared, played and accounted for; return what failed on the way."""
    try:
        stage.wait_until_prepared()
        tell("Mọi thiết bị đã có kế hoạch và âm thanh", "All devices hold the plan and the audio")
        ends_in = planned.start + planned.duration - scene.now()
        done = ends_in + ACCOUNTED_WITHIN
        wait_for(lambda: _is_accounted(stage), done, "chưa đủ biên nhận / receipts are missing")
    except NotReady as error:
        return [str(error)]
    return []


def _is_accounted(stage: Stage) -> bool:
    with stage.app.sessions() as session:
        lines = session.scalars(select(Broadcast)).all()
    ended = {BroadcastState.PLAYED, BroadcastState.PARTLY, BroadcastState.MISSED}
    return len(lines) == len(stage.agents) and all(line.state in ended for line in lines)


def _report(
    stage: Stage, witness: Witness, planned: Planned, heard: Path, failures: list[str]
) -> dict[str, Any]:
    with stage.app.sessions() as session:
        lines = session.scalars(select(Broadcast).order_by(Broadcast.device_id)).all()
        receipts = session.scalars(select(StoredReceipt)).all()
    witness.stop()
    onsets = _onsets(witness, planned, len(stage.agents))
    files = _write_heard(witness, heard)
    errors = [abs(error) for error in onsets if error is not None]
    failures += [f"{line.device_id}: {line.state} {line.why}" for line in lines if _failed(line)]
    failures += [
        f"{agent.device}: không nghe thấy / not heard"
        for agent, error in zip(stage.agents, onsets, strict=True)
        if error is None
    ]
    return {
        "devices": len(stage.agents),
        "slots_planned": len(lines),
        "slots_played": sum(line.state == BroadcastState.PLAYED for line in lines),
        "start_error_ms": _spread(errors),
        "start_skew_ms": _spread(_skews([error for error in onsets if error is not None])),
        "receipts": len(receipts),
        "heard": [
            {"device": agent.device, "file": str(file)}
            for agent, file in zip(stage.agents, files, strict=True)
        ],
        "failures": failures,
    }


def _failed(line: Broadcast) -> bool:
    return line.state != BroadcastState.PLAYED


def _onsets(witness: Witness, planned: Planned, devices: int) -> list[float | None]:
    """Return for each device the onset against the planned instant in ms; None: not heard."""
    expected = planned.start + timedelta(milliseconds=planned.silent_ms)
    found = [witness.onset_after(expected - HEARD_WITHIN, device) for device in range(devices)]
    return [
        (at - expected) / timedelta(milliseconds=1) if at and at < expected + HEARD_WITHIN else None
        for at in found
    ]


def _write_heard(witness: Witness, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [file.resolve() for file in witness.write_wavs(folder)]


def _skews(errors: Sequence[float]) -> list[float]:
    return [abs(one - other) for one, other in combinations(errors, 2)]


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "max": None}
    return {"p50": round(statistics.median(values), 2), "max": round(max(values), 2)}


def _silent_ms(asset: Path) -> float:
    """Return how long an asset is silent before its first sample above -60 dB."""
    raw = ["-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-"]
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(asset), *raw]
    done = subprocess.run(command, capture_output=True, check=True)
    samples = np.abs(np.frombuffer(done.stdout, dtype="<i2").astype(np.int32))
    loud = np.flatnonzero(samples > LOUDER_THAN * 32768)
    return float(loud[0]) * 1000 / SAMPLE_RATE_HZ if len(loud) else 0.0
