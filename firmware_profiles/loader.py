"""Reads a device file, lays it over the one file it inherits from, and checks the whole.

A *device* (`devices/*.toml`) is a model that can be loaded; a *board* (`boards/*.toml`) is a part
that devices share. Tables are merged key by key; a list in the device replaces the inherited one.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from firmware_profiles.errors import Problem, ProfileInvalid, ProfileMissing
from firmware_profiles.models import Profile

SHIPPED = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")

Table = dict[str, Any]
Layer = tuple[str, Table]  # file name as people see it, and what it says itself


def profile_names(folder: Path = SHIPPED) -> tuple[str, ...]:
    """List the names that `load_profile` takes, sorted; `folder` holds `devices/` and `boards/`."""
    return tuple(sorted(path.stem for path in (folder / "devices").glob("*.toml")))


def load_profile(name: str, folder: Path = SHIPPED) -> Profile:
    """Return the complete, checked profile of one device model.

    Raises ProfileMissing when there is no such model and ProfileInvalid, with every fault found,
    when its file or the one it inherits from breaks the rules.
    """
    if name not in profile_names(folder):
        raise ProfileMissing(name, folder / "devices", profile_names(folder))
    layers = _layers(name, folder)
    table: Table = {}
    for _, own in reversed(layers):
        table = _merged(table, own)
    try:
        # Through JSON, where strict checking still takes a list for a tuple.
        return Profile.model_validate_json(json.dumps(table | {"id": name}, default=str))
    except ValidationError as error:
        raise ProfileInvalid(tuple(_problem(e, layers) for e in error.errors())) from None


def _layers(name: str, folder: Path) -> list[Layer]:
    """Read the device's own layer, then that of its parent if it has one."""
    own = _read(folder, "devices", name)
    parent = own[1].pop("inherits", None)
    if parent is None:
        return [own]
    kind = next((k for k in ("boards", "devices") if _exists(folder, k, parent)), None)
    if kind is None:
        vi, en = f"không có tệp “{parent}”", f'there is no file "{parent}"'
        raise ProfileInvalid((Problem(own[0], "inherits", vi, en),))
    above = _read(folder, kind, parent)
    if "inherits" in above[1]:
        vi = f"{above[0]} cũng kế thừa; chỉ được kế thừa một bậc"
        en = f"{above[0]} inherits too; one level is the limit"
        raise ProfileInvalid((Problem(own[0], "inherits", vi, en),))
    return [own, above]


def _exists(folder: Path, kind: str, name: object) -> bool:
    return (
        isinstance(name, str)
        and _NAME.fullmatch(name) is not None
        and (folder / kind / f"{name}.toml").is_file()
    )


def _read(folder: Path, kind: str, name: str) -> Layer:
    file = f"{kind}/{name}.toml"
    try:
        table = tomllib.loads((folder / file).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ProfileInvalid((Problem(file, "", "không đọc được TOML", str(error)),)) from error
    if "id" in table:
        vi, en = "tên tệp chính là id, bỏ khóa này", "the file name is the id, remove this key"
        raise ProfileInvalid((Problem(file, "id", vi, en),))
    return file, table


def _merged(below: Table, above: Table) -> Table:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(old, value) if both else value  # type: ignore[arg-type] # `both`
    return result


def _problem(error: ErrorDetails, layers: list[Layer]) -> Problem:
    # A discriminated union puts the chosen tag into the place; it is not a key of the file.
    place = [part for part in error["loc"] if part not in {"none", "rds", "dtmf"}]
    vi, en = _sentence(error)
    return Problem(_file_of(place, layers), ".".join(str(part) for part in place), vi, en)


def _file_of(place: list[int | str], layers: list[Layer]) -> str:
    """Name the file that says the key at fault; the device's own when none does."""
    top = place[0] if place else None
    for file, table in layers:
        if _says(table, place):
            return file
    return next((file for file, table in layers if top in table), layers[0][0])


def _says(value: Any, place: list[int | str]) -> bool:
    for part in place:
        known = isinstance(value, dict) and part in value
        if not known and not (isinstance(value, list) and isinstance(part, int)):
            return False
        value = value[part]
    return bool(place)


def _sentence(error: ErrorDetails) -> tuple[str, str]:
    """Say why, in Vietnamese and English; without full stop."""
    given, facts = error["input"], error.get("ctx", {})
    match error["type"]:
        case "profile_rule":
            return str(facts["vi"]), str(facts["en"])
        case "extra_forbidden":
            return "khóa không được biết", "unknown key"
        case "missing" | "union_tag_not_found":
            return "thiếu giá trị bắt buộc", "a value is required here"
        case "literal_error" | "union_tag_invalid":
            allowed = facts.get("expected") or facts.get("expected_tags")
            return f"{given!r} không được; chọn: {allowed}", f"{given!r} is none of: {allowed}"
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            return f"{given!r} ngoài khoảng cho phép", f"{given!r} is out of range: {error['msg']}"
        case _:
            return f"giá trị {given!r} không hợp lệ", f"{given!r} is not valid: {error['msg']}"
