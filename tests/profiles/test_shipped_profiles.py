"""The device models that we ship, and what the README says about them."""

import re
from pathlib import Path

import pytest

from firmware_profiles import Profile, RdsWake, load_profile, profile_names
from firmware_profiles.cli import markdown_table
from firmware_profiles.loader import SHIPPED

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted([*(SHIPPED / "devices").glob("*.toml"), *(SHIPPED / "boards").glob("*.toml")])
A_NUMBER = re.compile(r"^\w+ = (-?\d|\[\d)")


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_loads(name: str) -> None:
    profile = load_profile(name)

    assert profile.id == name
    assert profile.outputs


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_number_has_its_source_beside_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    bare = [
        line
        for above, line in zip(["", *lines], lines, strict=False)
        if A_NUMBER.match(line) and "#" not in line and not above.startswith("#")
    ]

    assert bare == []


@pytest.mark.parametrize("board", ["3", "4", "5", "zero-2-w"])
@pytest.mark.parametrize("sound", ["usb", "i2s"])
def test_each_raspberry_pi_has_usb_and_i2s_sound(board: str, sound: str) -> None:
    assert f"raspberry-pi-{board}-{sound}" in profile_names()


def test_the_effective_profile_of_an_fm_gateway_is_the_golden_one() -> None:
    profile = load_profile("fm-gateway-rds")

    golden = (GOLDEN / "fm-gateway-rds.json").read_text(encoding="utf-8")

    assert profile.model_dump_json(indent=2) + "\n" == golden
    assert Profile.model_validate_json(golden) == profile


@pytest.mark.parametrize("name", profile_names())
def test_an_agent_with_its_decoder_fits_into_every_device(name: str) -> None:
    profile = load_profile(name)

    assert profile.requirements.memory_mib >= 70
    assert profile.cache.keep_free_percent == 15
    assert profile.cache.max_bytes < profile.requirements.storage_mib * 2**20


@pytest.mark.parametrize("name", profile_names())
def test_a_hung_agent_is_restarted_within_ten_seconds_r28(name: str) -> None:
    assert load_profile(name).watchdog_seconds < 10


def test_a_gateway_addresses_many_clusters_by_one_output() -> None:
    for name in ("fm-gateway-rds", "fm-gateway-dtmf", "wired-gateway"):
        (output,) = load_profile(name).outputs

        assert output.addressed
        assert output.max_clusters > 100
        assert output.wake.method != "none"
        assert output.wake.lead_ms > 0


def test_the_rds_codes_of_a_site_are_not_made_up() -> None:
    wake = load_profile("fm-gateway-rds").outputs[0].wake

    assert isinstance(wake, RdsWake)
    assert not wake.is_assigned


def test_the_readme_shows_the_table_that_the_code_makes() -> None:
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")

    assert "\n".join(markdown_table()) in readme
