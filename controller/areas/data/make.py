"""Makes `vietnam.csv` from the package `vietnamadminunits` 1.0.4; run it when that has news.

    pip install vietnamadminunits==1.0.4    # in a virtual environment of its own
    python make.py vietnam.csv

Nothing of the project imports this file or the package.
"""

import csv
import json
import sqlite3
import sys
import unicodedata
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

COLUMNS = (
    "id,kind,name,name_en,parent_id,valid_from,valid_until,predecessors,latitude,longitude,code"
)
VALID_FROM = "2025-07-01"  # Resolution 202/2025/QH15 and the communes' resolutions of June 2025
ENGLISH = {
    "Tỉnh": "Province",
    "Thành phố": "City",
    "Phường": "Ward",
    "Xã": "Commune",
    "Đặc khu": "Special Zone",
}
Row = tuple[object, ...]

# The place is a point in the middle, for maps: the package has none for the country.
NAMES = ("Việt Nam", "Viet Nam")  # codespell:ignore nam
COUNTRY: Row = ("vn", "country", *NAMES, "", "", "", "", 16.0, 106.0, "VN")


def english(name: str) -> str:
    """Turn "Phường Hải Châu" into "Hai Chau Ward": plain letters, the kind behind the name."""
    kind = next(kind for kind in ENGLISH if name.startswith(f"{kind} "))
    letters = unicodedata.normalize("NFD", name.removeprefix(kind).strip())
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return f"{plain} {ENGLISH[kind]}".replace("đ", "d").replace("Đ", "D")


def old_units(data: sqlite3.Connection) -> dict[str, str]:
    """Return "code name" of each unit before the mergers, by the package's joined key."""
    query = """SELECT provinceKey || '_' || districtKey || '_' || ifnull(wardKey, ''),
                      ifnull(wardCode, districtCode), ifnull(ward, district) FROM admin_units_legacy
               UNION SELECT provinceKey, provinceCode, province FROM admin_units_legacy"""
    return {key: f"{code} {name}" for key, code, name in data.execute(query)}


def predecessors(changes: dict[str, Any]) -> dict[str, set[str]]:
    """Return the old keys of each new unit; one that was divided is in those of each part."""
    found: dict[str, set[str]] = defaultdict(set)
    for province, olds in changes["DICT_PROVINCE"].items():
        found[province].update(olds)
    for province, communes in changes["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, olds in communes.items():
            found[f"{province}_{commune}"].update(olds)
    for province, divided in changes["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in divided.items():
            for part in parts:
                found[f"{province}_{part['newWardKey']}"].add(old)
    return found


def rows(package: Path) -> list[Row]:
    """Return the country, then the provinces, then the communes, each by code."""
    data = sqlite3.connect(package / "data" / "dataset.db")
    changes = json.loads((package / "data" / "converter_2025.json").read_text(encoding="utf-8"))
    old, before = old_units(data), predecessors(changes)

    def row(key: str, ids: tuple[str, str], kind: str, name: str, at: tuple[float, float]) -> Row:
        code = ids[1].rsplit("-", 1)[1]
        was = ";".join(sorted(old[unit] for unit in before[key]))
        return (ids[1], kind, name, english(name), ids[0], VALID_FROM, "", was, *at, code)

    provinces = data.execute(
        "SELECT DISTINCT provinceKey, provinceCode, province, provinceLat, provinceLon "
        "FROM admin_units ORDER BY provinceCode"
    )
    communes = data.execute(
        "SELECT provinceKey || '_' || wardKey, provinceCode, wardCode, ward, wardLat, wardLon "
        "FROM admin_units ORDER BY provinceCode, wardCode"
    )
    return [
        COUNTRY,
        *(row(k, ("vn", f"vn-{c}"), "province", n, (x, y)) for k, c, n, x, y in provinces),
        *(
            row(k, (f"vn-{p}", f"vn-{p}-{c}"), "commune", n, (x, y))
            for k, p, c, n, x, y in communes
        ),
    ]


def main() -> None:
    """Write the table to the file named on the command line."""
    spec = find_spec("vietnamadminunits")
    if spec is None or spec.origin is None:
        sys.exit("vietnamadminunits is not installed here")
    with Path(sys.argv[1]).open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS.split(","))
        out.writerows(rows(Path(spec.origin).parent))


if __name__ == "__main__":
    main()
