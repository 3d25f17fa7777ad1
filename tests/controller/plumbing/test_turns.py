"""Writers to SQLite take turns: background work never holds up more than one turn."""

import threading
import time

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from controller.db import Sessions, make_engine, make_sessions
from controller.turns import PROMPT_IN_A_ROW, Turns
from tests.controller.plumbing.peer import wait_until


@pytest.fixture
def turns() -> Turns:
    taken = Turns()
    assert taken.take(is_patient=False, timeout_s=1)
    return taken


def test_a_patient_writer_lets_the_others_go_first(turns: Turns) -> None:
    order: list[str] = []
    writers = [_queue(turns, "planner", order, is_patient=True)]
    writers.append(_queue(turns, "release", order, is_patient=False))

    turns.give_back()
    _join(writers)

    assert order == ["release", "planner"]


def test_a_patient_writer_is_not_put_off_for_ever(turns: Turns) -> None:
    order: list[str] = []
    writers = [_queue(turns, "planner", order, is_patient=True)]
    more = range(PROMPT_IN_A_ROW + 5)
    writers += [_queue(turns, "web", order, is_patient=False) for _ in more]

    turns.give_back()
    _join(writers)

    assert order.index("planner") == PROMPT_IN_A_ROW


def test_who_waits_too_long_goes_without_a_turn_and_holds_up_nobody(turns: Turns) -> None:
    assert not turns.take(is_patient=False, timeout_s=0.01)

    turns.give_back()

    assert turns.take(is_patient=True, timeout_s=0.01)


@pytest.mark.parametrize("ends", ["commit", "rollback", "close"])
def test_every_end_of_a_transaction_gives_the_turn_back(sqlite: Engine, ends: str) -> None:
    sessions = make_sessions(sqlite)
    session = sessions()
    session.execute(text("SELECT 1"))

    getattr(session, ends)()

    assert _seconds_to_write(sessions) < 5


def test_a_lock_that_another_process_holds_keeps_no_turn(sqlite: Engine) -> None:
    """BEGIN fails: the turn comes back all the same."""
    other = make_engine(str(sqlite.url))
    sessions = make_sessions(sqlite)
    with sqlite.connect().execution_options(read_only=True) as quick:
        quick.exec_driver_sql("PRAGMA busy_timeout=1")
    with make_sessions(other)() as holder:
        holder.execute(text("SELECT 1"))
        with pytest.raises(OperationalError), sessions() as session:
            session.execute(text("SELECT 1"))
    other.dispose()

    assert _seconds_to_write(sessions) < 5


def test_a_release_waits_for_one_turn_of_a_planner_that_begins_again_at_once(
    sqlite: Engine,
) -> None:
    """SQLite's own busy handler would let who begins again at once win for seconds."""
    prompt, patient = make_sessions(sqlite), make_sessions(sqlite, is_patient=True)
    stopping, turns_taken = threading.Event(), []

    def plan() -> None:
        while not stopping.is_set():
            with patient() as session:
                session.execute(text("SELECT 1"))
                turns_taken.append(time.monotonic())
                stopping.wait(0.02)

    planner = threading.Thread(target=plan)
    planner.start()
    assert wait_until(lambda: len(turns_taken) > 2)
    asked = len(turns_taken)
    _seconds_to_write(prompt)
    waited = len(turns_taken) - asked
    stopping.set()
    planner.join(10)

    assert waited <= 2


def test_who_only_reads_waits_for_no_turn(sqlite: Engine) -> None:
    with make_sessions(sqlite)() as writer:
        writer.execute(text("SELECT 1"))

        assert _seconds_to_write(make_sessions(sqlite, read_only=True)) < 5


def _queue(turns: Turns, name: str, order: list[str], *, is_patient: bool) -> threading.Thread:
    """Start a writer that notes when it has the turn, and see it wait."""

    def write() -> None:
        assert turns.take(is_patient=is_patient, timeout_s=10)
        order.append(name)
        turns.give_back()

    queue = turns._patient if is_patient else turns._prompt
    before = len(queue)
    writer = threading.Thread(target=write)
    writer.start()
    assert wait_until(lambda: len(queue) == before + 1)
    return writer


def _join(writers: list[threading.Thread]) -> None:
    for writer in writers:
        writer.join(10)


def _seconds_to_write(sessions: Sessions) -> float:
    begun = time.monotonic()
    with sessions.begin() as session:
        session.execute(text("SELECT 1"))
    return time.monotonic() - begun
