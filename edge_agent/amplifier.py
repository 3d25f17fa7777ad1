"""The power amplifier's relay: on before the sound with time to warm up, off some time after it.

The conductor calls `on` and `off_later`, and `tick` when `next_at` has come; nothing here waits.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from edge_agent.audio.errors import AudioError

if TYPE_CHECKING:
    from gpiozero import DigitalOutputDevice
    from gpiozero.pins import Factory


class AmplifierFailed(AudioError):
    """The relay's pin cannot be used."""

    def __init__(self, pin: int, why: str) -> None:
        self.pin, self.why = pin, why
        super().__init__(f"Rơ-le âm ly lỗi / amplifier relay failed: GPIO {pin}: {why}")


class Amplifier:
    """One relay on a GPIO pin (BCM number). `now` is the monotonic clock in seconds."""

    def __init__(
        self,
        pin: int,
        warm_up: timedelta,
        linger: timedelta,
        *,
        is_active_high: bool = True,
        pin_factory: "Factory | None" = None,
    ) -> None:
        self._pin, self._is_active_high, self._pin_factory = pin, is_active_high, pin_factory
        self._warm_up_s, self._linger_s = warm_up.total_seconds(), linger.total_seconds()
        self._relay: DigitalOutputDevice | None = None
        self._ready_at: float | None = None
        self._off_at: float | None = None

    @property
    def is_on(self) -> bool:
        """Tell whether the relay is closed."""
        return self._ready_at is not None

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do, or None."""
        return self._off_at

    def ready_at(self, now: float) -> float:
        """Return when it is warm if it is, or is switched, on at `now`."""
        return now + self._warm_up_s if self._ready_at is None else self._ready_at

    def start(self) -> None:
        """Take the pin, switched off. May be called twice. Raises AmplifierFailed."""
        if self._relay is not None:
            return
        from gpiozero import DigitalOutputDevice, GPIOZeroError  # noqa: PLC0415 - rarely needed

        try:
            self._relay = DigitalOutputDevice(
                self._pin,
                active_high=self._is_active_high,
                pin_factory=self._pin_factory,
            )
        except (GPIOZeroError, OSError) as error:
            raise AmplifierFailed(self._pin, str(error)) from error

    def on(self, now: float) -> float:
        """Switch on, or stay on; return the instant from which it is warm. `start` comes first."""
        if self._relay is None:
            raise AmplifierFailed(self._pin, "not started")
        self._off_at = None
        if self._ready_at is None:
            self._relay.on()
            self._ready_at = now + self._warm_up_s
        return self._ready_at

    def off_later(self, now: float) -> None:
        """Let it go off after its linger time, unless `on` comes first."""
        if self.is_on:
            self._off_at = now + self._linger_s

    def tick(self, now: float) -> None:
        """Switch off when the time has come."""
        if self._off_at is not None and now >= self._off_at:
            self._off()

    def stop(self) -> None:
        """Switch off at once and give the pin back. May be called twice."""
        self._off()
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.close()

    def _off(self) -> None:
        self._ready_at = self._off_at = None
        if self._relay is not None:
            self._relay.off()
