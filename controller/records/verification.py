"""Verifies stored batches in the background: one chunk is checked while the one before is filed."""

from collections.abc import Callable, Sequence

from controller.db import Clock, Sessions
from controller.records.batches import Opened, Waiting, file_opened, opened, waiting
from controller.records.checking import Checker


class Verification:
    """`step` is driven by a `Loop`. A chunk is written in one small, patient transaction.

    What was being checked when the database went away is simply looked up again.
    """

    def __init__(
        self,
        reading: Sessions,
        writing: Sessions,
        clock: Clock,
        checker: Checker | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock
        self._checker = checker or Checker()
        self._pause = pause
        self._asked: Sequence[Waiting] = ()

    def start(self) -> None:
        """Start what checks signatures; may be called twice."""
        self._checker.start()

    def stop(self) -> None:
        """Stop it; may be called twice."""
        self._checker.stop()
        self._asked = ()

    def step(self) -> bool:
        """Ask about the next chunk, file the one before; return whether there was any."""
        self._pause()
        checked = self._checked()
        try:
            self._ask(after=checked[-1].id if checked else 0)
            if checked:
                with self._writing.begin() as session:
                    file_opened(session, checked, self._clock())
        except BaseException:
            self._forget()
            raise
        return bool(checked or self._asked)

    def _checked(self) -> list[Opened]:
        asked, self._asked = self._asked, ()
        verdicts = self._checker.answer() if asked else []
        return [opened(batch, verdict) for batch, verdict in zip(asked, verdicts, strict=True)]

    def _ask(self, after: int) -> None:
        with self._reading() as session:
            self._asked = waiting(session, after)
        if self._asked:
            self._checker.ask([one.question for one in self._asked])

    def _forget(self) -> None:
        """Leave nothing asked: the next step begins with the oldest that waits."""
        if self._asked:
            self._checker.answer()
        self._asked = ()
