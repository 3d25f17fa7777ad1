"""`truyenthanh`: every command of the controller. Groups are imported when they are asked for.

An error of ours is a sentence in both languages on stderr and exit 1 (2 for wrong settings), never
a traceback.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from controller.config import SECRETS, ConfigInvalid, load_config
from controller.errors import ControllerError
from wire.errors import WireError

if TYPE_CHECKING:
    from sqlalchemy import Engine

COMMANDS = {
    "areas": ("controller.people.cli:areas", "Địa bàn / Areas"),
    "audit": ("controller.people.cli:audit", "Nhật ký hệ thống / The audit chain"),
    "cap": ("controller.cap.commands:cap", "Cảnh báo CAP / CAP warnings"),
    "config": ("controller.cli:show_config", "Cấu hình đang dùng / The effective settings"),
    "db": ("controller.migrate_cli:db", "Cơ sở dữ liệu / The database"),
    "demo": ("controller.demo.cli:demo", "Một buổi sáng ở xã An Bình / A morning in An Bình"),
    "devices": ("controller.stations.cli:devices", "Thiết bị / Devices"),
    "keys": ("controller.stations.keys_cli:keys", "Khóa / The controller's keys"),
    "people": ("controller.people.cli:people", "Tài khoản và vai trò / Accounts and roles"),
    "profiles": ("firmware_profiles.cli:profiles", "Các mẫu thiết bị / The device models"),
    "schedule": ("schedules.cli:schedule", "Kiểm tra lịch phát / Check schedule rules"),
    "serve": ("controller.serve_cli:serve", "Chạy tất cả / Run everything"),
    "speech": ("controller.library.speech_cli:speech", "Đọc văn bản / Reading texts aloud"),
    "stations": ("controller.stations.cli:stations", "Đài truyền thanh / Stations"),
    "web": ("controller.serve_cli:web", "Chạy riêng phần web / Run the web half alone"),
    "wire": ("wire.cli:wire", "Đọc thông điệp / Look at messages"),
    "worker": ("controller.serve_cli:worker", "Chạy riêng phần nền / Run the background half"),
}


class LazyGroup(click.Group):
    """Knows its commands by name and one line each, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return the command of a name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Lệnh / Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="truyenthanh", prog_name="truyenthanh")
def truyenthanh() -> None:
    """Bộ điều khiển truyền thanh / The controller of the commune radio."""


@click.command("config")
def show_config() -> None:
    """Xem cấu hình đang dùng, che phần bí mật / Print the effective settings, secrets masked."""
    config = load_config()
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, tuple):
            value = ",".join(value)
        if value is not None and name in SECRETS:
            value = "********"
        click.echo(f"TT_{name.upper()}={'' if value is None else value}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    try:
        code: Any = truyenthanh.main(
            arguments, prog_name="truyenthanh", standalone_mode=False, obj=_bring_up_to_date
        )
    except ConfigInvalid as error:
        return _told(error.sentence("vi"), error.sentence("en"), 2)
    except ControllerError as error:
        return _told(error.sentence("vi"), error.sentence("en"), 1)
    except WireError as error:
        return _told(error.vi, f"{error.en}: {error.detail}", 1)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _told("Đã dừng", "Aborted", 1)
    return code if isinstance(code, int) else 0


def _bring_up_to_date(engine: "Engine") -> None:
    """Give the terminal's transactions the tables of this version."""
    from controller.migrate import upgrade  # noqa: PLC0415 - loads every table

    upgrade(engine)


def _told(vi: str, en: str, code: int) -> int:
    click.echo(vi, err=True)
    click.echo(en, err=True)
    return code
