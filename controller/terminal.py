"""What every command at the server's terminal needs: settings, a database, who types, and now.

Whoever may run commands here owns the machine: they act with every right, and by name.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from controller.config import Config, load_config
from controller.db import make_engine, make_sessions


def utc_now() -> datetime:
    """Return the present instant, which is then passed on as `now`."""
    return datetime.now(UTC)


def typist() -> str:
    """Return the name for the audit: `console:` and the account of the operating system."""
    try:
        return f"console:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, in a container
        return "console"


@contextmanager
def open_engine(config: Config | None = None) -> Iterator[Engine]:
    """Give the configured database's engine, and dispose of it."""
    chosen = config or load_config()
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(chosen.database)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def transaction(config: Config | None = None) -> Iterator[Session]:
    """Give a session that commits at the end, unless an error leaves the block.

    The root command's `obj` brings the tables to this version first (`cli.py`), so that any
    command may be the first one.
    """
    with open_engine(config) as engine:
        click.get_current_context().find_root().obj(engine)
        with make_sessions(engine).begin() as session:
            yield session


def say(vi: str, en: str) -> None:
    """Tell the person something, on stderr: results alone go to stdout."""
    click.echo(f"{vi} | {en}", err=True)
