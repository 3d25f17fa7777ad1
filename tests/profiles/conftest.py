"""A folder of our own profiles, so that a test can break one thing in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_profiles.loader import SHIPPED

WriteDevice = Callable[..., Path]


@pytest.fixture
def write_device(tmp_path: Path) -> WriteDevice:
    """Copy the shipped files, then write one device: `software.toml` with replacements."""

    def write(name: str, *changes: tuple[str, str], text: str = "", kind: str = "devices") -> Path:
        for folder in ("boards", "devices"):
            (tmp_path / folder).mkdir(exist_ok=True)
            for file in (SHIPPED / folder).glob("*.toml"):
                (tmp_path / folder / file.name).write_bytes(file.read_bytes())
        said = text or (SHIPPED / "devices" / "software.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in said
            said = said.replace(old, new)
        (tmp_path / kind / f"{name}.toml").write_text(said, encoding="utf-8")
        return tmp_path

    return write
