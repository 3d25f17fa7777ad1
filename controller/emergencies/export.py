"""Clusters of an alert as a table for spreadsheets, to be called one after the other."""

import csv
import io
from collections.abc import Iterable

from controller.emergencies.progress import ClusterReach
from controller.emergencies.reach_words import SHOWN, code_words
from controller.spreadsheet import harmless

HEADING = (
    "Địa bàn", "Người phụ trách", "Điện thoại người phụ trách", "Cụm loa", "Thiết bị", "Đài",
    "Điện thoại đài", "Tình trạng", "Lý do",
)  # fmt: skip


def as_csv(rows: Iterable[ClusterReach]) -> str:
    """Return clusters as a table for spreadsheets (RFC 4180, UTF-8 with its mark for Excel)."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEADING)
    for one in rows:
        word = code_words(one.code)
        cells = [
            one.area_name,
            one.head_name,
            one.head_phone,
            one.name,
            f"{one.device_name} ({one.device_id})",
            one.station_name,
            one.station_phone,
            SHOWN[one.shown][0],
            word[0] if word else "",
        ]
        table.writerow([harmless(cell) for cell in cells])
    return "\ufeff" + text.getvalue()
