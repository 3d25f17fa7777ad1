import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url

from controller.db import make_engine
from controller.migrate import differences, upgrade
from controller.tables import Base


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server = make_url(request.getfixturevalue("postgres_url"))
    engine = make_engine(server.render_as_string(hide_password=False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE migrated"))
    yield server.set(database="migrated").render_as_string(hide_password=False)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE migrated WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def engine(nothing: str) -> Iterator[Engine]:
    made = make_engine(nothing)
    yield made
    made.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    upgrade(engine)

    assert differences(engine) == []


def test_an_upgrade_of_an_upgraded_database_changes_nothing_and_is_quick(engine: Engine) -> None:
    upgrade(engine)

    started = time.monotonic()
    upgrade(engine)

    assert time.monotonic() - started < 10
    assert differences(engine) == []


def test_two_processes_that_start_together_migrate_once(engine: Engine, nothing: str) -> None:
    other = make_engine(nothing)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(upgrade, [engine, other]))

    other.dispose()
    assert set(Base.metadata.tables) < set(inspect(engine).get_table_names())
