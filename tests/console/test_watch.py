"""Many open desks ask for the same counts: the database is asked about twice a second."""

import threading
from datetime import UTC, datetime

import pytest

from controller.desk.bar import bar_of
from controller.desk.watch import FRESH_S, Fresh
from controller.emergencies.progress import AreaProgress, Counts

NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_what_fifty_ask_at_once_is_read_once_and_again_when_it_is_old() -> None:
    clock, read = Ticks(), list[str]()

    def slowly(key: str, _now: datetime) -> int:
        read.append(key)
        return len(read)

    fresh = Fresh(slowly, clock)
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda: told.append(fresh.get("a-1", NOW))) for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert (told, read) == ([1] * 50, ["a-1"])
    clock.s += FRESH_S
    assert fresh.get("a-1", NOW) == 2
    assert fresh.get("a-2", NOW) == 3


def test_a_reading_that_fails_is_tried_again_by_the_next() -> None:
    read = list[str]()

    def stumble(key: str, _now: datetime) -> int:
        read.append(key)
        if len(read) == 1:
            raise ConnectionError
        return 7

    fresh = Fresh(stumble, Ticks())

    with pytest.raises(ConnectionError):
        fresh.get("a-1", NOW)
    assert fresh.get("a-1", NOW) == 7


def test_the_bar_counts_only_what_a_person_sees_and_changes_its_word() -> None:
    areas = (
        AreaProgress("x", "Thôn 1", Counts(sounding=2, failed=1)),
        AreaProgress("y", "Thôn 2", Counts(finished=3, not_reached=2)),
    )

    whole, part = bar_of(areas, None), bar_of(areas, frozenset({"x"}))

    assert (whole.counts.heard, whole.counts.total, whole.silent) == (5, 8, 3)
    assert (part.counts.heard, part.counts.total, part.silent) == (2, 3, 1)
    assert whole.version != part.version
    assert [state for state, _, _ in part.segments] == ["sounding", "failed"]
    assert part.segments[-1] == ("failed", 66.667, 33.333)
