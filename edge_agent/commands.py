"""Orders of the controller: each executed at most once, never after its expiry."""

import logging
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from edge_agent.audio.sources import TonePart
from edge_agent.claims import Claim, Rank, Rung
from edge_agent.errors import StorageFailed
from edge_agent.performance import Act
from edge_agent.receipts import ReceiptBook
from edge_agent.stage import Stage
from edge_agent.store import Store
from wire.down import Action, Command
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

LOG_CHARACTERS: Final = 3500
TONE_DELAY_S: Final = 0.1


class LogTail(logging.Handler):
    """Keeps the last lines of the log for whoever asks."""

    def __init__(self, lines: int = 60) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=lines)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(self.format(record))

    def text(self) -> str:
        """Return the newest lines that fit into a receipt."""
        return "\n".join(self._lines)[-LOG_CHARACTERS:]


def reboot_machine() -> None:
    """Ask systemd to start the machine anew."""
    subprocess.Popen(["systemctl", "reboot"])


class Commands:
    """Executes commands on the stages of one device."""

    def __init__(
        self,
        store: Store,
        book: ReceiptBook,
        stages: Mapping[str, Stage],
        tail: LogTail,
        monotonic: Callable[[], float],
        reboot: Callable[[], None] = reboot_machine,
    ) -> None:
        self._store, self._book, self._stages = store, book, stages
        self._tail, self._monotonic, self._reboot = tail, monotonic, reboot
        self._executed: set[str] = set()

    def execute(self, command: Command) -> None:
        """Execute an accepted command unless it was before; it is remembered first."""
        try:
            is_first = self._store.execute_once(command.jti, command.exp)
        except StorageFailed:
            is_first = command.jti not in self._executed
        if not is_first or command.jti in self._executed:
            return
        self._executed.add(command.jti)
        stages = [s for s in self._stages.values() if command.output in {None, s.output}]
        detail = ""
        match command.action:
            case Action.TEST_TONE:
                self._test_tone(command, stages)
            case Action.STOP:
                self._stop(stages)
            case Action.SEND_LOGS:
                detail = self._tail.text()
            case Action.REBOOT:
                self._reboot()
        self._book.note(
            ReceiptKind.EXECUTED,
            output=command.output,
            object_id=command.jti,
            code=command.action,
            detail=detail,
        )

    def _test_tone(self, command: Command, stages: list[Stage]) -> None:
        begin = self._monotonic() + TONE_DELAY_S
        for stage in stages:
            name = f"tone-{command.jti}"[:60]
            claim = Claim(name, Rank(Rung.TEST_TONE), begin, begin + command.for_ms / 1000)
            stage.perform(Act(claim, (TonePart("test", command.for_ms),)))

    def _stop(self, stages: list[Stage]) -> None:
        now = self._monotonic()
        for stage in stages:
            for act in stage.acts():
                if act.claim.starts_at <= now:
                    stage.withdraw(act.claim.id, "stopped")
