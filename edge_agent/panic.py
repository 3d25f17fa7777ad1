"""The local panic input: somebody at the device itself calls for help, without any network.

    button held, or file there ─> PanicPressed      file removed ─> PanicReleased
    PanicPressed while it sounds (5 s after its start at the earliest) stops it

The watching thread only posts; `next_panic` decides, and the conductor acts. How to use it: `start`
the `PanicWatch` with the profile's `panic_input`; on each event let `next_panic` make or end the
`LocalAlert`; sound its outputs with `Rank` real and `LEVEL` until `until`; say `panic_message`,
signed by the device, at its start and when it was stopped early. Both events go into
`events.Event`, `PanicWatch.fault` into the status.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from firmware_profiles import PanicInput
from wire.alert import Hazard
from wire.up import LONGEST_PANIC, Panic

if TYPE_CHECKING:
    from gpiozero import Button
    from gpiozero.pins import Factory

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.2
SETTLED_AFTER_S: Final = 5.0
"""A frightened hand presses twice: what began less than this ago is not stopped by it."""
LEVEL: Final = 3
"""The middle of five: a signed alert of a higher level is heard first."""


@dataclass(frozen=True, slots=True)
class PanicPressed:
    """The button was held for long enough, or the file appeared and stayed."""


@dataclass(frozen=True, slots=True)
class PanicReleased:
    """The file is gone. A button that is let go says nothing."""


PanicEvent = PanicPressed | PanicReleased


@dataclass(frozen=True, slots=True)
class LocalAlert:
    """What sounds at this device because somebody here asked; over at `until` (monotonic s)."""

    id: str
    outputs: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    since: float
    until: float
    hazard: Hazard = Hazard.OTHER


def local_alert(
    alert_id: str,
    outputs: tuple[str, ...],
    now: datetime,
    mono: float,
    lasts: timedelta = LONGEST_PANIC,
) -> LocalAlert:
    """Return the alert that begins now and lasts 10 minutes at most."""
    lasts = min(lasts, LONGEST_PANIC)
    return LocalAlert(
        alert_id, outputs, now, now + lasts, since=mono, until=mono + lasts.total_seconds()
    )


def next_panic(
    alert: LocalAlert | None, event: PanicEvent, mono: float, begin: Callable[[], LocalAlert]
) -> LocalAlert | None:
    """Return the alert in force after an event: a new one, the same, or none. Pure but for `begin`.

    One whose time is over is as good as none.
    """
    running = alert if alert is not None and mono < alert.until else None
    if isinstance(event, PanicReleased):
        return None
    if running is None:
        return begin()
    return running if mono - running.since < SETTLED_AFTER_S else None


def stopped(alert: LocalAlert, now: datetime, mono: float) -> LocalAlert:
    """Return an alert that ends now, or as it was when it has ended before."""
    if mono >= alert.until:
        return alert
    ends_at = max(alert.starts_at, min(now, alert.ends_at))
    return replace(alert, ends_at=ends_at, until=mono)


def panic_message(alert: LocalAlert, claims: dict[str, Any]) -> Panic:
    """Return the message to sign; the claims are those of `Reporter.claims`."""
    return Panic(
        **claims,
        id=alert.id,
        hazard=alert.hazard,
        outputs=alert.outputs,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
    )


class PanicWatch:
    """Watches the profile's panic input. `fault` is a word when it cannot, else empty."""

    def __init__(
        self,
        panic_input: PanicInput,
        folder: Path,
        post: Callable[[PanicEvent], None],
        *,
        pin_factory: "Factory | None" = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._input, self._folder, self._post = panic_input, folder, post
        self._pin_factory, self._monotonic = pin_factory, monotonic
        self._button: Button | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.fault = ""

    def start(self) -> None:
        """Begin to watch; a pin that is not there is a `fault`. May be called twice."""
        if self._button is not None or self._thread is not None:
            return
        self.fault = ""
        if self._input.gpio_pin is not None:
            self._take_pin(self._input.gpio_pin)
        elif self._input.file is not None:
            self._stopping.clear()
            path = self._folder / self._input.file
            self._thread = threading.Thread(
                target=self._watch, args=(path,), name="panic", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Give everything back. May be called twice."""
        self._stopping.set()
        button, self._button = self._button, None
        if button is not None:
            button.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(1.0)

    def _take_pin(self, pin: int) -> None:
        try:
            from gpiozero import Button, GPIOZeroError  # noqa: PLC0415 - rarely needed
        except ImportError as error:
            self._fail(f"GPIO {pin}: {error}")
            return
        try:
            self._button = Button(
                pin,
                pull_up=True,
                hold_time=self._input.hold_ms / 1000,
                pin_factory=self._pin_factory,
            )
        except (GPIOZeroError, OSError) as error:
            self._fail(f"GPIO {pin}: {error}")
            return
        self._button.when_held = self._press

    def _fail(self, why: str) -> None:
        self.fault = "panic_input"
        log.warning("nút khẩn cấp không dùng được / the panic input cannot be used: %s", why)

    def _press(self) -> None:
        log.warning("nút khẩn cấp được bấm / the panic input was used")
        self._post(PanicPressed())

    def _watch(self, path: Path) -> None:
        hold_s, since, is_pressed = self._input.hold_ms / 1000, None, _is_left_over(path)
        while True:
            now = self._monotonic()
            since = (now if since is None else since) if self._is_there(path) else None
            if since is None and is_pressed:
                is_pressed = False
                self._post(PanicReleased())
            elif since is not None and not is_pressed and now - since >= hold_s:
                is_pressed = True
                self._press()
            if self._stopping.wait(LOOK_EVERY_S):
                return

    def _is_there(self, path: Path) -> bool:
        try:
            path.stat()
        except FileNotFoundError:
            self.fault = ""
            return False
        except OSError as error:
            if not self.fault:
                self._fail(str(error))
            return False
        self.fault = ""
        return True


def _is_left_over(path: Path) -> bool:
    """Tell whether the file was made so long ago that what it asked for is over.

    A restart of the agent must not sound for another 10 minutes what somebody asked for once. Both
    times are those of the system's own clock; while that is wrong it may sound once more.
    """
    try:
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return age_s > LONGEST_PANIC.total_seconds()
