"""A commune with a real controller, broker and agents, for journeys where sound is not the point.

The agents run with the silent output; their intervals are seconds, so that nobody waits minutes.
"""

import os
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select

from controller.app import App, build
from controller.broker import Mosquitto
from controller.config import Config
from controller.demo import scene
from controller.demo.agents import AgentProcess
from controller.demo.stage import free_ports
from controller.health.models import Incident, Presence
from controller.library.store import AssetStore
from controller.plans.models import CompiledPlan
from controller.records.models import Broadcast, StoredReceipt
from tests.controller.plumbing.peer import wait_until
from wire.up import Status

QUIET = {"TT_AGENT_PROFILE": "software-silent", "TT_AGENT_LINK_RETRY_MAX_S": "1"}


class Village:
    """Use as a context manager. Device 1 has an agent, device 2 only enrols, device 3 is new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = settings(folder)
        self.app: App = build(self.config)
        self.store = AssetStore(self.config.data_dir / "assets")
        self.commune = scene.found_commune(self.app)
        self.device, self.silent_one, self.new_one = self.commune.devices
        url = self.config.device_url
        self.agent = AgentProcess(self.device, folder / self.device, url, QUIET)
        self._other = AgentProcess(self.silent_one, folder / self.silent_one, url, QUIET)

    def __enter__(self) -> Self:
        self.app.start()
        try:
            self.agent.enrol(scene.claim(self.app, self.device))
            self._other.enrol(scene.claim(self.app, self.silent_one))
            self.agent.start()
            self.sha = scene.keep_upload(
                self.app, self.store, self.commune, tone(self.folder, 8), "Nhạc hiệu"
            )
            items: Sequence[dict[str, object]] = [{"kind": "asset", "sha256": self.sha}]
            self.programme = scene.approve_programme(self.app, self.commune, "Bản tin", items)
            wait_until(self.is_ready, 45)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.agent.stop()
        self.app.stop()

    @property
    def broker(self) -> Mosquitto:
        broker: Mosquitto = self.app.parts[0]._mosquitto  # type: ignore[attr-defined] # a look inside
        return broker

    def schedule(self, wait_s: float = 5, for_s: float = 8) -> datetime:
        """Let the programme play soon; return when, once the device holds plan and audio."""
        start = scene.whole_second_after(timedelta(seconds=wait_s))
        scene.schedule_once(self.app, self.commune, self.programme, start, timedelta(seconds=for_s))
        wait_until(lambda: self.is_prepared(start), 30)
        return start

    def is_ready(self) -> bool:
        """Whether the device is online with a clock."""
        presence = self.presence()
        if presence is None or presence.state != "online":
            return False
        return bool(presence.status.get("clock") != "none")

    def is_prepared(self, start: datetime) -> bool:
        """Whether the device holds the plan with a slot at this instant, and all audio."""
        with self.app.sessions() as session:
            plan = session.get(CompiledPlan, self.device)
            presence = session.get(Presence, self.device)
        if plan is None or presence is None or not presence.status:
            return False
        status = Status.model_validate(presence.status)
        is_planned = start.isoformat().replace("+00:00", "Z") in plan.payload.decode()
        return is_planned and status.plan_digest == plan.digest and not status.missing

    def presence(self, device: str | None = None) -> Presence | None:
        with self.app.sessions() as session:
            return session.get(Presence, device or self.device)

    def line(self, start: datetime, device: str | None = None) -> Broadcast | None:
        """Return the line of the logbook for a device and an instant."""
        with self.app.sessions() as session:
            return session.scalars(
                select(Broadcast).where(
                    Broadcast.device_id == (device or self.device),
                    Broadcast.planned_start_at == start,
                )
            ).one_or_none()

    def state(self, start: datetime, device: str | None = None) -> str:
        line = self.line(start, device)
        return line.state if line else ""

    def receipts(self, kind: str) -> Sequence[StoredReceipt]:
        with self.app.sessions() as session:
            return session.scalars(
                select(StoredReceipt)
                .where(StoredReceipt.device_id == self.device, StoredReceipt.kind == kind)
                .order_by(StoredReceipt.number)
            ).all()

    def incidents(self, kind: str) -> list[tuple[str | None, str]]:
        """Return (device, subject) of the open incidents of a kind."""
        with self.app.sessions() as session:
            rows = select(Incident).where(Incident.kind == kind, Incident.closed_at.is_(None))
            return [(one.device_id, one.subject) for one in session.scalars(rows)]


def settings(folder: Path, **more: object) -> Config:
    """Return a configuration on free ports of loopback, with short intervals."""
    ports = free_ports(3)
    return Config.model_validate(
        {
            "data_dir": folder / "controller",
            "http_port": ports[0],
            "device_port": ports[1],
            "device_host": "127.0.0.1",
            "mqtt_host": "127.0.0.1",
            "mqtt_port": ports[2],
            "health_s": 3,
            "sync_s": 3,
        }
        | more
    )


def environment(config: Config) -> dict[str, str]:
    """Return the variables that give a process of its own this configuration."""
    said = config.model_dump(exclude_none=True, exclude={"secret_key", "database_url"})
    said["device_names"] = " ".join(config.device_names)
    said["database_url"] = config.database
    return os.environ | {f"TT_{name.upper()}": str(value) for name, value in said.items()}


def tone(folder: Path, seconds: int) -> Path:
    """Make a WAV file that sounds."""
    file = folder / f"tone-{seconds}.wav"
    source = f"sine=frequency=440:duration={seconds}:sample_rate=48000"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, str(file)],
        check=True,
    )
    return file
