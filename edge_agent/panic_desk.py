"""Sounds the local alert that somebody raised at the device itself, and tells the controller of it.

Its own outputs only, at most 10 minutes, without any network. Owned by the conductor's thread.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from edge_agent.alarm import Alarm, Site
from edge_agent.alerts import Revision
from edge_agent.announcement import Announcement
from edge_agent.panic import (
    LEVEL,
    LocalAlert,
    PanicEvent,
    local_alert,
    next_panic,
    panic_message,
    stopped,
)
from edge_agent.report import Reporter
from wire import topics
from wire.alert import Alert, AlertAction, AlertStatus, Issuer, Repeat, Target
from wire.message import Origin

log = logging.getLogger(__name__)

REPEATS: Final = Repeat(count=1000, gap_s=5)
AGAIN_S: Final = 5.0


class PanicDesk:
    """The local alert of a device, if there is one. `publish` sends a topic's token, or cannot."""

    def __init__(
        self, site: Site, alarm: Alarm, reporter: Reporter, device: str,
        publish: Callable[[str, str], bool],
    ) -> None:  # fmt: skip
        self._site, self._alarm, self._reporter = site, alarm, reporter
        self._device, self._publish = device, publish
        self._alert: LocalAlert | None = None
        self._sounding: list[Announcement] = []
        self._untold: LocalAlert | None = None
        self._tell_at = 0.0

    def take(self, event: PanicEvent) -> None:
        """Begin or end the local alert; it is ordered when this returns."""
        mono, before = self._site.monotonic(), self._alert
        self._alert = next_panic(before, event, mono, self._new)
        if self._alert is before:
            return
        now = self._site.clock.best_guess(mono)
        if before is not None:
            for one in self._sounding:
                one.stop("stopped")
            self._untold = stopped(before, now, mono)
        if self._alert is not None:
            self._begin(self._alert)
            self._untold = self._alert
        self._tell_at = mono

    def tick(self) -> None:
        """Tell the controller what it does not know yet, as soon as there is a connection."""
        mono = self._site.monotonic()
        if self._untold is None or mono < self._tell_at:
            return
        message = panic_message(self._untold, self._reporter.claims())
        token = self._reporter.sign(message)
        if self._publish(topics.up(self._device, "panic"), token):
            self._untold = None
        self._tell_at = mono + AGAIN_S

    def _new(self) -> LocalAlert:
        mono = self._site.monotonic()
        now = self._site.clock.best_guess(mono)
        return local_alert(f"panic-{secrets.token_hex(8)}", tuple(self._site.stages), now, mono)

    def _begin(self, local: LocalAlert) -> None:
        alert = self._as_alert(local)
        self._sounding = []
        for output in local.outputs:
            clusters = self._clusters_of(output)
            revision = Revision(alert, local.since, local.until)
            one = Announcement(self._alarm.crier(output), revision, clusters, is_local=True)
            self._sounding.append(one)
            self._alarm.announce(one)

    def _as_alert(self, local: LocalAlert) -> Alert:
        claims = self._reporter.claims()
        claims |= {"exp": local.ends_at + timedelta(days=1)}
        claims.pop("device", None)
        return Alert(
            **claims, id=local.id, area=self._device, action=AlertAction.ALERT,
            status=AlertStatus.REAL, hazard=local.hazard, level=LEVEL, target=Target(),
            repeat=REPEATS, issued_at=local.starts_at, starts_at=local.starts_at,
            ends_at=local.ends_at, issuer=Issuer(name=self._device, origin=Origin.VILLAGE),
        )  # fmt: skip

    def _clusters_of(self, output: str) -> tuple[str, ...]:
        desired = self._site.gate.desired
        found = (o for o in desired.outputs if o.id == output) if desired else ()
        return tuple(cluster.id for one in found for cluster in one.clusters)
