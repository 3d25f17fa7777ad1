"""Thousands of rows in one statement with one parameter: the database itself reads them from JSON.

For what comes in thousands within seconds, as the receipts of an alert do. SQLAlchemy prepares
each value of an `executemany` by itself in Python, which takes longer than writing it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session


def insert_new(
    session: Session,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    returning: Sequence[Column[Any]] = (),
) -> Sequence[Any]:
    """Insert those rows that do not exist yet; return the named columns of each that was inserted.

    All rows have the same names; a column that none has keeps the database's default.
    """
    if not rows:
        return ()
    new = table_of(session, table, rows)
    return insert_selected(session, table, select(*new.c), returning)


def insert_selected(
    session: Session,
    table: Table,
    source: Select[Any],
    returning: Sequence[Column[Any]] = (),
) -> Sequence[Any]:
    """Insert what a statement selects, column by column of that name, and is not there yet."""
    insert = (pg_insert if _is_pg(session) else sqlite_insert)(table)
    names = [one.name for one in source.selected_columns]
    # Without a condition SQLite would take ON CONFLICT for the ON of a join.
    statement = insert.from_select(names, source.where(true())).on_conflict_do_nothing()
    if not returning:
        session.connection().execute(statement)
        return ()
    return session.connection().execute(statement.returning(*returning)).all()


def update_each(
    session: Session,
    table: Table,
    keys: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Give what has the `keys` of a row the row's other values.

    All rows have the same names, and no two the same keys. An index over all keys is needed:
    without it the database would go through the table.
    """
    if not rows:
        return
    new = table_of(session, table, rows)
    named = set(keys)
    session.connection().execute(
        update(table)
        .where(*(table.c[name] == new.c[name] for name in named))
        .values({name: new.c[name] for name in rows[0] if name not in named})
    )


def table_of(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> Subquery:
    """Return rows as a table of the database, named `new`; their columns are those of `table`."""
    columns = [table.c[name] for name in rows[0]]
    is_pg = _is_pg(session)
    text = json.dumps(
        [[row[one.name] for one in columns] for row in rows],
        default=_for_pg if is_pg else _for_sqlite,
        separators=(",", ":"),
    )
    sent = bindparam("rows", text, Text)
    if is_pg:
        each = func.jsonb_array_elements(cast(sent, JSONB)).table_valued(column("value", JSONB))
        values = [_of_pg(each.c.value, number, one) for number, one in enumerate(columns)]
    else:
        each = func.json_each(sent).table_valued("value")
        values = [_of_sqlite(each.c.value, number, one) for number, one in enumerate(columns)]
    return select(*values).subquery("new")


def _is_pg(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _of_pg(row: ColumnElement[Any], number: int, wanted: Column[Any]) -> ColumnElement[Any]:
    arrow = "->" if isinstance(wanted.type, JSON) else "->>"
    return cast(row.op(arrow)(number), wanted.type).label(wanted.name)


def _of_sqlite(row: ColumnElement[Any], number: int, wanted: Column[Any]) -> ColumnElement[Any]:
    return type_coerce(func.json_extract(row, f"$[{number}]"), wanted.type).label(wanted.name)


def _for_pg(value: Any) -> str:
    return _instant(value).isoformat()


def _for_sqlite(value: Any) -> str:
    """Return an instant as SQLAlchemy stores it there (`controller.db.Instant`)."""
    return _instant(value).isoformat(" ", "microseconds").removesuffix("+00:00")


def _instant(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is no value of a bulk statement")
    return value if value.tzinfo is UTC else value.astimezone(UTC)
