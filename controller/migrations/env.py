"""Alembic's entry: runs on the connection that `controller/migrate.py` brings, nothing else."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from controller.db import Instant
from controller.tables import Base


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Spell our own column type as SQLAlchemy's, so that history does not depend on our code."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=_render,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
