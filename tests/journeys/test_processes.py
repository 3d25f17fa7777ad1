"""Controllers as processes of their own, killed at the worst moment."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from controller.app import App, build
from controller.broker import Mosquitto
from controller.config import Config
from controller.demo import scene
from controller.demo.scene import Commune
from controller.jobs import LEASE_LIVES, RENEW_EVERY_S, Lease
from controller.library.store import AssetStore
from controller.outbox import waiting_count
from controller.plans.models import CompiledPlan
from controller.replan import look_at_requests
from controller.stations.models import Device, DeviceState
from tests.controller.plumbing.conftest import broker_files, certified
from tests.controller.plumbing.peer import Peer, accepts, listening_ports, wait_until
from tests.journeys.village import environment, settings, tone
from wire import topics
from wire.encoding import inflate
from wire.plan import Plan
from wire.signing import new_key, public_x, read, take_apart

PROGRAM = str(Path(sys.executable).with_name("truyenthanh"))
TAKEOVER = LEASE_LIVES + timedelta(seconds=RENEW_EVERY_S)


class Office:
    """A seeded database and keys; the controllers on it are processes of their own."""

    def __init__(self, folder: Path, stack: ExitStack, **more: object) -> None:
        ports = settings(folder)
        self.url = f"mqtts://localhost:{ports.mqtt_port}"
        self.config: Config = settings(folder, mqtt_port=ports.mqtt_port, mqtt_url=self.url, **more)
        self.folder, self._stack = folder, stack
        self.app: App = build(self.config, with_web=False, with_worker=False)
        stack.callback(self.app.stop)
        self.broker = Mosquitto(
            folder / "broker.log", "127.0.0.1", ports.mqtt_port, broker_files(self.app.keyring)
        )
        stack.callback(self.broker.stop)
        self.commune: Commune = scene.found_commune(self.app)
        self.device = self.commune.devices[0]
        self._files = certified(self.app.keyring, self.device, folder)
        with self.app.sessions.begin() as session:
            device = session.get_one(Device, self.device)
            device.state, device.public_x = DeviceState.ENROLLED, public_x(new_key())

    def start_broker(self) -> None:
        self.broker.start()
        wait_until(lambda: accepts(self.config.mqtt_port))

    def run(self, command: str) -> subprocess.Popen[bytes]:
        """Run `truyenthanh serve` or `worker` until the journey ends."""
        with (self.folder / f"{command}.log").open("ab") as log:
            process = subprocess.Popen(
                [PROGRAM, command], env=environment(self.config), stdout=log, stderr=log
            )
        self._stack.callback(_end, process)
        return process

    def listen(self) -> Peer:
        """Return a peer that hears what the device is sent."""
        peer = Peer(
            self.config.mqtt_port, self.app.keyring.authority_file, self._files, self.device
        )
        self._stack.enter_context(peer)
        peer.subscribe(topics.down(self.device, "plan"))
        return peer

    def write_programme(self) -> None:
        store = AssetStore(self.config.data_dir / "assets")
        sha = scene.keep_upload(self.app, store, self.commune, tone(self.folder, 2), "Nhạc")
        self._programme = scene.approve_programme(
            self.app, self.commune, "Bản tin", [{"kind": "asset", "sha256": sha}]
        )

    def change_the_plan(self, in_days: int) -> None:
        start = scene.whole_second_after(timedelta(days=in_days))
        scene.schedule_once(self.app, self.commune, self._programme, start, timedelta(seconds=2))

    def rev(self) -> int:
        with self.app.sessions() as session:
            plan = session.get(CompiledPlan, self.device)
            return plan.rev if plan else 0

    def is_settled(self) -> bool:
        """Return whether everything that was asked for is planned and published."""
        with self.app.sessions() as session:
            return not look_at_requests(session).ids and not waiting_count(session)

    def waiting(self) -> int:
        with self.app.sessions() as session:
            return waiting_count(session)

    def holder(self) -> tuple[str, int]:
        """Return who holds the lease, and its fence."""
        with self.app.sessions() as session:
            lease = session.get(Lease, "worker")
            return (lease.holder, lease.fence) if lease else ("", 0)


def revisions(device: Peer) -> list[int]:
    """Return the revisions of the plans that a device was sent, as they came."""
    tokens = [take_apart(token) for _, token in list(device.got)]
    return [read(inflate(token.payload), Plan).rev for token in tokens]


@contextmanager
def an_office(folder: Path, **more: object) -> Iterator[Office]:
    with ExitStack() as stack:
        yield Office(folder, stack, **more)


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """An empty database on PostgreSQL."""
    server = make_url(postgres_url)
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE journey"))
    yield server.set(database="journey").render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE journey WITH (FORCE)"))
    engine.dispose()


def test_a_controller_killed_between_commit_and_publish_still_publishes_once(
    tmp_path: Path,
) -> None:
    """R36: the broker is away while the change is committed, so the kill falls between the two."""
    with an_office(tmp_path) as office:
        office.write_programme()
        office.change_the_plan(in_days=1)
        first = office.run("serve")
        wait_until(office.rev, 60)
        wait_until(office.waiting)
        rev = office.rev()

        first.kill()
        first.wait()
        office.start_broker()
        device = office.listen()
        assert device.got == []
        office.run("serve")

        wait_until(lambda: device.got, 60)
        wait_until(lambda: office.waiting() == 0)
        assert office.rev() == rev
        assert len(device.got) == 1


def test_a_controller_listens_on_its_declared_ports_only(tmp_path: Path) -> None:
    """R23: with its own broker as a child."""
    with an_office(tmp_path) as office:
        office.config = office.config.model_copy(update={"mqtt_url": None})
        process = office.run("serve")
        config = office.config
        declared = {config.http_port, config.device_port, config.mqtt_port}
        wait_until(lambda: listening_ports(process.pid) >= declared, 60)

        assert listening_ports(process.pid) == declared

        process.kill()
        process.wait()
        wait_until(lambda: not accepts(config.mqtt_port))  # no orphan keeps the port


def test_of_two_workers_one_acts_and_the_other_takes_over(tmp_path: Path, database: str) -> None:
    """R35 in short: the leader is killed, what waits goes out once, within ten seconds."""
    with an_office(tmp_path, database_url=database) as office:
        office.write_programme()
        office.start_broker()
        device = office.listen()
        leader = office.run("worker")
        wait_until(lambda: office.holder()[0].endswith(f":{leader.pid}"), 60)
        wait_until(office.is_settled)  # a plan without programmes may be out already
        follower = office.run("worker")
        office.change_the_plan(in_days=1)
        wait_until(lambda: office.is_settled() and office.rev() in revisions(device))
        before = revisions(device)

        leader.kill()
        leader.wait()
        killed = time.monotonic()
        office.change_the_plan(in_days=2)
        wait_until(lambda: office.holder()[0].endswith(f":{follower.pid}"), 60)
        took_s = time.monotonic() - killed
        wait_until(lambda: office.is_settled() and office.rev() in revisions(device))
        assert office.rev() not in before
        assert office.holder()[1] == 2

    assert revisions(device).count(revisions(device)[-1]) == 1
    assert took_s < TAKEOVER.total_seconds() + 5  # on a busy machine


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
