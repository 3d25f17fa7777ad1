"""Starts of the agent are numbered, and the numbers rise, whatever the disk and the clock do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.app import next_run
from edge_agent.clock import Clock
from edge_agent.errors import StorageFailed
from edge_agent.report import Reporter
from edge_agent.store import Store
from wire.signing import new_key, signer

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def clock(known_at: float | None = None) -> Clock:
    """Return a clock that has seen a message of NOW, and knows the time since `known_at`."""
    made = Clock(50, NOW)
    if known_at is not None:
        made.learn_sync(NOW, known_at - 0.01, known_at)
    return made


class ReadOnly(Store):
    """A store whose disk takes no writes any more: each start goes on with a copy in memory."""

    def start(self) -> None:
        super().start()
        self._is_copy = True

    def remember(self, name: str, value: str) -> None:
        """Keep it as long as the process lives, which is over at once here."""


class Full(Store):
    """A store whose disk is full."""

    def remember(self, name: str, value: str) -> None:  # noqa: ARG002 - the store's own
        raise StorageFailed("full")


@pytest.fixture(params=[ReadOnly, Full])
def sick(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    well = Store(tmp_path)
    well.start()
    well.next_run(SECONDS)
    well.stop()
    made: Store = request.param(tmp_path)
    made.start()
    yield made
    made.stop()


def test_on_a_disk_that_counts_starts_are_counted_from_the_time_on(store: Store) -> None:
    numbers = [next_run(store, clock(100.0), 100.0) for _ in range(3)]
    without = [next_run(store, clock(), 5.0) for _ in range(2)]

    assert numbers == [SECONDS, SECONDS + 1, SECONDS + 2]
    assert without == [SECONDS + 3, SECONDS + 4]


def test_without_a_disk_and_without_the_time_the_seconds_since_boot_count(sick: Store) -> None:
    """R26, in part: a controller believes the statuses of a device whose disk is read-only."""
    numbers = [next_run(sick, clock(), mono) for mono in (20.0, 35.0, 4000.0)]

    assert numbers[0] > SECONDS
    assert numbers == sorted(set(numbers))


def test_without_a_disk_the_time_counts_once_it_is_known(sick: Store) -> None:
    unknown = next_run(sick, clock(), 20.0)
    known = next_run(sick, clock(100.0), 160.0)
    later = next_run(sick, clock(100.0), 175.0)

    assert unknown < known < later


def test_what_a_start_says_without_the_time_is_newer_than_what_the_one_before_said(
    sick: Store,
) -> None:
    def revision(mono: float) -> int:
        unset = clock()
        run = next_run(sick, unset, mono)
        reporter = Reporter("d-anbinh01", signer(new_key()), unset, lambda: mono, run)
        return int(reporter.claims()["rev"])

    revisions = [revision(mono) for mono in (20.0, 35.0, 4000.0)]

    assert revisions == sorted(set(revisions))
