"""The documents hold together: links, paths, promises, what a technician is told; no strangers."""

import re
import tomllib
from pathlib import Path

import pytest

from controller import broker
from controller.health import incidents
from tests.documents import DOCUMENTS, FILES, FOLDERS, PACKAGES, ROOT, by_name, rows, section
from wire import topics

PROMISES = (ROOT / "docs/promises.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
TEXT = {".py", ".md", ".toml", ".html", ".js", ".css", ".service", ".json", ".po", ""}
DATA = {"data", "versions"}  # files that the package above tells about
LONG = {"wire/README.md": 300}  # it is the whole protocol

# Written so that this file does not hold what it looks for.
OUTSIDE_DOCUMENTS = re.compile(r"\b(TRUST|DESIGN|DOMAIN|STYLE)(\.md| R\d)")
MACHINES = re.compile(r"/(work|root|opt/pypi)/|(pypi|pythonhosted|npmjs)\.org")


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_link_within_the_tree_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = (document.parent / file).resolve() if file else document
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


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
    roots = {f"{topics.ROOT}/{name}" for name in ("down", "up", "in", "areas", "trust", "broker")}

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
    texts = (path for path in FILES if path.suffix in TEXT)

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


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
