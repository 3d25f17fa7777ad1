"""Wakes a worker's thread when a transaction that asked for it commits: an event, never a poll.

In one process by a callback after commit; across processes by PostgreSQL's LISTEN/NOTIFY.
"""

import logging
import threading
from collections.abc import Callable, Mapping

import psycopg
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from controller.db import Sessions

log = logging.getLogger(__name__)

CHANNEL = "truyenthanh"
_ASKED = "wake.asked"


def ask(session: Session, name: str) -> None:
    """Ask that whoever waits for `name` is woken once this transaction commits."""
    session.info.setdefault(_ASKED, set()).add(name)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_notify(:c, :n)"), {"c": CHANNEL, "n": name})


def on_commit(sessions: Sessions, callbacks: Mapping[str, Callable[[], None]]) -> None:
    """Call the callbacks of the names that a session of this factory asked for, after commit."""

    def after_commit(session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint: nobody else sees anything yet
        for name in session.info.pop(_ASKED, set()):
            callbacks.get(name, _nobody)()

    def after_rollback(session: Session) -> None:
        if not session.in_nested_transaction():  # a savepoint takes back no other's wish
            session.info.pop(_ASKED, None)

    event.listen(sessions, "after_commit", after_commit)
    event.listen(sessions, "after_rollback", after_rollback)


class Listener:
    """Hears what other processes ask for, on PostgreSQL; start and stop may be called twice."""

    def __init__(self, url: str, callbacks: Mapping[str, Callable[[], None]]) -> None:
        parts = make_url(url).set(drivername="postgresql")
        self._url = parts.render_as_string(hide_password=False)
        self._callbacks = callbacks
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="wake-listener")
            self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("cannot listen for wake-ups (%s); trying again in 1 s", error)
                self._stopping.wait(1.0)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=1.0):
                    self._callbacks.get(notice.payload, _nobody)()


def _nobody() -> None:
    """Nobody in this process waits for it."""
