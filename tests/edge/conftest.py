"""Fixtures of the agent's tests: see `world.py` for who takes part."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.store import Store
from tests.edge.world import AgentProcess, Authority, Broker, Controller


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def broker(authority: Authority) -> Iterator[Broker]:
    # Not below pytest's folder: started as root, Mosquitto drops to a user who may not read there.
    with tempfile.TemporaryDirectory(prefix="tt-broker-") as folder:
        broker = Broker(Path(folder), authority)
        broker.start()
        yield broker
        broker.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    store.start()
    yield store
    store.stop()


class NoBroker:
    """For tests that need the controller's pen and its HTTPS only."""

    port = 1


@pytest.fixture
def pen(tmp_path: Path, authority: Authority) -> Controller:
    """A controller that is not started."""
    return Controller(tmp_path, authority, NoBroker())  # type: ignore[arg-type]  # see NoBroker


@pytest.fixture
def https(pen: Controller) -> Iterator[Controller]:
    """A controller that serves HTTPS and has no broker."""
    pen.start_https()
    yield pen
    pen.stop_https()


@pytest.fixture
def controller(tmp_path: Path, authority: Authority, broker: Broker) -> Iterator[Controller]:
    controller = Controller(tmp_path, authority, broker)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def agent(tmp_path: Path, controller: Controller) -> Iterator[AgentProcess]:
    """An enrolled agent that is not running yet."""
    agent = AgentProcess(tmp_path / "agent", controller)
    done = agent.enrol()
    assert done.returncode == 0, done.stderr
    yield agent
    agent.kill()
    if agent.log.exists():
        print(agent.log.read_text(errors="replace")[-6000:])  # noqa: T201 - shown on failure only


@pytest.fixture(scope="session")
def bulletin(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of Opus, made by ffmpeg."""
    path = tmp_path_factory.mktemp("audio") / "bulletin.ogg"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "sine=440:duration=3", "-c:a",
         "libopus", "-b:a", "64k", str(path)],
        check=True,
    )  # fmt: skip
    return path.read_bytes()
