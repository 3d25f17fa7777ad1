"""Calls the clusters of an addressed output in dual tones before a slot, and closes them after it.

      close, call 1, call 2 ...       audio, exactly at its instant       close
    -|##########################|...|=====================================|####|->

Joined late, it calls first and joins at the clock's place then. A call is an order of its own, so
that the player knows nothing of it. Owned by the conductor's thread.
"""

import logging
import re
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.audio import events as heard
from edge_agent.audio.sources import DtmfPart, PlayOrder, length_ms
from edge_agent.performance import Player
from edge_agent.receipts import ReceiptBook
from firmware_profiles import DtmfWake
from wire.down import Cluster
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

TONE_DB: Final = -6.0
"""What `audio.tones.dtmf` gives each tone; a profile's level counts from full scale."""
BEGUN_S: Final = 0.3
"""So long before its instant a call may already be on its way to the device."""
BROKEN_MS: Final = 20
CALL: Final = "call:"
CLOSE: Final = "close:"


@dataclass(frozen=True, slots=True)
class Line:
    """An addressed output: its id, how it is called, how soon (s) an order can sound whole."""

    output: str
    wake: DtmfWake
    soonest_s: float


def is_call(order_id: str) -> bool:
    """Return whether an order only calls or closes receivers."""
    return order_id.startswith((CALL, CLOSE))


class Calls:
    """What has been called on one output. `player` is the output's own."""

    def __init__(self, line: Line, player: Player, book: ReceiptBook) -> None:
        self._line, self._player, self._book = line, player, book
        self._clusters: dict[str, Cluster] = {}
        self._reported: set[str] = set()
        self._calls: dict[str, PlayOrder] = {}
        self._is_open = False

    def know(self, clusters: tuple[Cluster, ...]) -> None:
        """Take the clusters of the output; an address that was missing and came is repaired."""
        self._clusters = {cluster.id: cluster for cluster in clusters}
        for name in sorted(self._reported):
            if self._address(name):
                self._reported.discard(name)
                self._note(ReceiptKind.REPAIRED, name)

    def addresses(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return whom to call for the clusters `names` (none: all); everyone is a single call."""
        wanted = names or tuple(self._clusters)
        if len(wanted) != 1 and set(wanted) >= set(self._clusters):
            return (self._line.wake.everyone,)
        found = (self._address(name) for name in wanted)
        return tuple(dict.fromkeys(address for address in found if address))

    def lead_s(self, names: tuple[str, ...]) -> float:
        """Return how long before the audio the calls for these clusters begin, in seconds."""
        wake, number = self._line.wake, len(self.addresses(names))
        if not number:
            return 0.0
        return (self._closing().for_ms + (number - 1) * wake.call_ms + wake.lead_ms) / 1000

    def before(
        self,
        order: PlayOrder,
        names: tuple[str, ...],
        now: float,
        *,
        ready_at: float,
        gain_db: float,
    ) -> PlayOrder:
        """Order the calls for `order`; return it at its instant, or from where it can be joined.

        `ready_at` is when the amplifier is warm, `gain_db` the output's volume, which does not
        touch the tones.
        """
        self._report_missing(names)
        lead_s = self.lead_s(names)
        if not lead_s:
            return order
        at = max(order.start_at - lead_s, self.soonest(now, ready_at))
        call = PlayOrder(CALL + order.id, at, None, self._keys(names), -gain_db)
        self._calls[order.id] = call
        self._player.play(call)
        starts_at = max(order.start_at, at + lead_s)
        into_ms = order.into_ms + round((starts_at - order.start_at) * 1000)
        return replace(order, start_at=starts_at, into_ms=into_ms)

    def soonest(self, now: float, ready_at: float) -> float:
        """Return when calls ordered now can begin; `ready_at` is when the amplifier is warm."""
        return max(ready_at, now + self._line.soonest_s)

    def begin_at(self, order_id: str) -> float | None:
        """Return when the calls of an order begin (monotonic); None when it has none."""
        call = self._calls.get(order_id)
        return call.start_at if call else None

    def has_begun(self, order_id: str, now: float) -> bool:
        """Return whether the calls of an order can no longer be moved."""
        begin_at = self.begin_at(order_id)
        return begin_at is not None and now >= begin_at - BEGUN_S

    def set_gain(self, gain_db: float, now: float) -> None:
        """Hold the level of calls to come against a new volume of the output."""
        for order_id, call in list(self._calls.items()):
            if not self.has_begun(order_id, now):
                self._calls[order_id] = replace(call, gain_db=-gain_db)
                self._player.play(self._calls[order_id])

    def drop(self, order_id: str) -> None:
        """Forget the calls of an order, also those that sound."""
        call = self._calls.pop(order_id, None)
        if call is not None:
            self._player.stop_order(call.id)

    def hear(self, event: heard.AudioEvent) -> str | None:
        """Take in what the player tells; return the order whose calls did not all sound."""
        match event:
            case heard.OrderStarted(name) if name.startswith(CALL):
                self._is_open = True
            case heard.OrderFinished(name, played_ms, "ended") if name.startswith(CALL):
                order_id = name.removeprefix(CALL)
                call = self._calls.get(order_id)
                whole_ms = sum(map(length_ms, call.parts)) if call else 0
                return order_id if played_ms < whole_ms - BROKEN_MS else None
        return None

    def close(self, now: float, gain_db: float) -> bool:
        """Close what was opened; return whether anything was."""
        was_open, self._is_open = self._is_open, False
        if was_open:
            order_id = f"{CLOSE}{now:.3f}"
            at = now + self._line.soonest_s
            self._player.play(PlayOrder(order_id, at, None, (self._closing(),), -gain_db))
        return was_open

    def _address(self, name: str) -> str:
        """Return the address of a cluster, empty when it has none that can be dialled."""
        address = self._clusters[name].address if name in self._clusters else ""
        digits = self._line.wake.address_digits
        return address if re.fullmatch(rf"[0-9A-D*#]{{{digits}}}", address) else ""

    def _keys(self, names: tuple[str, ...]) -> tuple[DtmfPart, ...]:
        wake = self._line.wake
        calls = (
            self._part((wake.open_prefix + one) * wake.repeats) for one in self.addresses(names)
        )
        return (self._closing(), *calls)

    def _closing(self) -> DtmfPart:
        return self._part(self._line.wake.close_code)

    def _part(self, digits: str) -> DtmfPart:
        wake = self._line.wake
        return DtmfPart(digits, wake.tone_ms, wake.gap_ms, wake.level_db - TONE_DB)

    def _report_missing(self, names: tuple[str, ...]) -> None:
        """Say once of each cluster that it cannot be called."""
        for name in names or tuple(self._clusters):
            if name not in self._reported and not self._address(name):
                self._reported.add(name)
                log.warning("%s: cluster %s has no address to call", self._line.output, name)
                self._note(ReceiptKind.FAULT, name)

    def _note(self, kind: ReceiptKind, name: str) -> None:
        self._book.note(
            kind, output=self._line.output, object_id=name, code="no_address", detail=name
        )
