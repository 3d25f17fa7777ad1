"""The `serve`, `web` and `worker` commands: build the controller, run it until a signal."""

import logging

import click

from controller.app import build
from controller.config import load_config
from controller.stopping import StopSignal
from controller.terminal import say


@click.command()
def serve() -> None:
    """Chạy tất cả trong một tiến trình / Run everything in one process."""
    _run(with_web=True, with_worker=True)


@click.command()
def web() -> None:
    """Chạy riêng phần web / Run the web half alone (PostgreSQL, one worker elsewhere)."""
    _run(with_web=True, with_worker=False)


@click.command()
def worker() -> None:
    """Chạy riêng phần nền / Run the background half alone."""
    _run(with_web=False, with_worker=True)


def _run(*, with_web: bool, with_worker: bool) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = load_config()
    until = StopSignal()
    until.listen()
    app = build(config, with_web=with_web, with_worker=with_worker)
    if with_web:
        url = f"http://{config.http_host}:{config.http_port}/"
        say(f"Bảng điều khiển: {url}", f"The console: {url}")
    app.run(until)
