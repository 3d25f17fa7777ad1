"""The sirens that a form offers: those of the emergency pack, and a site's own among them."""

from pathlib import Path

from controller.emergencies.pack_words import load_words
from controller.emergencies.sirens import USUAL, sirens


def test_every_siren_of_the_pack_is_offered_but_the_one_that_says_it_is_over() -> None:
    offered = {one.name for one in sirens()}

    assert offered == {one.name for one in load_words().sirens} - {"all_clear"}
    assert USUAL in offered
    assert all(one.vi != one.name and one.sweeps for one in sirens())


def test_a_siren_of_the_site_is_offered_by_its_own_name(tmp_path: Path) -> None:
    own = tmp_path / "pack_words.toml"
    own.write_text("[sirens]\ngong = [[300, 200, 900], [0, 0, 100]]\n", encoding="utf-8")

    (gong,) = (one for one in sirens(own) if one.name == "gong")

    assert (gong.vi, gong.sweeps) == ("gong", ((300, 200, 900), (0, 0, 100)))


def test_a_file_of_words_that_makes_no_sense_takes_no_siren_away(tmp_path: Path) -> None:
    own = tmp_path / "pack_words.toml"
    own.write_text("[sirens]\ngong = 7\n", encoding="utf-8")

    assert sirens(own) == sirens() == sirens(tmp_path / "none.toml")
