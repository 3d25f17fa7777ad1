"""Writes down what could not be read, beside the speaking: it neither waits for this nor fails.

One thread, a bounded number of notes ahead of it; what does not fit is met again some other day.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from controller.db import Sessions
from controller.pronunciation.unread import Found, found_in, note_unread
from controller.speech import Spoken

log = logging.getLogger(__name__)

MOST_WAITING = 50
_NAME = "truyenthanh.unread"


class UnreadNotes:
    """Keeps the lists of unread words of all areas; its thread starts with the first note."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="unread")

    def install(self, app: Flask) -> None:
        """Give the notes to the routes of an app."""
        app.extensions[_NAME] = self

    def note(self, area_id: str, read: Iterable[Spoken], now: datetime) -> None:
        """Note what some texts of an area held that could not be read; returns at once."""
        found = found_in(read)
        if not found or not self._room.acquire(blocking=False):
            return
        try:
            self._thread.submit(self._write, area_id, found, now)
        except RuntimeError:  # the program ends: there is no thread any more
            self._room.release()

    def of(self, area_id: str, now: datetime) -> Callable[[Spoken], None]:
        """Return what notes one text of an area, for who speaks it."""
        return lambda spoken: self.note(area_id, (spoken,), now)

    def settle(self) -> None:
        """Wait until everything noted so far is written."""
        self._thread.submit(lambda: None).result()

    def _write(self, area_id: str, found: tuple[Found, ...], now: datetime) -> None:
        try:
            with self._sessions.begin() as session:
                note_unread(session, area_id, found, now)
        except SQLAlchemyError as error:
            log.warning("unread words of %s are not noted: %s", area_id, error)
        finally:
            self._room.release()


def unread_notes() -> UnreadNotes:
    """Return the notes of the app."""
    found: UnreadNotes = current_app.extensions[_NAME]
    return found
