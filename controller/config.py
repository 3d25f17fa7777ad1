"""The settings of the controller, read once from `TT_*` variables into a frozen object.

`TT_..._FILE` names a file that holds a secret. All problems are reported together. Defaults make
the laptop run work.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from controller.errors import ControllerError

SECRETS = ("database_url", "secret_key")


class ConfigInvalid(ControllerError):
    """One or more settings make no sense; fact `problems`."""

    code = "config_invalid"
    vi = "Cấu hình sai: {problems}"
    en = "The configuration is wrong: {problems}"


class Config(BaseModel):
    """Every setting with its default; see the README's table for people."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    area: str = "vn"
    data_dir: Path = Path("var/controller")
    database_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=1, le=65535)
    http_threads: int = Field(default=32, ge=2, le=512)
    device_host: str = "0.0.0.0"  # noqa: S104 - devices come from outside; this listener is TLS only
    device_port: int = Field(default=8443, ge=1, le=65535)
    device_names: tuple[str, ...] = ("localhost", "127.0.0.1")
    mqtt_url: str | None = None
    mqtt_host: str = "0.0.0.0"  # noqa: S104 - as device_host; mutual TLS only
    mqtt_port: int = Field(default=8883, ge=1, le=65535)
    health_s: int = Field(default=60, ge=1, le=3600)
    sync_s: int = Field(default=300, ge=1, le=3600)
    plan_days: int = Field(default=7, ge=1, le=14)
    target_lufs: float = Field(default=-16.0, ge=-40.0, le=-8.0)
    upload_max_bytes: int = Field(default=500_000_000, ge=1_000_000)
    zone: str = "Asia/Ho_Chi_Minh"
    public_url: str = Field(default="", pattern=r"^(https?://[A-Za-z0-9.:-]+)?$")
    cap_certificate: Path | None = None
    cap_key: Path | None = None
    cap_tables: Path | None = None
    cap_keep_days: int = Field(default=90, ge=7, le=3650)

    @model_validator(mode="after")
    def _stays_on_loopback(self) -> "Config":
        if self.http_host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("http_host: plain HTTP only on loopback; put a TLS proxy before it")
        return self

    @model_validator(mode="after")
    def _seals_with_both(self) -> "Config":
        if (self.cap_certificate is None) != (self.cap_key is None):
            raise ValueError("cap_certificate and cap_key: either both or neither")
        return self

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL: the one given, or SQLite in the data folder."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'truyenthanh.db'}"

    @property
    def broker_url(self) -> str:
        """Return the address of the broker for the controller: ours, or the one given."""
        return self.mqtt_url or f"mqtts://localhost:{self.mqtt_port}"

    @property
    def lost_after(self) -> timedelta:
        """Return how long a device may be silent: one heartbeat and a half (R30: 90 s)."""
        return timedelta(seconds=1.5 * self.health_s)

    @property
    def cap_sender(self) -> str:
        """Return who sends our alerts as CAP: one word that is ours in the whole world."""
        host = urlsplit(self.public_url).hostname or self.device_names[0]
        return f"truyenthanh@{host}"

    @property
    def device_url(self) -> str:
        """Return the HTTPS address that devices use."""
        return f"https://{self.device_names[0]}:{self.device_port}"


def load_config(environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration; `ConfigInvalid` names every wrong setting at once."""
    given = os.environ if environment is None else environment
    values = {
        name.removeprefix("TT_").lower(): value
        for name, value in given.items()
        if name.startswith("TT_") and not name.startswith("TT_AGENT_")
    }
    for name in SECRETS:
        if file := values.pop(f"{name}_file", None):
            values[name] = Path(file).read_text(encoding="utf-8").strip()
    try:
        return Config.model_validate({**values, **_split(values)})
    except ValidationError as error:
        raise ConfigInvalid(problems=_problems(error)) from error


def _split(values: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    names = values.get("device_names")
    return {"device_names": tuple(names.replace(",", " ").split())} if names else {}


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"TT_{'_'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False)
    )
