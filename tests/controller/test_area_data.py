"""The table of Vietnam's areas that the controller ships."""

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

import controller

TABLE = Path(controller.__file__).parent / "areas" / "data" / "vietnam.csv"
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_the_country_34_provinces_and_3321_communes(rows: Rows) -> None:
    kinds = Counter(row["kind"] for row in rows)

    assert kinds == {"country": 1, "province": 34, "commune": 3321}


def test_the_columns_are_those_of_the_import(rows: Rows) -> None:
    columns = "id kind name name_en parent_id valid_from valid_until predecessors"

    assert list(rows[0]) == [*columns.split(), "latitude", "longitude", "code"]


def test_ids_are_unique_short_and_plain(rows: Rows) -> None:
    ids = [row["id"] for row in rows]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]{2,40}", name) for name in ids)


def test_every_parent_comes_earlier_and_is_one_level_above(rows: Rows) -> None:
    above = {"province": "country", "commune": "province"}
    kinds: dict[str, str] = {}

    for row in rows:
        assert kinds.get(row["parent_id"]) == above.get(row["kind"])
        kinds[row["id"]] = row["kind"]


def test_every_place_is_inside_vietnam_with_its_islands(rows: Rows) -> None:
    for row in rows:
        assert 8.0 <= float(row["latitude"]) <= 23.5, row
        assert 102.0 <= float(row["longitude"]) <= 115.0, row


def test_every_new_unit_names_the_units_it_came_from(rows: Rows) -> None:
    for row in rows[1:]:
        assert date.fromisoformat(row["valid_from"]) == date(2025, 7, 1)
        assert row["valid_until"] == ""
        for unit in row["predecessors"].split(";"):
            assert re.fullmatch(r"\d{2,5} \w.+", unit), row


def test_a_known_ward_is_described_as_the_decision_says(rows: Rows) -> None:
    (ward,) = [row for row in rows if row["id"] == "vn-48-20242"]

    assert ward["name"] == "Phường Hải Châu"
    assert ward["name_en"] == "Hai Chau Ward"
    assert "20236 Phường Hải Châu" in ward["predecessors"].split(";")


def test_the_table_is_small_enough_to_ship_and_credits_its_source() -> None:
    source = (TABLE.parent / "SOURCE.md").read_text(encoding="utf-8")

    assert TABLE.stat().st_size < 1_500_000
    assert "MIT License" in source
    assert "WITHOUT WARRANTY OF ANY KIND" in source
