"""A player that remembers, on a clock that the test moves."""

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.audio.events import AudioEvent, OrderFinished, OrderStarted
from edge_agent.audio.sources import PlayOrder, length_ms


@dataclass
class Ticker:
    """A monotonic clock."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class FakePlayer:
    """Plays one order at a time, as the real one: the next takes over at its own instant."""

    on_event: Callable[[AudioEvent], None]
    monotonic: Callable[[], float]
    orders: list[PlayOrder] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    waiting: dict[str, PlayOrder] = field(default_factory=dict)
    sounding: PlayOrder | None = None
    began_at: float = 0.0
    is_deaf: bool = False

    def start(self) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        self.waiting.clear()
        self._finish("stopped")

    def play(self, order: PlayOrder) -> None:
        self.orders.append(order)
        if self.is_deaf:
            return
        self.waiting[order.id] = order
        self.advance()

    def stop_order(self, order_id: str, fade_ms: int = 10) -> None:  # noqa: ARG002 - the contract
        if self.waiting.pop(order_id, None):
            self.on_event(OrderFinished(order_id, 0, "stopped"))
        elif self.sounding and self.sounding.id == order_id:
            self._finish("stopped")

    def set_gain(self, db: float) -> None:
        self.gains.append(db)

    def progress(self) -> float:
        return self.monotonic()

    def advance(self) -> None:
        """Do what the time of the clock asks for."""
        now = self.monotonic()
        if self.sounding and now >= self._ends_at(self.sounding):
            self._finish("ended")
        for order in sorted(self.waiting.values(), key=lambda order: order.start_at):
            if order.start_at <= now:
                del self.waiting[order.id]
                self._finish("replaced")
                self.sounding, self.began_at = order, now
                late_ms = (now - order.start_at) * 1000
                self.on_event(OrderStarted(order.id, now, late_ms))

    def _ends_at(self, order: PlayOrder) -> float:
        whole_s = (sum(map(length_ms, order.parts)) - order.into_ms) / 1000
        ends_at = order.start_at + whole_s
        return ends_at if order.end_at is None else min(ends_at, order.end_at)

    def _finish(self, reason: str) -> None:
        order, self.sounding = self.sounding, None
        if order is not None:
            until = min(self.monotonic(), self._ends_at(order))
            played_ms = round((until - self.began_at) * 1000)
            self.on_event(OrderFinished(order.id, max(0, played_ms), reason))
