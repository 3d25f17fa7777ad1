"""`truyenthanh demo`: a morning in the commune An Bình, or the whole path once with a report."""

import contextlib
import json
import logging
import signal
import sys
import tempfile
from pathlib import Path

import click

from controller.demo.drill import play_drill
from controller.demo.morning import live_morning
from controller.demo.once import play_once

HEARD = Path("var/heard")


@click.command()
@click.option("--once", is_flag=True, help="Một lần rồi dừng. | Once, unattended, then stop.")
@click.option("--json", "as_json", is_flag=True, help="Kết thúc bằng JSON. | End with JSON.")
@click.option(
    "--audio",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tệp phát thay cho bản tin. | A file to play instead of the bulletin.",
)
@click.option("--drill", is_flag=True, help="Một cuộc diễn tập rồi dừng. | One drill, then stop.")
def demo(*, once: bool, as_json: bool, audio: Path | None, drill: bool) -> None:
    """Một buổi sáng ở xã An Bình. | A morning in the commune An Bình."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if not once and not drill:
        _run_live()
        return
    with tempfile.TemporaryDirectory(prefix="tt-demo-") as folder:
        if drill:
            report = play_drill(Path(folder), HEARD, _tell)
            is_whole = report["heard_in"] == report["clusters"] == report["bulletins_back"] > 0
        else:
            report = play_once(Path(folder), HEARD, audio, _tell)
            is_whole = report["slots_played"] == report["slots_planned"] == report["devices"]
    click.echo(json.dumps(report) if as_json else json.dumps(report, indent=2))
    sys.exit(0 if is_whole and not report["failures"] else 1)


def _run_live() -> None:
    """Run until Ctrl-C or SIGTERM, which may come at any moment of the start as well."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="tt-demo-") as folder,
    ):
        live_morning(Path(folder), _tell)


def _tell(vi: str, en: str) -> None:
    click.echo(f"... {vi} | {en}", err=True)
