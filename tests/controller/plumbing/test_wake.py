"""A commit wakes who waits, in this process and, on PostgreSQL, in every other one."""

import threading

import pytest
from sqlalchemy import Engine, text

from controller import wake
from controller.db import Sessions, make_sessions
from controller.wake import Listener
from tests.controller.plumbing.peer import wait_until


def test_nobody_is_woken_before_the_commit_or_by_a_rollback(sessions: Sessions) -> None:
    woken: list[str] = []
    wake.on_commit(sessions, {"outbox": lambda: woken.append("outbox")})

    with sessions() as session:
        session.execute(text("SELECT 1"))
        wake.ask(session, "outbox")
        wake.ask(session, "nobody-waits-for-this")
        session.rollback()
        session.commit()
        assert woken == []
        wake.ask(session, "outbox")
        wake.ask(session, "outbox")
        session.commit()
        session.commit()

    assert woken == ["outbox"]


def test_a_savepoint_wakes_nobody(sessions: Sessions) -> None:
    """Who is woken before the commit sees nothing, and sleeps again."""
    woken: list[str] = []
    wake.on_commit(sessions, {"outbox": lambda: woken.append("outbox")})

    with sessions() as session:
        with session.begin_nested():
            wake.ask(session, "outbox")
        assert woken == []
        session.commit()

    assert woken == ["outbox"]


def test_a_savepoint_that_is_rolled_back_takes_back_nobody_elses_wish(sessions: Sessions) -> None:
    """A cancel and, in the same batch, a message that fails: the cancel goes out at once."""
    woken: list[str] = []
    wake.on_commit(sessions, {"outbox": lambda: woken.append("outbox")})

    with sessions() as session:
        wake.ask(session, "outbox")
        savepoint = session.begin_nested()
        session.execute(text("SELECT 1"))
        savepoint.rollback()
        session.commit()

    assert woken == ["outbox"]


@pytest.fixture
def heard(postgres_url: str) -> tuple[Listener, dict[str, threading.Event]]:
    events = {"outbox": threading.Event(), "replan": threading.Event()}
    return Listener(postgres_url, {name: one.set for name, one in events.items()}), events


def test_a_commit_in_another_process_is_heard(
    postgres_engine: Engine, heard: tuple[Listener, dict[str, threading.Event]]
) -> None:
    listener, events = heard
    sessions = make_sessions(postgres_engine)
    listener.start()
    listener.start()

    def ask() -> bool:
        with sessions.begin() as session:
            wake.ask(session, "outbox")
        return events["outbox"].wait(0.2)

    wait_until(ask)
    assert not events["replan"].is_set()

    listener.stop()
    listener.stop()


def test_a_lost_connection_is_made_again(
    postgres_engine: Engine, heard: tuple[Listener, dict[str, threading.Event]]
) -> None:
    listener, events = heard
    sessions = make_sessions(postgres_engine)
    listener.start()
    wait_until(lambda: _end_listeners(postgres_engine))

    def ask() -> bool:
        with sessions.begin() as session:
            wake.ask(session, "replan")
        return events["replan"].wait(0.2)

    wait_until(ask)
    listener.stop()


def _end_listeners(engine: Engine) -> int:
    """Let the server end every connection that listens; return how many."""
    with engine.begin() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )
        )
        return len(ended.all())
