"""Alert, Update, Cancel with loss, duplicates and any order (docs/promises.md R42)."""

import os
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.cap.lifecycle import current
from controller.cap.message import Info, Message, Reference
from tests.controller.cap.messages import NOW, SENT

INFO = Info("Lũ", "Immediate", "Severe", "Observed")
RUNS = int(os.environ.get("LIFECYCLE_RUNS", "400"))


def alert(name: str, minute: int = 0, *references: Message, kind: str = "Alert") -> Message:
    return Message(
        identifier=name,
        sender="a@b",
        sent=SENT + timedelta(minutes=minute),
        status="Actual",
        msg_type=kind,
        scope="Public",
        references=tuple(one.name for one in references),
        infos=(INFO,) if kind in {"Alert", "Update"} else (),
    )


FIRST = alert("A")
SECOND = alert("B", 1, FIRST, kind="Update")
THIRD = alert("C", 2, SECOND, kind="Update")
CANCEL = alert("D", 3, THIRD, kind="Cancel")


def test_an_update_replaces_and_a_cancel_ends() -> None:
    assert current([FIRST], NOW) == {FIRST}
    assert current([FIRST, SECOND, THIRD], NOW) == {THIRD}
    assert current([FIRST, SECOND, THIRD, CANCEL], NOW) == set()


def test_what_was_replaced_stays_replaced_when_it_comes_late() -> None:
    assert current([CANCEL, THIRD, SECOND, FIRST], NOW) == set()


def test_a_lost_update_leaves_standing_only_what_it_alone_replaced() -> None:
    assert current([FIRST, THIRD], NOW) == {FIRST, THIRD}


def test_an_acknowledgement_ends_nothing() -> None:
    assert current([FIRST, alert("X", 1, FIRST, kind="Ack")], NOW) == {FIRST}


def test_a_test_never_cancels_a_real_warning() -> None:
    exercise = replace(alert("X", 1, FIRST, kind="Cancel"), status="Exercise")

    assert current([FIRST, exercise], NOW) == {FIRST}


def test_a_reference_meets_whatever_it_calls_the_sender() -> None:
    elsewhere = Reference("PAAQ", FIRST.identifier, FIRST.sent)
    cancel = replace(alert("X", 1, kind="Cancel"), references=(elsewhere,))

    assert current([FIRST, cancel], NOW) == set()


def test_a_repeated_name_with_other_words_silences_nothing() -> None:
    other = replace(FIRST, infos=(replace(INFO, event="Không có gì"),))

    assert current([FIRST, other, FIRST], NOW) == {FIRST, other}


def test_what_expired_is_not_current() -> None:
    assert current([FIRST], SENT + timedelta(hours=1)) == set()


def stream(chance: random.Random) -> list[Message]:
    """Make a history as a sender would, with up to eight warnings told at once."""
    sent: list[Message] = []
    for minute in range(chance.randint(1, 25)):
        kind = chance.choice(["Alert", "Alert", "Update", "Update", "Cancel", "Ack"])
        known = chance.sample(sent, min(len(sent), chance.randint(1, 3)))
        if kind != "Alert" and not known:
            continue
        message = alert(f"M{minute}", minute % 7 + 10 * (minute // 7), *known, kind=kind)
        later = [one.sent for one in known]
        if kind == "Alert" or max(later) <= message.sent:
            sent.append(message if kind != "Alert" else replace(message, references=()))
    return sent


def model(received: list[Message], now: datetime) -> set[str]:
    """Say it again as a person would: tick off a list, message by message, by names alone."""
    standing = {one.identifier for one in received if one.msg_type in {"Alert", "Update"}}
    ticked_off: set[str] = set()
    for message in received:
        if message.msg_type in {"Update", "Cancel"}:
            for reference in message.references:
                ticked_off.add(reference.identifier)
    ends = {one.identifier: one.sent + timedelta(hours=1) for one in received}
    return {name for name in standing - ticked_off if now < ends[name]}


@pytest.mark.parametrize("seed", range(4))
def test_any_order_with_loss_and_duplicates_gives_the_set_of_the_model(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(RUNS // 4):
        history = stream(chance)
        received = [one for one in history if chance.random() > 0.2]
        shuffled = received + [one for one in received if chance.random() < 0.3]
        chance.shuffle(shuffled)
        now = SENT + timedelta(minutes=chance.randint(0, 90))

        found = current(shuffled, now)

        assert {one.identifier for one in found} == model(received, now)
        assert found == current(received, now)


@settings(max_examples=60, deadline=None)
@given(st.permutations([FIRST, SECOND, THIRD, CANCEL, FIRST, SECOND]), st.integers(0, 6))
def test_the_order_of_arrival_means_nothing(order: list[Message], kept: int) -> None:
    assert current(order[:kept], NOW) == current(sorted(order[:kept], key=repr), NOW)
