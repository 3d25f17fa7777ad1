"""Brings a database to the tables of this version: at start, or by `truyenthanh db upgrade`."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from controller import migrations
from controller.tables import Base

_LOCK = 0x7474_6D69  # "ttmi": two processes that start together migrate one after the other


def upgrade(engine: Engine) -> None:
    """Run what is missing, in one transaction; quick when nothing is.

    A database file becomes its owner's alone: it holds the hashes of passwords.
    """
    with engine.begin() as connection:
        _take_turn(connection)
        command.upgrade(_alembic(connection), "head")
    file = Path(engine.url.database or "")
    if engine.dialect.name == "sqlite" and file.is_file():
        file.chmod(0o600)


def draft(engine: Engine, message: str, number: str) -> None:
    """Write the migration from an up-to-date database to the tables in the code, for review."""
    with engine.begin() as connection:
        command.revision(_alembic(connection), message, autogenerate=True, rev_id=number)


def differences(engine: Engine) -> list[object]:
    """Return what tells the tables of a database from those in the code; empty is right."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def _alembic(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
