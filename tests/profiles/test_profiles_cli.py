"""The commands that print profiles."""

import json

from click.testing import CliRunner

from firmware_profiles.cli import profiles


def test_list_names_every_model() -> None:
    result = CliRunner().invoke(profiles, ["list"])

    assert result.exit_code == 0
    assert "`raspberry-pi-zero-2-w-i2s`" in result.output


def test_show_prints_the_whole_profile_as_json() -> None:
    result = CliRunner().invoke(profiles, ["show", "software"])

    assert json.loads(result.output)["outputs"][0]["device"] == "pulse"


def test_show_prints_a_table_when_asked() -> None:
    result = CliRunner().invoke(profiles, ["show", "software", "--table"])

    assert "outputs.0.wake.method" in result.output


def test_show_of_an_unknown_model_is_one_sentence_in_two_languages() -> None:
    result = CliRunner().invoke(profiles, ["show", "nothing"])

    assert result.exit_code == 1
    assert "Không có mẫu thiết bị" in result.output
    assert "No device profile" in result.output
