"""What the receipts of one output say of the slots of a plan: how they began, went on and ended."""

from collections import Counter
from typing import Any, Final

from edge_agent.claims import Claim
from edge_agent.performance import Act, facts_of, verdict
from edge_agent.receipts import ReceiptBook
from wire.up import ReceiptKind

TRIES: Final = 4


class SlotWord:
    """Writes into the book what no alert or command asked for. Owned by the conductor's thread."""

    def __init__(self, book: ReceiptBook) -> None:
        self._book = book
        self._incomplete: set[str] = set()
        self._failures: Counter[str] = Counter()

    def note(self, act: Act | None, kind: ReceiptKind, **facts: Any) -> None:
        """Write down what happened to a slot; nothing for an act that is none."""
        if act is not None and act.slot is not None:
            self._book.note(kind, **(facts_of(act.slot) | facts))

    def missed_part(self, claim_id: str) -> None:
        """Remember that a part could not sound."""
        self._incomplete.add(claim_id)

    def over(self, act: Act, claim: Claim, code: str, *, had_turn: bool, has_fault: bool) -> None:
        """Write the final receipt of a slot, unless it may be tried again."""
        is_partial = claim.id in self._incomplete
        self._incomplete.discard(claim.id)
        if act.slot is None or self._may_try_again(claim, code):
            return
        kind, code = verdict(claim, code, had_turn=had_turn, has_fault=has_fault)
        self._book.note(
            kind,
            final=(act.slot.id, act.slot.ends_at),
            played_ms=claim.played_ms,
            code=code or ("partial" if is_partial else ""),
            **facts_of(act.slot),
        )

    def _may_try_again(self, claim: Claim, code: str) -> bool:
        """Leave a slot of which nothing sounded to the prompter, a few times: its file may mend."""
        if code != "failed" or claim.played_ms:
            return False
        self._failures[claim.id] += 1
        return self._failures[claim.id] < TRIES
