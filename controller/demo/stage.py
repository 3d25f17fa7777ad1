"""Everything a demo runs on this machine: sound server, controller with broker, three agents."""

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import select

from controller.app import App, build
from controller.config import Config
from controller.demo import scene
from controller.demo.agents import AgentProcess
from controller.demo.sound_server import SoundServer
from controller.errors import ControllerError
from controller.health.models import Presence
from controller.plans.models import CompiledPlan

READY_WITHIN = timedelta(seconds=45)


class NotReady(ControllerError):
    """Something did not become ready in time; fact `what`."""

    code = "not_ready"
    status = 500
    vi = "Chưa sẵn sàng: {what}"
    en = "Not ready: {what}"


class Stage:
    """Use as a context manager; everything that was started is stopped, in the mirrored order.

    `settings` change the controller's configuration, by name.
    """

    def __init__(
        self,
        folder: Path,
        devices: int = 3,
        *,
        aloud: bool = False,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.folder = folder
        ports = free_ports(3)
        self.config = Config.model_validate(
            {
                "data_dir": folder / "controller",
                "http_port": ports[0],
                "device_port": ports[1],
                "device_host": "127.0.0.1",
                "mqtt_host": "127.0.0.1",
                "mqtt_port": ports[2],
                "device_names": ("localhost", "127.0.0.1"),
            }
            | dict(settings or {})
        )
        self.sound = SoundServer(devices, aloud=aloud)
        self.app: App = build(self.config)
        self.store, self.reader = self.app.store, self.app.reader
        self.agents: list[AgentProcess] = []
        self.zone = ZoneInfo(self.config.zone)

    def __enter__(self) -> Self:
        self.sound.start()
        try:
            self.app.start()
        except BaseException:
            self.sound.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for agent in self.agents:
            agent.stop()
        self.app.stop()
        self.sound.stop()

    def start_agents(self, devices: Iterable[str]) -> None:
        """Enrol each device with a claim code of its own and run its agent."""
        for number, device in enumerate(devices):
            agent = AgentProcess(
                device,
                self.folder / device,
                self.config.device_url,
                self.sound.environment(number),
            )
            agent.enrol(scene.claim(self.app, device))
            agent.start()
            self.agents.append(agent)

    def wait_until_connected(self) -> None:
        """Wait until every device is online with a clock; `NotReady` after 45 s."""
        wait_for(self._is_connected, READY_WITHIN, "thiết bị chưa kết nối / devices are offline")

    def _is_connected(self) -> bool:
        with self.app.sessions() as session:
            said = {row.device_id: row for row in session.scalars(select(Presence))}
        return all(
            agent.device in said
            and said[agent.device].state == "online"
            and said[agent.device].status.get("clock") != "none"
            for agent in self.agents
        )

    def wait_until_prepared(self) -> None:
        """Wait until every device holds its newest plan and all audio; `NotReady` after 45 s."""
        wait_for(self._is_prepared, READY_WITHIN, "thiết bị chưa nhận đủ kế hoạch và âm thanh")

    def _is_prepared(self) -> bool:
        with self.app.sessions() as session:
            digests = dict(
                session.execute(select(CompiledPlan.device_id, CompiledPlan.digest)).all()
            )
            said = {row.device_id: row for row in session.scalars(select(Presence))}
        return all(
            agent.device in digests
            and agent.device in said
            and said[agent.device].state == "online"
            and said[agent.device].status.get("plan_digest") == digests[agent.device]
            and not said[agent.device].status.get("missing")
            for agent in self.agents
        )


def pause(span: timedelta) -> None:
    """Let time pass, for what is to be heard for a while."""
    threading.Event().wait(span.total_seconds())


def wait_for(is_so: Callable[[], bool], within: timedelta, what: str) -> None:
    """Look four times a second until it is so; `NotReady` when time is up."""
    pause = threading.Event()
    for _ in range(round(within.total_seconds() * 4)):
        if is_so():
            return
        pause.wait(0.25)
    raise NotReady(what=what)


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
