"""What the loader refuses, and the sentence it says."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from firmware_profiles import ProfileInvalid, ProfileMissing, load_profile, profile_names

WriteDevice = Callable[..., Path]

AUDIT = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import firmware_profiles
print([p for p in opened if "firmware_profiles/" in p and ".py" not in p])
"""


def refused(name: str, folder: Path) -> ProfileInvalid:
    with pytest.raises(ProfileInvalid) as caught:
        load_profile(name, folder)
    return caught.value


def test_a_name_without_a_file_is_missing_and_the_known_ones_are_told() -> None:
    with pytest.raises(ProfileMissing) as caught:
        load_profile("no-such-box")

    assert caught.value.name == "no-such-box"
    assert caught.value.vi.startswith("Không có mẫu thiết bị “no-such-box”")
    assert "software" in caught.value.en


def test_a_name_cannot_leave_the_folder() -> None:
    with pytest.raises(ProfileMissing):
        load_profile("../boards/raspberry-pi-4")


def test_an_unknown_key_is_refused_with_file_and_key(write_device: WriteDevice) -> None:
    folder = write_device("odd", ("max_db = 0 ", "max_db = 0\nloudness = 3"))

    error = refused("odd", folder)

    assert error.en == "devices/odd.toml: key volume.loudness: unknown key."
    assert error.vi == "devices/odd.toml: khóa “volume.loudness”: khóa không được biết."


def test_a_parent_that_is_not_there_is_named(write_device: WriteDevice) -> None:
    folder = write_device("odd", text='inherits = "raspberry-pi-9"\n')

    error = refused("odd", folder)

    assert error.en == 'devices/odd.toml: key inherits: there is no file "raspberry-pi-9".'


def test_inheriting_over_two_levels_is_refused(write_device: WriteDevice) -> None:
    folder = write_device("odd", text='inherits = "software-wav"\n')

    error = refused("odd", folder)

    assert "devices/software-wav.toml inherits too; one level is the limit" in error.en
    assert "chỉ được kế thừa một bậc" in error.vi


def test_a_parent_outside_the_folders_is_refused(write_device: WriteDevice) -> None:
    folder = write_device("odd", text='inherits = "../devices/software"\n')

    assert refused("odd", folder).problems[0].key == "inherits"


def test_a_pin_that_is_not_on_the_header_is_refused(write_device: WriteDevice) -> None:
    folder = write_device("odd", ('file = "panic"', "gpio_pin = 40"))

    error = refused("odd", folder)

    assert error.problems[0].key == "panic_input.gpio_pin"
    assert "40 is out of range" in error.en


def test_a_pin_that_the_sound_converter_needs_is_refused(write_device: WriteDevice) -> None:
    pin, reserved = ("gpio_pin = 18", "reserved_gpio_pins = [18]")
    folder = write_device("odd", ('file = "panic"', pin), ("reserved_gpio_pins = []", reserved))

    assert "GPIO pins used twice: [18]" in refused("odd", folder).en


def test_a_driver_we_do_not_have_is_refused_and_the_choice_told(write_device: WriteDevice) -> None:
    folder = write_device("odd", ('driver = "portaudio"', 'driver = "jack"'))

    error = refused("odd", folder)

    assert error.problems[0].key == "outputs.0.driver"
    assert "'jack' is none of: 'portaudio', 'wav' or 'silent'" in error.en


def test_a_fault_of_the_board_is_told_with_the_file_of_the_board(write_device: WriteDevice) -> None:
    folder = write_device("odd-board", text='network = "smoke"\n', kind="boards")
    device = folder / "devices" / "odd.toml"
    device.write_text('inherits = "odd-board"\n', encoding="utf-8")

    files = {p.key: p.file for p in refused("odd", folder).problems}

    assert files["network"] == "boards/odd-board.toml"
    assert files["outputs"] == "devices/odd.toml"


def test_all_faults_are_told_together(write_device: WriteDevice) -> None:
    folder = write_device("odd", ("rtc = true", 'rtc = "yes"'), ("channels = 1 ", "channels = 0 "))

    keys = {problem.key for problem in refused("odd", folder).problems}

    assert keys == {"clock.rtc", "outputs.0.channels"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('device = "pulse"', "", "device goes with the driver portaudio"),
        ("addressed = false", "addressed = true", "an addressed output needs a wake method"),
        ("channels = 1 ", "channels = 1\nchannel = 1", "channel = 1 but the card has 1 channels"),
        ("default_db = -6 ", "default_db = -61 ", "min_db <= default_db <= forced_db <= max_db"),
        ('file = "panic"', "", "give one of gpio_pin and file"),
        ('"none" }', '"smell" }', "'smell'} is none of: 'none', 'rds', 'dtmf'"),
    ],
)
def test_values_that_contradict_each_other_are_refused(
    write_device: WriteDevice, old: str, new: str, sentence: str
) -> None:
    folder = write_device("odd", (old, new))

    assert sentence in refused("odd", folder).en


def test_a_dtmf_call_must_fit_into_its_lead_time(write_device: WriteDevice) -> None:
    shipped = (write_device("odd") / "devices" / "wired-gateway.toml").read_text(encoding="utf-8")
    folder = write_device("odd", ("lead_ms = 1200", "lead_ms = 900"), text=shipped)

    assert "one call takes 960 ms, more than lead_ms = 900" in refused("odd", folder).en


def test_a_device_without_outputs_is_refused(write_device: WriteDevice) -> None:
    folder = write_device("odd", text='inherits = "software"\noutputs = []\n')

    assert "at least one output is needed" in refused("odd", folder).en


def test_what_is_not_toml_is_refused_with_the_line(write_device: WriteDevice) -> None:
    folder = write_device("odd", text="network = \n")

    error = refused("odd", folder)

    assert "devices/odd.toml" in error.en
    assert "line 1" in error.en


def test_the_id_is_the_file_name_only(write_device: WriteDevice) -> None:
    folder = write_device("odd", text='id = "other"\n')

    assert refused("odd", folder).problems[0].key == "id"


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_profile("software").watchdog_seconds = 60  # type: ignore[misc] # the point of the test


def test_no_profile_is_read_when_the_package_is_imported() -> None:
    run = subprocess.run(
        [sys.executable, "-c", AUDIT], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout.strip() == "[]"


def test_a_site_can_keep_profiles_in_a_folder_of_its_own(write_device: WriteDevice) -> None:
    folder = write_device("our-box")

    assert "our-box" in profile_names(folder)
    assert load_profile("our-box", folder).outputs == load_profile("software").outputs
