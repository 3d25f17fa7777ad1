"""The clock's sources and what of the time survives a restart of the agent or of the device."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge_agent import time_sources
from edge_agent.clock import HOLDOVER_FOR_S, Anchor, Clock
from edge_agent.errors import StorageFailed
from edge_agent.store import Store

log = logging.getLogger(__name__)

POLL_EVERY_S: Final = 16.0
SAVE_EVERY_S: Final = 300.0
BATTERY_ERROR_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What the machine knows of the time; replaced in tests."""

    kernel_error_s: Callable[[], float | None] = time_sources.kernel_error_s
    system_now: Callable[[], datetime] = time_sources.system_now
    battery_now: Callable[[], datetime | None] = time_sources.battery_now
    boot_id: Callable[[], str] = time_sources.boot_id


class ClockMemory:
    """Feeds one clock and remembers it. `has_battery` is the profile's word on a battery clock."""

    def __init__(
        self, clock: Clock, store: Store, *, has_battery: bool, ppm: float,
        sources: Sources | None = None,
    ) -> None:  # fmt: skip
        self._clock, self._store = clock, store
        self._has_battery, self._ppm = has_battery, ppm
        self._sources = sources or Sources()
        self._poll_at = self._save_at = 0.0

    def load(self, mono: float) -> None:
        """Take up the time of an earlier run: exact within one boot, else by the battery clock."""
        saved = self._store.load_json("clock")
        if not saved:
            return
        if "floor" in saved:
            self._clock.see(datetime.fromisoformat(str(saved["floor"])))
        if saved["boot"] and saved["boot"] == self._sources.boot_id():
            self._clock.resume(_anchor(saved), mono)
        elif self._has_battery:
            last_saved = saved.get("saved") or saved["floor"]
            self._take_battery(datetime.fromisoformat(str(last_saved)), mono)

    def refresh(self, mono: float) -> datetime | None:
        """Look at the kernel's clock now and then; return the time, None while unknown."""
        if mono >= self._poll_at:
            self._poll_at = mono + POLL_EVERY_S
            error_s = self._sources.kernel_error_s()
            if error_s is not None:
                self._clock.learn_system(self._sources.system_now(), mono, error_s)
        now = self._clock.now(mono)
        if now is not None and mono >= self._save_at:
            self.save(mono)
        return now

    def save(self, mono: float) -> None:
        """Remember the clock; a disk that refuses is somebody else's news."""
        self._save_at = mono + SAVE_EVERY_S
        anchor, now = self._clock.anchor, self._clock.now(mono)
        if anchor is None or now is None:
            return
        # A time that only the kernel told is no floor: a wrong one would shut out every `sync`.
        floor = {"floor": self._clock.floor.isoformat()} if self._clock.floor else {}
        facts = floor | {
            "boot": self._sources.boot_id(), "saved": now.isoformat(), "mono": anchor.mono,
            "at": anchor.at.isoformat(), "error_s": anchor.error_s,
            "confirmed": anchor.confirmed_mono,
        }  # fmt: skip
        try:
            self._store.remember("clock", json.dumps(facts))
        except StorageFailed as error:
            log.debug("the clock is not saved: %s", error)

    def _take_battery(self, last_saved: datetime, mono: float) -> None:
        now = self._sources.battery_now()
        if now is None:
            return
        away = now - last_saved
        error_s = BATTERY_ERROR_S + away.total_seconds() * self._ppm / 1e6
        if timedelta(0) <= away <= timedelta(seconds=HOLDOVER_FOR_S):
            self._clock.learn_system(now, mono, error_s)


def _anchor(saved: dict[str, float | str]) -> Anchor:
    return Anchor(
        float(saved["mono"]),
        datetime.fromisoformat(str(saved["at"])),
        float(saved["error_s"]),
        float(saved["confirmed"]),
    )
