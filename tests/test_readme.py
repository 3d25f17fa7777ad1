"""The documents say what the code does: commands, settings, topics, folders, links, promises."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from controller import broker, cli
from controller.config import SECRETS, Config
from controller.health import incidents
from edge_agent import cli as agent_cli
from edge_agent.config import PREFIX, AgentConfig
from edge_agent.config import SECRETS as AGENT_SECRETS
from firmware_profiles import profile_names
from wire import topics

ROOT = Path(__file__).parents[1]
PACKAGES = ("controller", "edge_agent", "firmware_profiles", "schedules", "wire")
FOLDERS = (*PACKAGES, "docs", "tests", ".ci")
NOT_OURS = {"__pycache__", "vendor", "node_modules"}
README = (ROOT / "README.md").read_text()
PROMISES = (ROOT / "docs/promises.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
TEXT = {".py", ".md", ".toml", ".html", ".js", ".css", ".service", ".json", ".po", ""}
DATA = {"data", "versions"}  # files that the package above tells about
LONG = {"wire/README.md": 300}  # it is the whole protocol

# Put together here, so that this file does not hold what it looks for.
OUTSIDE_DOCUMENTS = re.compile(r"\b(TRUST|DESIGN|DOMAIN|STYLE)(" + r"\.md| R\d)")
MACHINES = re.compile(r"/(work|root|opt/pypi)/|(pypi|pythonhosted|npmjs)\.org")


def our_files() -> list[Path]:
    """Return every file of ours, without what `./run` makes."""
    below = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    every = (*ROOT.iterdir(), *below)
    return [p for p in every if p.is_file() and not NOT_OURS.intersection(p.parts)]


FILES = our_files()
DOCUMENTS = sorted(path for path in FILES if path.suffix == ".md")


def by_name(path: Path) -> str:
    """Return what a file is called in the list of tests."""
    return str(path.relative_to(ROOT))


def section(text: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of the rows of Markdown tables, without headings."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not re.match(r"\|\s*-+", line):
            yield cells


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

    named = re.findall(r"(?:`|bin/|exec )(truyenthanh(?:-agent)? [a-z]+(?: [a-z]+)?)", text)

    assert [one for one in named if not any(f"{one} ".startswith(f"{k} ") for k in known)
            and not any(k.startswith(f"{one} ") for k in known)] == []  # fmt: skip


@pytest.mark.parametrize(
    ("model", "prefix"), [(Config, "TT_"), (AgentConfig, PREFIX)], ids=["controller", "agent"]
)
def test_every_setting_is_in_the_readme_with_its_default(
    model: type[BaseSettings], prefix: str
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
    return "" if default is None or isinstance(default, SecretStr) else str(default)


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_link_within_the_tree_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = (document.parent / file).resolve() if file else document
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "document", [ROOT / "README.md", *(ROOT / "docs").glob("*.md")], ids=by_name
)
def test_every_path_in_the_documents_exists(document: Path) -> None:
    beginnings = "|".join(FOLDERS)
    paths = re.findall(rf"`((?:{beginnings})/[\w./*-]*)`", document.read_text())

    assert [path for path in paths if not any(ROOT.glob(path))] == []


@pytest.mark.parametrize(
    "package",
    sorted(
        p.parent
        for f in PACKAGES
        for p in (ROOT / f).rglob("__init__.py")
        if p.parent.name not in DATA
    ),
    ids=by_name,
)
def test_every_package_tells_what_it_is_for_and_briefly(package: Path) -> None:
    readme = package / "README.md"

    assert readme.exists()
    lines = [line for line in readme.read_text().splitlines() if not line.startswith("|")]
    assert 4 <= len(lines) <= LONG.get(str(readme.relative_to(ROOT)), 60)


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 300


def test_every_profile_that_the_readme_installs_exists() -> None:
    named = re.findall(r"--profile ([\w-]+)", README)

    assert named
    assert set(named) <= set(profile_names())


def test_the_access_list_for_another_broker_is_ours() -> None:
    assert "\n".join(broker.acl()) in OPERATIONS


def test_the_configuration_for_another_broker_says_nothing_that_ours_does_not() -> None:
    block = re.search("```\n(listener.*?)```", OPERATIONS, re.DOTALL)
    files = broker.BrokerFiles(Path("server.pem"), Path("server.key"), Path("ca.pem"))
    ours = set(broker.configuration("", 8883, Path(), files))

    assert block
    assert {line.strip() for line in block[1].splitlines()} <= {line.strip() for line in ours}


def test_every_topic_of_the_protocol_is_in_its_document() -> None:
    """`tests/wire/test_readme.py` compares the table; here: nobody else invents a topic."""
    protocol = (ROOT / "wire/README.md").read_text()
    roots = {f"{topics.ROOT}/{name}" for name in ("down", "up", "areas", "trust", "broker")}

    assert all(f"`{root}" in protocol for root in roots)
    for document in DOCUMENTS:
        named = re.findall(rf"\b{topics.ROOT}/[a-z]+", document.read_text())
        assert set(named) <= roots, document


def test_every_incident_has_its_line_for_the_technician() -> None:
    kinds = {value for name, value in vars(incidents).items() if name.isupper()}

    told = {cells[0].strip("`*") for cells in rows(section(OPERATIONS, "Incidents"))} - {"kind"}

    assert told == kinds


def test_every_promise_has_one_line_and_a_verdict() -> None:
    table = [cells for cells in rows(PROMISES) if re.fullmatch(r"R\d+", cells[0])]

    assert sorted(int(cells[0][1:]) for cells in table) == list(range(1, 50))
    for name, promise, mark, proof in table:
        assert promise, name
        assert mark in {"yes", "part", "later"}, name
        assert mark == "later" or "`" in proof, name
    assert [row[0] for row in table if row[2] == "yes" and "`tests/" not in row[3]] == []


def test_every_promise_that_code_or_tests_cite_is_written_down() -> None:
    known = {cells[0] for cells in rows(PROMISES)}

    cited = {
        (name.strip("_").upper(), by_name(path))
        for path in FILES
        if path.suffix in {".py", ".md"} and path.parent.name != "data"
        for name in re.findall(r"\bR\d{1,2}\b|_r\d{1,2}\b", path.read_text())
    }

    assert [(name, place) for name, place in cited if name not in known] == []


@pytest.mark.parametrize("pattern", [OUTSIDE_DOCUMENTS, MACHINES], ids=["documents", "machines"])
def test_nothing_refers_to_what_a_stranger_cannot_see(pattern: re.Pattern[str]) -> None:
    texts = (path for path in FILES if path.suffix in TEXT and path.name != ".git")

    found = [
        f"{p.relative_to(ROOT)}: {m[0]}" for p in texts if (m := pattern.search(p.read_text()))
    ]

    assert found == []


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()

    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)

    assert headings[0] == "Unreleased"
    assert version in headings
