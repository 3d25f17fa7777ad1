"""The owner thread: a bug is told once, and never ends it."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_agent.audio.events import Underrun
from edge_agent.conductor import BLIND_WAIT_S, LONGEST_WAIT_S, Conductor
from edge_agent.events import Heard
from wire.up import ReceiptKind


class BrokenCrew:
    """A crew of which only the parts that a turn meets first exist."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []
        self.stages: dict[str, Any] = {}
        self.is_broken = True
        self.is_lost = False
        self.alarm = self.panic = self.memory = self.book = self.prompter = self.power = (
            self.upkeep
        ) = self.speaker = self
        self.gate = self.pack = self
        self.plan = self.desired = None
        self.fault = ""

    def note(self, kind: ReceiptKind, **facts: Any) -> None:
        self.noted.append({"kind": kind} | facts)

    def refresh(self, _mono: float) -> None:
        if self.is_broken:
            raise RuntimeError("bug")

    def next_at(self) -> None:
        if self.is_lost:
            raise ZeroDivisionError

    def faults(self) -> tuple[str, ...]:
        return ()

    def tick(self, *_: Any) -> None:
        """Nothing is due."""

    def step(self, *_: Any) -> None:
        """Nothing is due."""


@pytest.fixture
def crew() -> BrokenCrew:
    return BrokenCrew()


@pytest.fixture
def conductor(crew: BrokenCrew) -> Conductor:
    nothing: Any = crew
    return Conductor(nothing)


@pytest.fixture
def turn(conductor: Conductor) -> Callable[..., None]:
    return conductor.turn


def test_a_bug_of_every_turn_is_one_receipt(crew: BrokenCrew, turn: Callable[..., None]) -> None:
    for _ in range(100):
        turn(None)

    (receipt,) = crew.noted
    assert receipt["code"] == "bug"
    assert receipt["detail"].startswith("RuntimeError, test_conductor.py:")


def test_another_bug_meanwhile_is_a_receipt_of_its_own(
    crew: BrokenCrew, turn: Callable[..., None]
) -> None:
    for _ in range(10):
        turn(None)
        turn(Heard("no such output", Underrun(1)))

    assert len(crew.noted) == 2
    assert crew.noted[1]["detail"].endswith("Heard")


def test_a_bug_that_comes_back_after_a_good_turn_is_told_again(
    crew: BrokenCrew, turn: Callable[..., None]
) -> None:
    for is_broken in (True, True, False, True, True):
        crew.is_broken = is_broken
        turn(None)

    assert [one["detail"].split(",")[0] for one in crew.noted] == ["RuntimeError"] * 2


def test_who_cannot_tell_when_to_come_again_says_so_once_and_comes_soon(
    crew: BrokenCrew, conductor: Conductor, caplog: pytest.LogCaptureFixture
) -> None:
    crew.is_broken, crew.is_lost = False, True

    for _ in range(100):
        conductor.turn(None)

    (receipt,) = crew.noted
    assert receipt["kind"] is ReceiptKind.FAULT
    assert receipt["detail"].startswith("ZeroDivisionError, test_conductor.py:")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert conductor.wait_s == BLIND_WAIT_S

    crew.is_lost = False
    conductor.turn(None)
    assert BLIND_WAIT_S < conductor.wait_s <= LONGEST_WAIT_S


def test_a_turn_that_fails_before_its_end_is_followed_by_a_rest(
    crew: BrokenCrew, conductor: Conductor
) -> None:
    """What was due stays due: without a rest the agent would take all of a core for nothing."""
    conductor.plan_at = 0.0

    conductor.turn(None)

    assert crew.noted
    assert conductor.wait_s == BLIND_WAIT_S
