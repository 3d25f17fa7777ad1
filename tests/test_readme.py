"""The README says what the code does: commands, settings, folders, profiles; and briefly."""

import importlib
import re
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from controller import cli
from controller.config import SECRETS, Config
from edge_agent import cli as agent_cli
from edge_agent.config import PREFIX, AgentConfig
from edge_agent.config import SECRETS as AGENT_SECRETS
from firmware_profiles import profile_names
from tests.documents import DOCUMENTS, PACKAGES, ROOT, by_name, rows, section

README = (ROOT / "README.md").read_text()


def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    assert commands_in_readme() == commands_in_code()


def test_every_command_of_run_is_in_the_readme() -> None:
    main = (ROOT / "run").read_text().split("main() {")[1]
    there = set(re.findall(r"^ +([a-z]+)\) set_up", main, re.MULTILINE))

    named = set(re.findall(r"`\./run ([a-z]+)", section(README, "Commands")))

    assert named == there


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_a_document_names_only_commands_that_exist(document: Path) -> None:
    text = document.read_text()
    known = commands_in_code()

    named = re.findall(r"(?:`|bin/|exec )(truyenthanh(?:-agent)? [a-z]+(?: [a-z-]+)?)", text)

    assert [one for one in named if not any(begins_alike(one, other) for other in known)] == []


@pytest.mark.parametrize(
    ("model", "prefix"), [(Config, "TT_"), (AgentConfig, PREFIX)], ids=["controller", "agent"]
)
def test_every_setting_is_in_the_readme_with_its_default(
    model: type[BaseModel], prefix: str
) -> None:
    told = {
        cells[0].strip("`"): cells[1].strip("`")
        for cells in rows(section(README, "Settings"))
        if cells[0].startswith(f"`{prefix}")
        and cells[0].startswith(f"`{PREFIX}") == (prefix == PREFIX)
    }

    there = {
        f"{prefix}{name.upper()}": as_text(field.default)
        for name, field in model.model_fields.items()
    }
    assert told == there


def as_text(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if default is None else str(default)


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_a_document_names_only_settings_that_exist(document: Path) -> None:
    known = {f"TT_{name.upper()}" for name in Config.model_fields}
    known |= {f"{PREFIX}{name.upper()}" for name in AgentConfig.model_fields}
    known |= {f"TT_{name.upper()}_FILE" for name in SECRETS}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in AGENT_SECRETS}

    assert set(re.findall(r"\bTT_[A-Z][A-Z_]*[A-Z]", document.read_text())) - known == set()


def test_the_map_of_folders_is_the_tree() -> None:
    told = {
        folder.strip("/")
        for cells in rows(section(README, "Map of folders"))
        for folder in re.findall("`([^`]+/)`", cells[0])
    }

    subjects = {f"controller/{p.parent.name}" for p in ROOT.glob("controller/*/__init__.py")}
    assert told == {*PACKAGES, "docs", "tests", *subjects}


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 300


def test_every_profile_that_the_readme_installs_exists() -> None:
    named = re.findall(r"--profile ([\w-]+)", README)

    assert named
    assert set(named) <= set(profile_names())


def commands_of(group: click.Command, name: str) -> set[str]:
    """Return `group command` for every command below a group, or the name of a plain command."""
    if not isinstance(group, click.Group):
        return {name}
    return {
        one for sub in group.commands for one in commands_of(group.commands[sub], f"{name} {sub}")
    }


def commands_in_code() -> set[str]:
    found = commands_of(agent_cli.main, "truyenthanh-agent")
    for name, (place, _) in cli.COMMANDS.items():
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        found |= commands_of(command, f"truyenthanh {name}")
    return found


def commands_in_readme() -> set[str]:
    """Read "`truyenthanh keys init`, `show`": what follows has the same beginning."""
    found = set()
    for cells in rows(section(README, "Commands")):
        first, *others = re.findall("`([^`]+)`", cells[0]) or [""]
        if first.startswith("truyenthanh"):
            beginning = first.rpartition(" ")[0]
            found |= {first, *(f"{beginning} {other}" for other in others)}
    return found


def begins_alike(one: str, other: str) -> bool:
    """Whether one command is the other, its group, or the other with an argument."""
    return f"{one} ".startswith(f"{other} ") or f"{other} ".startswith(f"{one} ")
