"""The owner thread: a bug is told once, and never ends it."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_agent.audio.events import Underrun
from edge_agent.conductor import Conductor
from edge_agent.events import Heard
from wire.up import ReceiptKind


class BrokenCrew:
    """A crew of which only the parts that a turn meets first exist."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []
        self.stages: dict[str, Any] = {}
        self.is_broken = True
        self.alarm = self.panic = self.memory = self.book = self.prompter = self.power = (
            self.upkeep
        ) = self.speaker = self
        self.gate = self
        self.plan = self.desired = None
        self.fault = ""

    def note(self, kind: ReceiptKind, **facts: Any) -> None:
        self.noted.append({"kind": kind} | facts)

    def refresh(self, _mono: float) -> None:
        if self.is_broken:
            raise RuntimeError("bug")

    def faults(self) -> tuple[str, ...]:
        return ()

    def step(self, *_: Any) -> None:
        """Nothing is due."""


@pytest.fixture
def crew() -> BrokenCrew:
    return BrokenCrew()


@pytest.fixture
def turn(crew: BrokenCrew) -> Callable[..., None]:
    nothing: Any = crew
    return Conductor(nothing).turn


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

    assert len(crew.noted) == 2
