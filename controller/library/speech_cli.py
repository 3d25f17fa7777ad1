"""The `speech` commands: what a text will sound like, on paper and in a file."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import click

from controller.config import load_config
from controller.errors import ControllerError
from controller.library.errors import LibraryError
from controller.library.speech import Manner, Reader, SpokenText
from controller.library.voices import default_voice
from controller.speech import Dictionary, LineBad, Settings, normalise, parse, settings_of
from controller.terminal import say as tell


class NotSpoken(ControllerError):
    """A text or dictionary that cannot be read; facts `why_vi`, `why_en`."""

    code = "not_spoken"
    vi = "{why_vi}"
    en = "{why_en}"


@click.group()
def speech() -> None:
    """Đọc văn bản thành lời / Reading texts aloud."""


def _reading(command: click.decorators.FC) -> click.decorators.FC:
    """Give a command the options that decide how a text is read."""
    options = (
        click.option("--region", type=click.Choice(["north", "central", "south"]), default="north",
                     show_default=True, help="Cách đọc theo miền / How a region reads."),
        click.option("--thousand", type=click.Choice(["nghìn", "ngàn"])),
        click.option("--empty-tens", type=click.Choice(["linh", "lẻ"])),
        click.option("--early-day", type=click.Choice(["mùng", "mồng"])),
        click.option("--dictionary", "files", multiple=True,
                     type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="Từ điển thêm, tệp sau thắng / A dictionary on top; later ones win."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@speech.command("normalise")
@_reading
def normalise_lines(files: tuple[Path, ...], **words: str | None) -> None:
    """Đọc từng dòng nhập vào, in ra lời sẽ nói / Print what will be spoken, line by line."""
    settings, dictionaries = _settings(words), _dictionaries(files)
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    for number, line in enumerate(lines, start=1):
        spoken = normalise(line.rstrip("\r\n"), settings, dictionaries)
        click.echo(spoken.text)
        for warning in spoken.warnings:
            tell(f"Dòng {number}: {warning.sentence('vi')}", warning.sentence("en"))


@speech.command("say")
@click.argument("text")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--voice", default="vi", show_default=True, help="Giọng đọc / The voice.")
@click.option("--speed", default=150, show_default=True, type=click.IntRange(80, 300))
@click.option("--pitch", default=50, show_default=True, type=click.IntRange(0, 99))
@_reading
def say_text(
    text: str,
    output: Path,
    voice: str,
    speed: int,
    pitch: int,
    files: tuple[Path, ...],
    **words: str | None,
) -> None:
    """Đọc văn bản vào tệp WAV / Speak a text into a WAV file."""
    settings, dictionaries = _settings(words), _dictionaries(files)

    def in_words(written: str) -> SpokenText:
        spoken = normalise(written, settings, dictionaries)
        for warning in spoken.warnings:
            tell(warning.sentence("vi"), warning.sentence("en"))
        return SpokenText(written, spoken.text)

    try:
        wav = Reader(default_voice(load_config().data_dir), None, in_words).read(
            text, Manner(voice, speed, pitch)
        )
    except LibraryError as error:
        raise NotSpoken(why_vi=error.vi, why_en=error.en) from error
    output.write_bytes(wav)


def _settings(words: dict[str, str | None]) -> Settings:
    region = settings_of(words.pop("region"))  # type: ignore[arg-type] # click allows regions only
    chosen = {name: word for name, word in words.items() if word is not None}
    return replace(region, **chosen)  # type: ignore[arg-type] # as above, for each word


def _dictionaries(files: tuple[Path, ...]) -> tuple[Dictionary, ...]:
    try:
        return tuple(Dictionary(parse(file.read_text("utf-8"))) for file in files)
    except LineBad as bad:
        raise NotSpoken(why_vi=bad.vi, why_en=bad.en) from bad
    except UnicodeDecodeError as bad:
        raise NotSpoken(
            why_vi="Từ điển không phải UTF-8", why_en="A dictionary is not UTF-8"
        ) from bad
