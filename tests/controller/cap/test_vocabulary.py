"""A site's own words for hazards and codes, laid over ours."""

from pathlib import Path

import pytest

from controller.cap.geocodes import Gazetteer, resolve
from controller.cap.hazards import hazard_of
from controller.cap.vocabulary import read_vocabulary, shipped_vocabulary
from controller.errors import Invalid
from tests.controller.cap.messages import NOW
from tests.controller.cap.test_hazards import said

HAZARDS = '[[word]]\nhazard = "landslide"\nwords = ["bão"]\n'
GEOCODES = '[[alias]]\nscheme = "SAME"\nvalue = "000048"\narea = "vn-48"\n'


def test_without_a_folder_the_shipped_words_hold() -> None:
    assert read_vocabulary(None) == shipped_vocabulary()


def test_rows_of_the_site_go_before_ours_and_ours_stay(tmp_path: Path) -> None:
    (tmp_path / "hazards.toml").write_text(HAZARDS, encoding="utf-8")
    (tmp_path / "geocodes.toml").write_text(GEOCODES, encoding="utf-8")

    words = read_vocabulary(tmp_path)

    assert hazard_of(said("Bão"), NOW, words.tables) == "landslide"
    assert hazard_of(said("Lũ quét"), NOW, words.tables) == "flash_flood"
    known = Gazetteer(frozenset({"vn-48"}), {"48": "vn-48"})
    for pair in (("SAME", "000048"), ("GSO", "48")):
        assert list(resolve([pair], known, words.schemes)[0]) == ["vn-48"]


def test_one_file_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "geocodes.toml").write_text(GEOCODES, encoding="utf-8")

    assert read_vocabulary(tmp_path).tables == shipped_vocabulary().tables


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("hazards.toml", "[[word", "hazards.toml: unreadable"),
        ("hazards.toml", '[[word]]\nhazard = "ghosts"\nwords = ["ma"]\n', "ghosts"),
        ("hazards.toml", "[[level]]\nlevel = 9\n", "level 9"),
        ("geocodes.toml", 'area = "GSO"\n', "a list of names"),
        ("geocodes.toml", GEOCODES.replace("vn-48", "VN 48"), "VN 48"),
        ("geocodes.toml", '[[alias]]\nscheme = "SAME"\n', "value"),
        ("words.toml", "", "neither hazards.toml nor geocodes.toml"),
    ],
)
def test_a_wrong_table_is_told_at_the_start_by_its_file(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(Invalid, match=why):
        read_vocabulary(tmp_path)


def test_bytes_that_are_no_text_are_told_too(tmp_path: Path) -> None:
    (tmp_path / "hazards.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(Invalid, match="TT_CAP_TABLES"):
        read_vocabulary(tmp_path)
