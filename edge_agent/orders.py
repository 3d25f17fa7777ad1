"""Gives the player of one output the orders of the claims whose turn it is, and takes them back.

Owned by the conductor's thread.
"""

from collections.abc import Iterable
from typing import Final

from edge_agent.audio.sources import PlayOrder
from edge_agent.claims import Claim
from edge_agent.loudness import Loudness
from edge_agent.performance import Act, Player
from edge_agent.receivers import Receivers
from wire.plan import Slot

FADE_MS: Final = 20


class Orders:
    """The orders of each claim that the player has. A changed claim has two for a moment."""

    def __init__(self, player: Player, receivers: Receivers, loudness: Loudness) -> None:
        self._player, self._receivers, self._loudness = player, receivers, loudness
        self._live: dict[str, list[str]] = {}

    def give(
        self,
        act: Act,
        claim: Claim,
        order_id: str,
        others: Iterable[tuple[Claim, Slot | None]],
        takes_over_ms: int = 0,
    ) -> None:
        """Order a claim's turn, after calls where receivers sleep; `others` may hold them open.

        `takes_over_ms` after its start it takes over from the order that sounds.
        """
        order = self._made(act, claim, order_id, takes_over_ms)
        goes_on = any(name != order_id for name in self._live.get(claim.id, []))
        is_held = goes_on or self._receivers.are_held(claim, act.slot, others)
        clusters = None if is_held else act.to_call
        order = self._receivers.open(order, clusters, self._loudness.volume.db)
        live = self._live.setdefault(claim.id, [])
        if order_id not in live:
            live.append(order_id)
        self._player.play(order)

    def hush(self, order_id: str) -> None:
        """Stop the orders of a turn: also the one that sounds until a changed one takes over."""
        for name in (*self._live.pop(_claim_of(order_id), []), order_id):
            self._receivers.drop(name)
            self._player.stop_order(name, FADE_MS)

    def break_off(self, order_id: str) -> None:
        """Stop an order whose turn then begins anew."""
        self._player.stop_order(order_id, FADE_MS)

    def finished(self, order_id: str) -> None:
        """Forget an order that the player is done with."""
        self._receivers.drop(order_id)
        live = self._live.get(_claim_of(order_id), [])
        if order_id in live:
            live.remove(order_id)

    def forget(self, claim_id: str) -> None:
        """Forget a claim that is over."""
        self._live.pop(claim_id, None)

    def _made(self, act: Act, claim: Claim, order_id: str, takes_over_ms: int) -> PlayOrder:
        cut_db = self._loudness.cut_db(act)
        from_ms = max(act.after_ms, takes_over_ms)
        starts_at, into_ms = claim.starts_at + from_ms / 1000, from_ms - act.after_ms
        return PlayOrder(
            order_id, starts_at, claim.ends_at, act.parts, cut_db, act.offset_ms + into_ms
        )


def _claim_of(order_id: str) -> str:
    return order_id.rpartition("~")[0]
