"""The command line of the agent: `truyenthanh-agent enrol | run | config | status`."""

import logging
import platform
import signal
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_agent import __version__
from edge_agent.commands import LogTail
from edge_agent.config import AgentConfig, load_config, printable
from edge_agent.errors import AgentError, ConfigurationWrong
from firmware_profiles import ProfileError
from wire.errors import WireError

if TYPE_CHECKING:
    from edge_agent.app import Agent

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="truyenthanh-agent")
def main() -> None:
    """Thiết bị đầu cuối của Truyền Thanh. | The edge agent of Truyền Thanh."""


def _speaks_plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our errors into one sentence and an exit status."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except ConfigurationWrong as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            sys.exit(2)
        except (AgentError, ProfileError, WireError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped


@main.command()
@click.option("--controller", help="https://máy-chủ:cổng | https://host:port")
@click.option("--claim", help="Mã đăng ký (hoặc TT_AGENT_CLAIM_FILE). | The claim code.")
@_speaks_plainly
def enrol(controller: str | None, claim: str | None) -> None:
    """Đăng ký thiết bị này với bộ điều khiển. | Enrol this device with a controller."""
    config = load_config(controller=controller, claim=claim)
    if not config.claim:
        raise ConfigurationWrong(("TT_AGENT_CLAIM: thiếu mã đăng ký / no claim code",))
    from edge_agent.enrol import enrol as join  # noqa: PLC0415 - `run` never needs it

    device = join(
        config.data_dir,
        config.controller,
        config.claim,
        agent_version=__version__,
        hardware=platform.platform()[:200],
    )
    click.echo(device)


@main.command()
@_speaks_plainly
def renew() -> None:
    """Xin chứng thư mới cho cùng khóa. | Get a new certificate for the same key."""
    from edge_agent.enrol import renew as ask_again  # noqa: PLC0415 - `run` never needs it

    ask_again(load_config().data_dir)


@main.command()
@_speaks_plainly
def run() -> None:
    """Chạy cho đến khi nhận SIGTERM. | Run until SIGTERM."""
    config = load_config()
    tail = _start_logging(config)
    from edge_agent.app import build  # noqa: PLC0415 - the other commands start faster without it
    from edge_agent.conductor import Outcome  # noqa: PLC0415 - as above

    outcome = Outcome.RESTART
    while outcome is Outcome.RESTART:
        agent = build(config, tail)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, partial(_on_signal, agent))
        outcome = agent.run()


@main.command()
@_speaks_plainly
def config() -> None:
    """In cấu hình đang dùng. | Print the effective configuration."""
    for name, value in printable(load_config()).items():
        click.echo(f"{name}={value}")


@main.command()
@_speaks_plainly
def status() -> None:
    """In những gì thiết bị đang giữ. | Print what this device holds."""
    from edge_agent.overview import overview  # noqa: PLC0415 - as in `run`

    for name, value in overview(Path(load_config().data_dir)).items():
        click.echo(f"{name}: {value}")


def _on_signal(agent: "Agent", number: int, _frame: object) -> None:
    agent.ask_to_stop(signal.Signals(number).name)


def _start_logging(config: AgentConfig) -> LogTail:
    tail = LogTail()
    tail.setFormatter(logging.Formatter(FORMAT))
    logging.basicConfig(level=config.log_level, format=FORMAT)
    logging.getLogger().addHandler(tail)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return tail
