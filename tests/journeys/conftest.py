"""Fixtures of the journeys; every process they start ends with them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controller.conftest import postgres_url as postgres_url  # noqa: PLC0414 - a fixture
from tests.journeys.horns import Horns
from tests.journeys.village import Village


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    """One commune for all journeys of a module: each leaves behind nothing but broadcasts."""
    with tempfile.TemporaryDirectory(prefix="tt-village-") as folder:
        with Village(Path(folder)) as village:
            yield village
        log = village.agent.log.read_text(errors="replace")
    print(log[-6000:])  # noqa: T201 - shown on failure only


@pytest.fixture(scope="module")
def horns() -> Iterator[Horns]:
    """One commune for all journeys of the module: each ends its own alerts."""
    with tempfile.TemporaryDirectory(prefix="tt-horns-") as folder:
        with Horns(Path(folder)) as horns:
            yield horns
        logs = [agent.log.read_text(errors="replace") for agent in horns.agents]
    for log in logs:
        print(log[-3000:])  # noqa: T201 - shown on failure only
