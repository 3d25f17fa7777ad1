"""Work that takes longer than a browser waits: how far it is, and how long it takes still."""

import threading
from pathlib import Path

import pytest

from controller.config import Config
from controller.errors import Missing
from controller.library.models import LibraryItem
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.library.workshop import Job, Progress, Workshop

WAIT_S = 10


class Steps:
    """Work that goes on only when a test says how far."""

    def __init__(self) -> None:
        self._told = threading.Semaphore(0)
        self._done = threading.Semaphore(0)
        self._parts: list[float] = []

    def __call__(self, on_progress: Progress) -> LibraryItem:
        """Report what the test says, in turn, then be done."""
        while self._told.acquire(timeout=WAIT_S):
            part = self._parts.pop(0)
            if part >= 1:
                break
            on_progress(part)
            self._done.release()
        return LibraryItem(id=7)

    def to(self, part: float) -> None:
        """Let the work come so far, and wait until it has said so."""
        self._parts.append(part)
        self._told.release()
        if part < 1:
            assert self._done.acquire(timeout=WAIT_S)


class Clock:
    """Seconds that a test lets pass."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Workshop:
    reader = Reader(FakeVoice(), None)
    return Workshop(AssetStore(tmp_path), reader, Config(data_dir=tmp_path), clock)


def test_a_long_text_tells_what_is_done_with_it_and_how_long_it_takes_still(
    shop: Workshop, clock: Clock
) -> None:
    work = Steps()
    begun = shop.begin("an", "Bản tin dài", work, spoken_at=0.4)

    def so_far(part: float, seconds: float) -> Job:
        clock.now_s += seconds
        work.to(part)
        return shop.job("an", begun.id)

    first, spoken, later = so_far(0.04, 1), so_far(0.2, 9), so_far(0.5, 15)
    work.to(1)

    assert begun.begun_s is None
    assert begun.left_s is None
    assert (first.is_speaking, first.left_s) == (True, None)
    assert (spoken.is_speaking, later.is_speaking) == (True, False)
    assert spoken.left_s == pytest.approx(40)
    assert later.left_s == pytest.approx(25)


def test_a_job_is_only_for_its_owner(shop: Workshop) -> None:
    work = Steps()
    begun = shop.begin("an", "Bản tin", work)
    work.to(1)

    with pytest.raises(Missing):
        shop.job("tan", begun.id)
