"""Shared by the controller's tests: both databases, keys, settings, and the fixed cast."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from controller.config import Config
from controller.db import Sessions, make_engine, make_sessions
from controller.keys import Keyring
from controller.people.vault import give_vault
from controller.tables import Base
from tests.controller.cast import Cast, introduce

POSTGRES = Path("/usr/lib/postgresql/15/bin")
NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """Monday 2 November 2026, 08:00 in An Bình."""
    return NOW


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL of our own, reached by a socket in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="tt-pg-"))
    as_postgres: list[str] = []
    if folder.owner() == "root":
        shutil.chown(folder, "postgres")
        as_postgres = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    options = f"-c listen_addresses='' -c fsync=off -c unix_socket_directories={folder}"
    control = [*as_postgres, str(POSTGRES / "pg_ctl"), "-D", str(data), "-w"]
    _run([*as_postgres, str(POSTGRES / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"])
    _run([*control, "-o", options, "-l", str(folder / "log"), "start"])
    yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    _run([*control, "-m", "immediate", "stop"])
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An engine on the real PostgreSQL, with all tables."""
    engine = make_engine(postgres_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, to be copied: quicker than making them for every test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database."""
    file = tmp_path / "truyenthanh.db"
    shutil.copy(sqlite_template, file)
    engine = make_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database, of both kinds in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    engine: Engine = request.getfixturevalue("postgres_engine")
    yield engine
    names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture
def sessions(database: Engine) -> Sessions:
    """The factory of sessions on both databases in turn; they can read second factors."""
    made = make_sessions(database)
    give_vault(made, "test")
    return made


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """One open session; what the test does not commit is gone after it."""
    with sessions() as one:
        yield one


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of keys for Vietnam, made once; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    Keyring.create(folder, "vn", ("programme", "drill", "alert"), NOW)
    return folder


@pytest.fixture
def keyring(made_keys: Path, tmp_path: Path) -> Keyring:
    """Keys that a test may rotate and revoke."""
    shutil.copytree(made_keys, tmp_path / "keys")
    return Keyring.open(tmp_path / "keys")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The default configuration, in a temporary folder."""
    return Config.model_validate({"data_dir": tmp_path})


@pytest.fixture
def cast(session: Session, now: datetime) -> Cast:
    """The fixed cast, in the test's own session; see `cast.py`."""
    return introduce(session, now)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
