"""Verifies stored batches in the background: one chunk is checked while the one before is counted.

What receipts say of alerts is counted first, for who waits for it; the logbook and the
acknowledgement follow when nothing more is coming, or when much waits for them.
"""

import time
from collections.abc import Callable, Sequence

from controller.db import Clock, Sessions
from controller.records.batches import (
    AT_ONCE,
    Opened,
    Waiting,
    count_alerts,
    file_opened,
    opened,
    waiting,
)
from controller.records.checking import Checker

LONGEST_IDLE_S = 5.0
HELD_MOST = 80 * AT_ONCE
"""So many opened batches are held back from the logbook at most."""


class Verification:
    """`step` is driven by a `Loop`. A chunk is written in small, patient transactions.

    A batch counts as verified when it is filed: what was checked or held when the database went
    away, or we died, is simply looked up again. Counting twice changes nothing.
    """

    def __init__(
        self,
        reading: Sessions,
        writing: Sessions,
        clock: Clock,
        checker: Checker | None = None,
        pause: Callable[[], None] = lambda: None,
        *,
        file_after_s: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file_after_s, self._monotonic = file_after_s, monotonic
        self._came_at = 0.0
        self._reading, self._writing, self._clock = reading, writing, clock
        self._checker = checker or Checker()
        self._pause = pause
        self._asked: Sequence[Waiting] = ()
        self._held: list[Opened] = []

    def start(self) -> None:
        """Start what checks signatures; may be called twice."""
        self._checker.start()

    def stop(self) -> None:
        """Stop it; may be called twice."""
        self._checker.stop()
        self._asked, self._held = (), []

    def step(self) -> bool:
        """Ask about the next chunk, count the one before, file one; return whether there was any.

        Filing holds back nobody's alert: it waits until nothing came for a while, or too much is
        held.
        """
        self._pause()
        try:
            checked = self._checked()
            self._ask(after=max((one.id for one in [*checked, *self._held[-1:]]), default=0))
            self._count(checked)
            self._held += checked
            is_filing = self._may_file(is_quiet=not self._asked and not checked)
            if is_filing:
                self._file()
        except BaseException:
            self._forget()
            raise
        return bool(checked or self._asked or is_filing)

    def idle_s(self) -> float:
        """Return when to look again, in seconds, if nobody says before that there is work."""
        return max(self._file_after_s, 0.1) if self._held else LONGEST_IDLE_S

    def _may_file(self, *, is_quiet: bool) -> bool:
        if not is_quiet:
            self._came_at = self._monotonic()
            return len(self._held) >= HELD_MOST
        is_over = self._monotonic() - self._came_at >= self._file_after_s
        return is_over and bool(self._held)

    def _checked(self) -> list[Opened]:
        asked, self._asked = self._asked, ()
        verdicts = self._checker.answer() if asked else []
        return [opened(batch, verdict) for batch, verdict in zip(asked, verdicts, strict=True)]

    def _ask(self, after: int) -> None:
        with self._reading() as session:
            self._asked = waiting(session, after)
        if self._asked:
            self._checker.ask([one.question for one in self._asked])

    def _count(self, checked: Sequence[Opened]) -> None:
        if any(one.alerts for one in checked):
            with self._writing.begin() as session:
                count_alerts(session, checked, self._clock())

    def _file(self) -> None:
        with self._writing.begin() as session:
            file_opened(session, self._held[:AT_ONCE], self._clock())
        del self._held[:AT_ONCE]

    def _forget(self) -> None:
        """Leave nothing asked: the next step begins with the oldest that waits."""
        if self._asked:
            self._checker.answer()
        self._asked, self._held = (), []
