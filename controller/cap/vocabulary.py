"""What events, levels and codes mean here: the shipped tables, and a site's own laid over them.

A site's folder (`TT_CAP_TABLES`) holds `hazards.toml`, `geocodes.toml`, or both, in the form of
`data/`; its rows go before the shipped ones. Read once, at the start.
"""

from dataclasses import dataclass
from pathlib import Path

from controller.cap.geocodes import Schemes, read_schemes, shipped_schemes
from controller.cap.hazards import Tables, read_tables, shipped
from controller.errors import Invalid

HAZARDS, GEOCODES = "hazards.toml", "geocodes.toml"


@dataclass(frozen=True)
class Vocabulary:
    """The tables of hazards and levels, and the schemes of codes."""

    tables: Tables
    schemes: Schemes


def shipped_vocabulary() -> Vocabulary:
    """Return what ships with us."""
    return Vocabulary(shipped(), shipped_schemes())


def read_vocabulary(folder: Path | None) -> Vocabulary:
    """Return the shipped words with those of a site's folder before them.

    Raises Invalid that names the file and what is wrong: no such folder, nothing in it, unreadable.
    """
    ours = shipped_vocabulary()
    if folder is None:
        return ours
    files = [folder / name for name in (HAZARDS, GEOCODES)]
    if not any(file.is_file() for file in files):
        raise _wrong(
            folder,
            f"không có {HAZARDS} hay {GEOCODES} trong thư mục này",
            f"there is neither {HAZARDS} nor {GEOCODES} in this folder",
        )
    hazards, geocodes = (_read(file) for file in files)
    tables = read_tables(hazards, str(files[0])).over(ours.tables) if hazards else ours.tables
    schemes = read_schemes(geocodes, str(files[1])).over(ours.schemes) if geocodes else ours.schemes
    return Vocabulary(tables, schemes)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(file, f"không đọc được: {error}", f"unreadable: {error}") from None


def _wrong(place: Path, why_vi: str, why_en: str) -> Invalid:
    return Invalid(field=f"TT_CAP_TABLES: {place}", why_vi=why_vi, why_en=why_en)
