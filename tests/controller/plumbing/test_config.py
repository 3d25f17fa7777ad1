"""Settings as people write them in the environment."""

from pathlib import Path

import pytest

from controller.config import ConfigInvalid, load_config


def test_lists_are_written_as_words() -> None:
    config = load_config({"TT_DEVICE_NAMES": "loa.example.vn, 10.0.0.5 10.0.0.6"})

    assert config.device_names == ("loa.example.vn", "10.0.0.5", "10.0.0.6")
    assert config.device_url == "https://loa.example.vn:8443"


def test_only_what_was_given_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TT_AREA", "not-this")
    monkeypatch.setenv("TT_DEVICE_NAMES", "not these")

    assert load_config({}).area == "vn"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://db/tt\n")

    config = load_config({"TT_DATABASE_URL_FILE": str(tmp_path / "url")})

    assert config.database == "postgresql+psycopg://db/tt"
    assert "postgresql" not in repr(config)


def test_all_problems_are_told_together() -> None:
    with pytest.raises(ConfigInvalid) as told:
        load_config({"TT_HTTP_PORT": "0", "TT_PLAN_DAYS": "x", "TT_HEALTH_S": "-1"})

    for name in ("TT_HTTP_PORT", "TT_PLAN_DAYS", "TT_HEALTH_S"):
        assert name in str(told.value)


def test_plain_http_stays_on_loopback() -> None:
    """R23."""
    with pytest.raises(ConfigInvalid, match="loopback"):
        load_config({"TT_HTTP_HOST": "192.0.2.1"})


def test_a_silent_device_is_lost_after_one_heartbeat_and_a_half() -> None:
    """R30: 90 s with the heartbeat of a minute."""
    assert load_config({}).lost_after.total_seconds() == 90
