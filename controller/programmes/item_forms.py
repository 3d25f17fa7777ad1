"""The items of a programme as a browser sends them: one list of values for each column."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from controller.errors import Invalid

Row = dict[str, Any]
COLUMNS = ("kind", "sha256", "url", "minutes", "fallback")


def items_of(form: MultiDict[str, str]) -> list[Row]:
    """Return the items in the order of the page, ready for `checked_items`; raises Invalid."""
    columns = [form.getlist(name) for name in COLUMNS]
    return [
        _item(number, dict(zip(COLUMNS, row, strict=True)))
        for number, row in enumerate(zip(*columns, strict=False), start=1)
    ]


def row_of(item: Mapping[str, Any]) -> Row:
    """Return a stored item as the values of its row on the page."""
    minutes = item.get("for_ms", 0) / 60_000
    return {
        "kind": item["kind"],
        "sha256": item.get("sha256", ""),
        "url": item.get("url", ""),
        "minutes": f"{minutes:g}" if minutes else "",
        "fallback": item.get("fallback") or "",
    }


def _item(number: int, row: Mapping[str, str]) -> Row:
    if row["kind"] == "relay":
        item: Row = {"kind": "relay", "url": row["url"].strip(), "source": _source(row["url"])}
        return item | {"for_ms": _milliseconds(number, row), "fallback": row["fallback"]}
    return {"kind": "asset", "sha256": row["sha256"]}


def _source(url: str) -> str:
    return "hls" if ".m3u8" in url else "http"


def _milliseconds(number: int, row: Mapping[str, str]) -> int:
    try:
        return round(float(row["minutes"].replace(",", ".")) * 60_000)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            field=f"{number}", why_vi="cần số phút tiếp sóng", why_en="needs the minutes of relay"
        ) from error
