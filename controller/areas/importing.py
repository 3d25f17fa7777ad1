"""Areas from a CSV file: all of it or nothing, and every bad line named.

Columns: id, kind, name, name_en, parent_id, valid_from, valid_until, predecessors, latitude,
longitude, code; and, if they are there, head_name and head_phone (an import without them keeps
who is known). Lines may stand in any order; known areas get the new values but stay where they
hang (moving is `areas.service.move_area`). `predecessors` are ids or names, joined by `;`: an id
of the tree becomes a succession, everything else is kept as the area's former names.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from controller.areas.models import Area, Succession
from controller.areas.service import DEEPEST, is_phone
from controller.db import upsert
from controller.errors import ControllerError
from wire.topics import AREA_PATTERN

COLUMNS = (
    "id", "kind", "name", "name_en", "parent_id", "valid_from", "valid_until", "predecessors",
    "latitude", "longitude", "code",
)  # fmt: skip
HEAD = ("head_name", "head_phone")
VIETNAM = Path(__file__).parent / "data" / "vietnam.csv"
BATCH = 500
SHOWN = 20
LONGEST_NAME = 200
REQUIRED = ("id", "kind", "name")
ENDS = ("from", "until")


class LinesBad(ControllerError):
    """Lines that make no sense; facts `count`, `lines` (a sentence each), `shown`."""

    code = "lines_bad"
    status = 422
    vi = "{count} dòng sai, chưa nhập gì: {shown}"
    en = "{count} bad lines, nothing was imported: {shown}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    created: int
    updated: int
    successions: int


Row = dict[str, Any]


def import_areas(
    session: Session, lines: Iterable[str], progress: Callable[[int, int], None] | None = None
) -> Imported:
    """Read CSV text into the tree; `progress` is told (done, all). Raises `LinesBad`."""
    read = _Reading(list(csv.DictReader(lines)))
    known = {row.id: row for row in session.execute(select(Area.id, Area.path, Area.parent_id))}
    paths = {area_id: row.path for area_id, row in known.items()}
    rows = read.rows(paths, {area_id: row.parent_id for area_id, row in known.items()})
    if read.problems:
        shown = "; ".join(read.problems[:SHOWN])
        raise LinesBad(count=len(read.problems), lines=tuple(read.problems), shown=shown)
    created = [row for row in rows if row["id"] not in known]
    updated = [row for row in rows if row["id"] in known]
    done = 0
    for statement, batches in ((insert(Area), created), (update(Area), updated)):
        for at in range(0, len(batches), BATCH):
            session.execute(statement, batches[at : at + BATCH])
            done += len(batches[at : at + BATCH])
            if progress:
                progress(done, len(rows))
    upsert(session, Succession, read.successions)
    session.expire_all()
    return Imported(len(created), len(updated), len(read.successions))


class _Reading:
    """The lines of a file, and what is wrong with them."""

    def __init__(self, raw: list[Mapping[str, str]]) -> None:
        self.problems: list[str] = []
        self.successions: list[Row] = []
        self._raw = raw

    def rows(self, paths: dict[str, str], parents: Mapping[str, str | None]) -> list[Row]:
        """Return the rows, each after its parent; adds their paths to `paths`."""
        if not self._raw or None in self._raw[0] or not set(REQUIRED) <= set(self._raw[0]):
            self._bad(1, "thiếu cột " + ", ".join(REQUIRED), "has no such columns")
            return []
        rows = self._unique([self._row(n, raw) for n, raw in enumerate(self._raw, start=2)])
        for row in rows.values():
            if row["id"] in parents and parents[row["id"]] != row["parent_id"]:
                self._bad(row["line"], "đã có ở nơi khác trong cây", "hangs elsewhere already")
        ordered = self._ordered(rows, paths)
        for row in ordered:
            self._take_predecessors(row, paths)
        return [{name: row[name] for name in row if name != "line"} for row in ordered]

    def _unique(self, rows: Iterable[Row]) -> dict[str, Row]:
        unique: dict[str, Row] = {}
        for row in rows:
            if row["id"] in unique:
                self._bad(row["line"], f"trùng id {row['id']}", f"repeats the id {row['id']}")
            unique[row["id"]] = row
        return unique

    def _ordered(self, rows: dict[str, Row], paths: dict[str, str]) -> list[Row]:
        """Place each row below its parent, level by level; what is left over hangs nowhere."""
        ordered: list[Row] = []
        waiting = dict(rows)
        while ready := [row for row in waiting.values() if _is_placed(row, waiting, paths)]:
            for row in ready:
                row["path"] = f"{paths[row['parent_id']] if row['parent_id'] else '/'}{row['id']}/"
                paths[row["id"]] = row["path"]
                if row["path"].count("/") - 1 > DEEPEST:
                    self._bad(row["line"], f"sâu quá {DEEPEST} cấp", f"is below {DEEPEST} levels")
                del waiting[row["id"]]
            ordered += ready
        for row in waiting.values():
            self._bad(row["line"], f"không có {row['parent_id']}", f"no area {row['parent_id']}")
        return ordered

    def _row(self, line: int, raw: Mapping[str, str | None]) -> Row:
        text = {name: (raw.get(name) or "").strip() for name in COLUMNS}
        for name in REQUIRED:
            if not text[name]:
                self._bad(line, f"thiếu {name}", f"has no {name}")
        if text["id"] and not re.fullmatch(AREA_PATTERN, text["id"]):
            self._bad(line, f"id {text['id']!r} sai", f"has the wrong id {text['id']!r}")
        valid_from, valid_until = (self._date(line, text, f"valid_{end}") for end in ENDS)
        if valid_from and valid_until and valid_until < valid_from:
            self._bad(line, "kết thúc trước bắt đầu", "ends before it starts")
        return {
            "line": line,
            **{name: text[name] for name in ("id", "kind", "name", "name_en", "code")},
            "parent_id": text["parent_id"] or None,
            "valid_from": valid_from,
            "valid_until": valid_until,
            "formerly": text["predecessors"],
            "latitude": self._degrees(line, text, "latitude", 90),
            "longitude": self._degrees(line, text, "longitude", 180),
            **self._head(line, raw),
        }

    def _head(self, line: int, raw: Mapping[str, str | None]) -> Row:
        """Return who is called there, as far as the file has columns for it."""
        said = {name: (raw[name] or "").strip() for name in HEAD if name in raw}
        if not is_phone(said.get("head_phone", "")):
            self._bad(line, "head_phone không phải số điện thoại", "head_phone is no phone number")
        if len(said.get("head_name", "")) > LONGEST_NAME:
            self._bad(line, "head_name quá dài", "head_name is too long")
        return said

    def _take_predecessors(self, row: Row, paths: Mapping[str, str]) -> None:
        names = [name.strip() for name in row["formerly"].split(";") if name.strip()]
        old = [name for name in names if name in paths and name != row["id"]]
        row["formerly"] = ";".join(name for name in names if name not in paths)
        if old and row["valid_from"] is None:
            self._bad(row["line"], "có tiền thân mà thiếu valid_from", "has no valid_from")
        self.successions += [
            {"old_id": name, "new_id": row["id"], "since": row["valid_from"]} for name in old
        ]

    def _date(self, line: int, text: Mapping[str, str], name: str) -> date | None:
        try:
            return date.fromisoformat(text[name]) if text[name] else None
        except ValueError:
            self._bad(line, f"{name} không phải ngày YYYY-MM-DD", f"{name} is no date YYYY-MM-DD")
            return None

    def _degrees(self, line: int, text: Mapping[str, str], name: str, most: int) -> float | None:
        try:
            value = float(text[name]) if text[name] else None
        except ValueError:
            value = float("inf")
        if value is not None and not -most <= value <= most:
            self._bad(line, f"{name} ngoài ±{most}", f"{name} is outside ±{most}")
            return None
        return value

    def _bad(self, line: int, vi: str, en: str) -> None:
        self.problems.append(f"dòng | line {line}: {vi} | {en}")


def _is_placed(row: Row, waiting: Mapping[str, Row], paths: Mapping[str, str]) -> bool:
    parent = row["parent_id"]
    return not parent or (parent not in waiting and parent in paths)
