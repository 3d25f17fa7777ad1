"""The `db` commands: the tables of this version, and drafts of the next migration."""

import click

from controller.migrate import draft, upgrade
from controller.terminal import open_engine


@click.group()
def db() -> None:
    """Cơ sở dữ liệu / The database."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Đưa bảng về phiên bản này / Bring the tables to this version."""
    with open_engine() as engine:
        upgrade(engine)


@db.command("draft")
@click.argument("number")
@click.argument("message")
def draft_command(number: str, message: str) -> None:
    """Viết bản nháp di trú / Write the migration to the tables in the code, for review."""
    with open_engine() as engine:
        draft(engine, message, number)
