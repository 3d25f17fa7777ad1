"""The agent's own enrolment against the real device API, over TLS under our CA."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_limiter import Limiter
from sqlalchemy import Engine

from controller.config import Config
from controller.db import Sessions, make_sessions
from controller.keys import Keyring
from controller.people.rights import machine_owner
from controller.servers import HttpServer
from controller.stations.device_api import make_device_api
from controller.stations.enrolment import issue_claim
from controller.stations.models import Device
from edge_agent.enrol import enrol
from edge_agent.errors import ControllerRefused, ControllerUnproven
from edge_agent.identity import load_identity
from tests.controller.cast import introduce


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Keys of the present day: TLS knows no other."""
    return Keyring.create(tmp_path / "today", "vn", ("programme",), utc_now())


@pytest.fixture
def sessions(sqlite: Engine) -> Sessions:
    made = make_sessions(sqlite)
    with made.begin() as session:
        introduce(session, utc_now())
    return made


@pytest.fixture
def controller(sessions: Sessions, keyring: Keyring, config: Config) -> Iterator[str]:
    """The address of the devices' listener."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    app = Flask("devices")
    limiter = Limiter(lambda: "here", app=app, storage_uri="memory://")
    app.register_blueprint(make_device_api(sessions, keyring, config, utc_now, limiter))
    tls = keyring.server_files(["localhost", "127.0.0.1"], utc_now())
    server = HttpServer(app, "127.0.0.1", port, threads=2, tls=tls)
    server.start()
    yield f"https://127.0.0.1:{port}"
    server.stop()


def claim(sessions: Sessions, keyring: Keyring) -> str:
    with sessions.begin() as session:
        return issue_claim(session, machine_owner("console"), "d-anbinh1", keyring, utc_now())


def join(folder: Path, controller: str, code: str) -> str:
    return enrol(folder, controller, code, agent_version="0.1.0", hardware="test")


def test_an_agent_joins_with_a_claim_code_and_can_start(
    sessions: Sessions, keyring: Keyring, controller: str, tmp_path: Path
) -> None:
    device = join(tmp_path / "agent", controller, claim(sessions, keyring))

    identity = load_identity(tmp_path / "agent")
    with sessions() as session:
        row = session.get_one(Device, device)
    assert device == "d-anbinh1"
    assert row.state == "enrolled"
    assert identity.file.mqtt_port == 8883


def test_an_agent_believes_no_other_controller(
    sessions: Sessions, controller: str, tmp_path: Path
) -> None:
    """R21: the code carries the fingerprint of roots and CA."""
    other = Keyring.create(tmp_path / "other", "vn", ("programme",), utc_now())

    with pytest.raises(ControllerUnproven):
        join(tmp_path / "agent", controller, claim(sessions, other))


def test_two_agents_share_nothing_and_a_used_code_is_refused(
    sessions: Sessions, keyring: Keyring, controller: str, tmp_path: Path
) -> None:
    """R21."""
    code = claim(sessions, keyring)
    join(tmp_path / "first", controller, code)

    with pytest.raises(ControllerRefused, match="403"):
        join(tmp_path / "second", controller, code)

    keys = [(tmp_path / name / "key.pem").read_bytes() for name in ("first", "second")]
    assert keys[0] != keys[1]
