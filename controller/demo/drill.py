"""A drill once, unattended: a bulletin plays, the province interrupts it, and it comes back.

Drafted and released by the real use cases, signed, sounded by the agents, recorded by the witness,
accounted for by signed receipts.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from controller.demo import scene
from controller.demo.stage import NotReady, Stage, pause, wait_for
from controller.demo.witness import Witness
from controller.emergencies.models import AlertReach
from controller.emergencies.progress import Counts, progress
from controller.emergencies.speech import Studio
from controller.records.models import Broadcast, BroadcastState

PLAYS_FOR = timedelta(seconds=5)
SOUNDS_FOR = timedelta(seconds=6)
ANSWERED_WITHIN = timedelta(seconds=10)
STOPPED_WITHIN = timedelta(seconds=15)
BACK_WITHIN = timedelta(seconds=25)

Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Drilled:
    """A drill and its two instants: the last confirmation, and the cancel, as committed."""

    alert: str
    released_at: datetime
    cancelled_at: datetime | None = None


def play_drill(folder: Path, heard: Path, tell: Tell) -> dict[str, Any]:
    """Run a drill over a playing bulletin with three devices; return the report."""
    tell("Khởi động máy chủ âm thanh, bộ điều khiển, broker", "Starting sound, controller, broker")
    with Stage(folder) as stage:
        commune = scene.found_commune(stage.app)
        tell("Ba thiết bị đăng ký và kết nối", "Three devices enrol and connect")
        stage.start_agents(commune.devices)
        with Witness(stage.sound, folder / "heard.raw") as witness:
            try:
                drilled = _interrupt(stage, commune, tell)
                failures = _accounted(stage, drilled, tell)
            except NotReady as error:
                drilled, failures = None, [str(error)]
            witness.stop()
            heard.mkdir(parents=True, exist_ok=True)
            files = witness.write_wavs(heard)
            return _report(stage, drilled, files, failures)


def _interrupt(stage: Stage, commune: scene.Commune, tell: Tell) -> Drilled:
    """Let a bulletin play, release a drill over it, and cancel the drill with its all-clear."""
    sha = scene.keep_bulletin(stage.app, stage.store, stage.reader, commune)
    programme = scene.approve_programme(
        stage.app, commune, scene.BULLETIN_TITLE, [{"kind": "asset", "sha256": sha}] * 3
    )
    stage.wait_until_connected()
    studio = Studio(stage.store, stage.reader, stage.config.target_lufs)
    start = scene.whole_second_after(timedelta(seconds=8))
    length = scene.length_of(stage.app, programme)
    scene.schedule_once(stage.app, commune, programme, start, length)
    wait_for(lambda: _play(stage), length, "bản tin chưa phát / the bulletin does not play")
    tell("Bản tin đang phát; tỉnh phát DIỄN TẬP", "The bulletin plays; the province drills")
    alert, released_at = scene.release_drill(stage.app, studio, commune)
    wait_for(
        lambda: _counts(stage, alert).heard == len(stage.agents),
        ANSWERED_WITHIN,
        "chưa nghe thấy diễn tập ở mọi cụm loa / the drill is not heard everywhere",
    )
    tell("Diễn tập đang phát ở mọi cụm loa", "The drill sounds on every cluster")
    pause(SOUNDS_FOR)
    cancelled_at = scene.cancel_drill(stage.app, commune, alert)
    tell("Hủy diễn tập, báo an toàn", "Cancelled, with the all-clear")
    return Drilled(alert, released_at, cancelled_at)


def _accounted(stage: Stage, drilled: Drilled, tell: Tell) -> list[str]:
    """Wait until the cancel is everywhere and the bulletin is over; return what failed."""
    wait_for(
        lambda: all(row.stopped_at for row in _rows(stage, drilled.alert)),
        STOPPED_WITHIN,
        "chưa hủy được ở mọi nơi / the cancel is not everywhere",
    )
    tell("Bản tin phát tiếp đúng chỗ", "The bulletin goes on at its place on the clock")
    rest = max(line.planned_end_at for line in _lines(stage)) - scene.now()
    wait_for(
        lambda: all(line.state not in _UNDECIDED for line in _lines(stage)),
        rest + BACK_WITHIN,
        "bản tin chưa có đủ biên nhận / receipts of the bulletin are missing",
    )
    missed = [line for line in _lines(stage) if line.state not in _HEARD]
    return [f"{line.device_id}: {line.state} {line.why}" for line in missed]


_UNDECIDED = {BroadcastState.EXPECTED, BroadcastState.AT_RISK, BroadcastState.PLAYING}
_HEARD = {BroadcastState.PLAYED, BroadcastState.PARTLY}


def _report(
    stage: Stage, drilled: Drilled | None, files: Sequence[Path], failures: list[str]
) -> dict[str, Any]:
    rows = _rows(stage, drilled.alert) if drilled else []
    counts = _counts(stage, drilled.alert) if drilled else Counts()
    started = [row.heard_at - drilled.released_at for row in rows if row.heard_at and drilled]
    stopped = [
        row.stopped_at - drilled.cancelled_at
        for row in rows
        if row.stopped_at and drilled and drilled.cancelled_at
    ]
    return {
        "clusters": len(rows),
        "heard_in": counts.heard,
        "failed": counts.failed,
        "not_reached": counts.not_reached,
        "released_to_sounding_ms": _spread(started),
        "cancelled_to_stopped_ms": _spread(stopped),
        "bulletins_back": sum(line.state in _HEARD for line in _lines(stage)),
        "heard": [
            {"device": agent.device, "file": str(file.resolve())}
            for agent, file in zip(stage.agents, files, strict=True)
        ],
        "failures": failures,
    }


def _play(stage: Stage) -> bool:
    """Whether the bulletin has been playing everywhere for some seconds."""
    lines = _lines(stage)
    since = scene.now() - PLAYS_FOR
    return len(lines) == len(stage.agents) and all(
        line.state == BroadcastState.PLAYING and line.planned_start_at < since for line in lines
    )


def _lines(stage: Stage) -> Sequence[Broadcast]:
    with stage.app.sessions() as session:
        return session.scalars(select(Broadcast).order_by(Broadcast.device_id)).all()


def _rows(stage: Stage, alert: str) -> Sequence[AlertReach]:
    with stage.app.sessions() as session:
        return session.scalars(select(AlertReach).where(AlertReach.alert_id == alert)).all()


def _counts(stage: Stage, alert: str) -> Counts:
    with stage.app.sessions() as session:
        return progress(session, alert, scene.now()).counts


def _spread(spans: Sequence[timedelta]) -> dict[str, float | None]:
    values = [span / timedelta(milliseconds=1) for span in spans]
    if not values:
        return {"p50": None, "max": None}
    return {"p50": round(statistics.median(values), 1), "max": round(max(values), 1)}
