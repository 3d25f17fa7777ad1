"""Keeps the amplifier on while an output needs it, warm before the first sample."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from edge_agent.amplifier import Amplifier
from edge_agent.audio.errors import AudioError
from edge_agent.receipts import ReceiptBook
from firmware_profiles import AmplifierRelay
from wire.up import ReceiptKind

log = logging.getLogger(__name__)


class Power:
    """The amplifier of a device, if its profile has one. Owned by the conductor's thread."""

    def __init__(self, relay: AmplifierRelay | None, book: ReceiptBook) -> None:
        self._book = book
        self._amplifier: Amplifier | None = None
        self.warm_up_s = 0.0
        self.fault = ""
        if relay is not None:
            warm_up = timedelta(milliseconds=relay.warm_up_ms)
            linger = timedelta(milliseconds=relay.release_after_ms)
            self.warm_up_s = warm_up.total_seconds()
            self._amplifier = Amplifier(
                relay.gpio_pin, warm_up, linger, is_active_high=relay.active_high
            )

    def start(self) -> None:
        """Take the relay; without it the device goes on and says so."""
        if self._amplifier is None:
            return
        try:
            self._amplifier.start()
        except (AudioError, ImportError) as error:
            self.fault = str(error)
            self._amplifier = None
            log.warning("%s", error)
            self._book.note(ReceiptKind.FAULT, code="amplifier", detail=str(error)[:500])

    def stop(self) -> None:
        """Switch off."""
        if self._amplifier is not None:
            self._amplifier.stop()

    def ready_at(self, now: float) -> float:
        """Return from which instant on sound is heard if the amplifier is switched on at `now`."""
        return now if self._amplifier is None else self._amplifier.ready_at(now)

    def step(self, now: float, sound_at: Iterable[float]) -> float | None:
        """Switch for the instants at which outputs sound; return when to come again (monotonic)."""
        if self._amplifier is None:
            return None
        needed_from = min((at - self.warm_up_s for at in sound_at), default=None)
        if needed_from is not None and now >= needed_from:
            self._amplifier.on(now)
            return None
        if self._amplifier.is_on and self._amplifier.next_at is None:
            self._amplifier.off_later(now)
        self._amplifier.tick(now)
        instants = (needed_from, self._amplifier.next_at)
        return min((at for at in instants if at is not None), default=None)
