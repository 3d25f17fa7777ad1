"""Reads the words and sirens of the emergency pack: ours, and those of the site laid over them."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.emergencies.announcer import Announcer
from controller.errors import ControllerError
from wire.alert import Hazard, Language
from wire.pack import SirenPattern, Wording

OWN_WORDS = "pack_words.toml"
"""What the words of a site are called, in its data folder."""
SHIPPED = Path(__file__).with_name("pack_words.toml")
ABOUTS = frozenset({*Hazard, "any", "all_clear", "drill"})
LONGEST_TEXT = 500
_LANGUAGE = TypeAdapter(Language)


class WordsInvalid(ControllerError):
    """A file of words makes no sense; facts `file`, `why`."""

    code = "pack_words_invalid"
    vi = "Tệp câu báo khẩn cấp {file} sai: {why}"
    en = "The emergency words in {file} are wrong: {why}"


@dataclass(frozen=True, slots=True)
class Saying:
    """One sentence of a pack: said by `voice`, or recorded in `file` (whose hash is `recorded`).

    `text` is in words, by the shipped dictionary alone: a pack is for the devices of many areas.
    """

    about: str
    wording: Wording
    language: str
    text: str
    voice: str
    file: Path | None = None
    recorded: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything there is to say, and the sirens."""

    sirens: tuple[SirenPattern, ...]
    sayings: tuple[Saying, ...]

    def in_languages(self, languages: frozenset[str]) -> tuple[Saying, ...]:
        """Return the sentences of some languages, in order."""
        return tuple(one for one in self.sayings if one.language in languages)


def load_words(own: Path | None = None) -> Words:
    """Return the shipped words with those of the file `own` over them, if there is such a file.

    Raises WordsInvalid.
    """
    table, file = _read(SHIPPED), SHIPPED
    if own is not None and own.exists():
        table, file = _merged(table, _read(own)), own
    try:
        languages = table["languages"].items()
        sayings = [one for name, said in languages for one in _sayings(name, said, file.parent)]
        return Words(tuple(_siren(*pair) for pair in table["sirens"].items()), tuple(sayings))
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise WordsInvalid(file=str(file), why=_why(error)) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WordsInvalid(file=str(path), why=str(error)) from error


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one table over another, key by key; a sentence or a siren replaces the whole old one."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        is_table = isinstance(old, dict) and isinstance(value, dict) and "text" not in value
        merged[key] = _merged(old, value) if is_table and old else value
    return merged


def _siren(name: str, sweeps: list[list[int]]) -> SirenPattern:
    steps = [{"from_hz": first, "to_hz": last, "for_ms": ms} for first, last, ms in sweeps]
    return SirenPattern.model_validate({"name": name, "sweeps": steps})


def _sayings(language: str, said: dict[str, Any], folder: Path) -> list[Saying]:
    _LANGUAGE.validate_python(language)
    voice = str(said.get("voice", language))
    return [
        _saying(about, wording, language, words, voice, folder)
        for wording in Wording
        for about, words in said.get(wording, {}).items()
    ]


def _saying(
    about: str, wording: Wording, language: str, words: Any, voice: str, folder: Path
) -> Saying:
    if about not in ABOUTS:
        raise ValueError(f"{language}.{wording}.{about}: one of {', '.join(sorted(ABOUTS))}")
    text = words if isinstance(words, str) else str(words["text"])
    if not 0 < len(text) <= LONGEST_TEXT:
        raise ValueError(f"{language}.{wording}.{about}: 1 to {LONGEST_TEXT} letters")
    text = Announcer().ours(text, language)
    if isinstance(words, str) or "file" not in words:
        return Saying(about, wording, language, text, voice)
    file = folder / str(words["file"])
    with file.open("rb") as recording:
        recorded = hashlib.file_digest(recording, "sha256").hexdigest()
    return Saying(about, wording, language, text, "", file, recorded)


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{one['loc']}: {one['msg']}" for one in error.errors())
    return f"{type(error).__name__}: {error}"
