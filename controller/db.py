"""The database: typed columns that keep instants aware, the engine for SQLite or PostgreSQL.

Tables live with their subject (`*/models.py`); migrations in `migrations/`. Nothing here commits.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Engine,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from controller.turns import Turns

Sessions = sessionmaker[Session]
Clock = Callable[[], datetime]
"""Returns now as an aware instant in UTC; passed in, so that tests choose it."""


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC on every database; a naive value is a bug and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into UTC, naive where the database keeps no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is no instant")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give the instant back in UTC."""
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read SQLite's text in one call, not three: thousands of rows have six instants each."""
        if dialect.name == "sqlite":
            return _instant_of
        return super().result_processor(dialect, coltype)


def _instant_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class Base(DeclarativeBase):
    """The root of all tables; constraint names are predictable, so that migrations are."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this exact class attribute
        datetime: Instant,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        list[str]: JSON,
        list[float]: JSON,
    }


WAIT_S = 30
_TURN = "turn"


def make_engine(url: str) -> Engine:
    """Return an engine; SQLite gets WAL, foreign keys, and write locks taken at BEGIN, in turns."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=20)
    # Who waits for a turn holds a connection: readers must still find one.
    engine = create_engine(url, connect_args={"timeout": WAIT_S}, pool_size=20, max_overflow=60)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite(Turns()))
    event.listen(engine, "checkin", _give_back_turn)
    return engine


def make_sessions(engine: Engine, *, read_only: bool = False, is_patient: bool = False) -> Sessions:
    """Return the factory of sessions; objects stay readable after commit.

    Read-only sessions do not take SQLite's write lock, so pages never wait for a writer. Patient
    ones let others write first: for work in the background that nobody waits for.
    """
    bind = engine.execution_options(read_only=read_only, is_patient=is_patient)
    return sessionmaker(bind, expire_on_commit=False)


def upsert(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or update those whose primary key exists, on either database."""
    if not rows:
        return
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    keys = [column.name for column in table.__table__.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed), [dict(r) for r in rows]
    )


def _begin_sqlite(turns: Turns) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("read_only", False):
            connection.exec_driver_sql("BEGIN")
            return
        has_turn = _TURN in connection.info  # a second transaction on the same connection
        if not has_turn and turns.take(
            is_patient=options.get("is_patient", False), timeout_s=WAIT_S
        ):
            connection.info[_TURN] = turns
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return begin


def _give_back_turn(_connection: Any, entry: ConnectionPoolEntry) -> None:
    """Every session gives its connection back at its end, also when BEGIN or the commit failed."""
    turns: Turns | None = entry.info.pop(_TURN, None)
    if turns is not None:
        turns.give_back()


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; pysqlite's own comes too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")
