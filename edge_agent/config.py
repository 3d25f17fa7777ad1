"""The settings of the agent: read once from `TT_AGENT_...`, frozen, all problems told together."""

from collections.abc import Mapping
from os import environ
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from edge_agent.errors import ConfigurationWrong

PREFIX = "TT_AGENT_"
SECRETS = ("claim",)


class AgentConfig(BaseSettings):
    """Every setting has a default that works on a laptop.

    `profile` overrides the device profile that the controller names. `claim` (or `claim_file`,
    which holds it) is used by `enrol` only. `log_level` is a level name of Python's logging.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    data_dir: Path = Path("var/agent")
    profile: str | None = None
    controller: Annotated[str, Field(pattern="^https://[^/]+$")] = "https://localhost:8443"
    claim: str | None = Field(default=None, repr=False)
    downloads: int = Field(default=2, ge=1, le=4)
    link_retry_max_s: float = Field(default=30.0, ge=0.1, le=600)
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"


def load_config(env: Mapping[str, str] = environ, **given: Any) -> AgentConfig:
    """Read the settings; `given` (from the command line) comes first. Raises ConfigurationWrong.

    A secret may be named by a file: `TT_AGENT_CLAIM_FILE` holds the path of what
    `TT_AGENT_CLAIM` would say.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    problems = []
    for name in SECRETS:
        file = env.get(f"{PREFIX}{name.upper()}_FILE")
        if file and name not in chosen:
            try:
                chosen[name] = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                problems.append(f"{PREFIX}{name.upper()}_FILE: {error}")
    try:
        config = AgentConfig(**chosen)
    except ValidationError as error:
        problems += [f"{PREFIX}{_name(e)}: {e['msg']}" for e in error.errors()]
    if problems:
        raise ConfigurationWrong(tuple(problems))
    return config


def printable(config: AgentConfig) -> dict[str, str]:
    """Return the effective settings by the name of their variable, secrets masked."""
    shown = config.model_dump()
    for name in SECRETS:
        shown[name] = "***" if shown[name] else ""
    return {f"{PREFIX}{name.upper()}": str(value or "") for name, value in shown.items()}


def _name(error: Any) -> str:
    return "_".join(str(part) for part in error["loc"]).upper()
