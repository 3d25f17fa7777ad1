"""What tests of the documents share: our files, and how a Markdown page is read."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("controller", "edge_agent", "firmware_profiles", "schedules", "wire")
FOLDERS = (*PACKAGES, "docs", "tests", ".ci")
NOT_OURS = {"__pycache__", "vendor", "node_modules"}


def our_files() -> list[Path]:
    """Return every file of ours, without what `./run` and the tools make."""
    below = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    top = (path for path in ROOT.iterdir() if not path.name.startswith("."))
    return [p for p in (*top, *below) if p.is_file() and not NOT_OURS.intersection(p.parts)]


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
