"""What is wrong with an output: told once when it begins, and once when it is over."""

from edge_agent.receipts import ReceiptBook
from wire.up import ReceiptKind


class OutputFault:
    """The fault of one output, "" when there is none. Owned by the conductor's thread."""

    def __init__(self, output: str, book: ReceiptBook) -> None:
        self._output, self._book = output, book
        self.why = ""

    def lost(self, reason: str) -> None:
        """Take note that the sound device is gone."""
        self.why = reason or "lost"
        self._note(ReceiptKind.FAULT, reason[:500])

    def back(self, after_s: float) -> None:
        """Take note that it is there again."""
        if self.why:
            self.why = ""
            self._note(ReceiptKind.REPAIRED, f"{after_s:.1f} s")

    def _note(self, kind: ReceiptKind, detail: str) -> None:
        self._book.note(kind, output=self._output, code="no_output", detail=detail)
