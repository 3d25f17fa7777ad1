"""What the bench runs: a controller with its broker, its database full of devices, the fleets."""

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from sqlalchemy import func, insert, select, update

from controller.app import build, hurry_threads
from controller.config import Config
from controller.demo.stage import free_ports
from controller.health.models import Presence
from controller.outbox import waiting_count
from controller.outbox_models import Retained
from controller.programmes.models import Programme
from controller.replan import Replan, replan
from controller.stations.models import Device
from controller.worker import Worker
from tests.bench import plan
from tests.bench.fleet import process, publisher
from tests.bench.fleet.device import device_id, public_x_of

LOOK_EVERY_S = 0.2


class TooSlow(Exception):
    """What the bench waited for did not come in time."""


class Stage:
    """Use as a context manager: all processes end with it."""

    def __init__(self, folder: Path, devices: int, processes: int, seconds: int) -> None:
        self.devices = devices
        self._folder, self._processes = folder, processes
        self._until = time.monotonic() + seconds
        self.port, *others = free_ports(3)
        self.config = Config.model_validate(
            {
                "data_dir": folder / "controller",
                "http_port": others[0],
                "device_port": others[1],
                "device_host": "127.0.0.1",
                "mqtt_host": "127.0.0.1",
                "mqtt_port": self.port,
                "health_s": 3600,  # nobody is missed: the simulated send no heartbeats
            }
        )
        self.app = build(self.config)
        self.keys = self.config.data_dir / "keys"
        self._children: list[tuple[multiprocessing.process.BaseProcess, Connection]] = []
        self._renamed = 0
        self.compile_s = 0.0

    @property
    def worker(self) -> Worker:
        """Return the one that acts."""
        assert self.app.worker is not None
        return self.app.worker

    @property
    def fleets(self) -> list[Connection]:
        """Return the pipes of the fleets."""
        return [pipe for _, pipe in self._children[1:]]

    @property
    def bare(self) -> Connection:
        """Return the pipe of the bare publisher."""
        return self._children[0][1]

    def __enter__(self) -> Self:
        try:
            self._seed()
            self._spawn(publisher.main, self.port, self.keys)
            for numbers in self._shares():
                folder = self._folder / f"fleet-{numbers.start}"
                folder.mkdir()
                areas = tuple(self._chain(number) for number in numbers)
                place = process.Place(numbers, areas, self.port, self.keys, folder)
                self._spawn(process.main, place)
            hurry_threads()
            self.app.start()
            self.wait(lambda: self.worker.is_acting and self.worker.link.is_up, "controller")
            self.wait(self._is_laid_out, "desired states")
            begun = time.monotonic()
            self.compile()
            self.wait(lambda: not self.is_compiling(), "plans")
            self.compile_s = time.monotonic() - begun
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
        for child, pipe in self._children:
            pipe.close()
            child.join(10)
            if child.is_alive():
                child.kill()
        self.app.stop()

    def connect(self) -> None:
        """Let all devices connect, and wait until they listen."""
        for pipe in self.fleets:
            assert pipe.poll(self.left_s()), "the fleet is not ready"
            pipe.recv()
            pipe.send(("connect",))
        self.wait(lambda: self.up() == self.devices, "devices")

    def up(self) -> int:
        """Return how many devices listen."""
        return sum(state[0] for state in self.ask("state"))

    def ask(self, *order: Any) -> list[Any]:
        """Give every fleet an order that it answers; return the answers."""
        for pipe in self.fleets:
            pipe.send(order)
        return [self._answer(pipe) for pipe in self.fleets]

    def tell(self, *order: Any) -> None:
        """Give every fleet an order."""
        for pipe in self.fleets:
            pipe.send(order)

    def left_s(self) -> float:
        """Return how long the bench may still take."""
        return max(0.0, self._until - time.monotonic())

    def cpu_s(self) -> dict[str, float]:
        """Return how many seconds of processor each program took so far."""
        controller = psutil.Process()
        used = {"controller": _cpu_s(controller), "broker": 0.0, "checker": 0.0}
        ours = {child.pid for child, _ in self._children}
        for child in controller.children():
            name = "broker" if "mosquitto" in child.name() else "checker"
            used[name] += 0.0 if child.pid in ours else _cpu_s(child)
        fleets = (psutil.Process(child.pid) for child, _ in self._children[1:])
        return used | {"devices": sum(map(_cpu_s, fleets))}

    def wait(self, is_so: Callable[[], bool], what: str, within_s: float = 300.0) -> None:
        """Look again and again until it is so; `TooSlow` when time is up."""
        until = time.monotonic() + min(within_s, self.left_s())
        while not is_so():
            if time.monotonic() > until:
                raise TooSlow(what)
            time.sleep(LOOK_EVERY_S)

    def compile(self) -> None:
        """Change a programme of the whole country, so that every plan is made and sent anew."""
        self._renamed += 1
        with self.app.sessions.begin() as session:
            session.get_one(Programme, "p0-vn").title = f"Thời sự {self._renamed}"
            replan(session, areas=["vn"], now=datetime.now(UTC))

    def is_compiling(self) -> bool:
        """Return whether plans are still compiled or sent."""
        with self.reading() as session:
            asked = session.scalar(select(func.count()).select_from(Replan))
            return bool(asked) or waiting_count(session) > 0

    def _is_laid_out(self) -> bool:
        """Return whether every device has its desired state, with the first emergency pack."""
        rows = select(func.count()).select_from(Retained).where(Retained.kind == "desired")
        with self.reading() as session:
            return (session.scalar(rows) or 0) >= self.devices and not self.is_compiling()

    def reading(self) -> Any:
        """Return a session that waits for no writer."""
        return plan.reading(self.app.sessions)()

    def _seed(self) -> None:
        plan.seed(self.app.sessions, self.devices)
        now = datetime.now(UTC)
        keys = [{"id": device_id(n), "public_x": public_x_of(n)} for n in range(self.devices)]
        with self.app.sessions.begin() as session:
            session.execute(update(Device), keys)
            session.execute(
                insert(Presence),
                [
                    {"device_id": one["id"], "key": one["public_x"], "state": "online", "epoch": 1}
                    | {"since": now, "seen_at": now, "status_rev": 1, "health_rev": 1}
                    | {"status": {}, "measurements": {}, "receipts_upto": 0}
                    for one in keys
                ],
            )

    def _chain(self, number: int) -> tuple[str, ...]:
        commune = number // plan.PER_COMMUNE
        return ("vn", f"p-{commune % plan.PROVINCES}", f"c-{commune}")

    def _shares(self) -> list[range]:
        step = -(-self.devices // self._processes)
        return [range(at, min(self.devices, at + step)) for at in range(0, self.devices, step)]

    def _spawn(self, target: Callable[..., None], *given: Any) -> None:
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        child = context.Process(target=target, args=(*given, theirs), daemon=True)
        child.start()
        theirs.close()
        self._children.append((child, ours))

    def _answer(self, pipe: Connection) -> Any:
        if not pipe.poll(min(60.0, self.left_s())):
            raise TooSlow("a fleet does not answer")
        return pipe.recv()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
