"""The newest accepted revision of every alert, in memory first and on the disk as soon as it can.

What is held here keeps older revisions out, also those of an alert that is over.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge_agent.errors import StorageFailed
from edge_agent.store import Store
from wire.alert import Alert, AlertRevision
from wire.errors import WireError
from wire.signing import digest

log = logging.getLogger(__name__)

KEPT_AFTER: Final = timedelta(hours=48)
"""A broker may bring an alert back until 24 h after its `exp`."""
TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An accepted revision and its very bytes."""

    alert: Alert
    token: str
    digest: str


class AlertShelf:
    """Alerts by area and id. Owned by the conductor's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[tuple[str, str], HeldAlert] = {}
        self._unsaved: dict[tuple[str, str], None] = {}

    def load(self, judge: Callable[[str], Alert]) -> None:
        """Take up what was accepted in earlier runs; a damaged alert is as good as none."""
        try:
            kept = self._store.alerts()
        except StorageFailed as error:
            log.warning("the alerts of earlier runs cannot be read: %s", error)
            return
        for held in kept:
            try:
                alert = judge(held.token)
            except WireError as error:
                log.warning("a stored alert is not believed: %s", error)
                continue
            self._held[alert.area, alert.id] = HeldAlert(alert, held.token, held.digest)

    def held(self, area: str, alert_id: str) -> HeldAlert | None:
        """Return what is held of an alert."""
        return self._held.get((area, alert_id))

    def all(self) -> tuple[tuple[tuple[str, str], HeldAlert], ...]:
        """Return everything that is held, by area and id."""
        return tuple(self._held.items())

    def take(self, alert: Alert, token: str) -> None:
        """Hold an accepted revision; `save` writes it."""
        key = (alert.area, alert.id)
        self._held[key] = HeldAlert(alert, token, digest(token))
        self._unsaved[key] = None

    def save(self) -> None:
        """Write what is not on the disk yet. Raises StorageFailed."""
        for key in list(self._unsaved):
            if (held := self._held.get(key)) is not None:
                self._store.keep_alert(*key, held.alert.rev, held.token)
            self._unsaved.pop(key, None)

    def forget(self, area: str, alert_id: str) -> None:
        """Hold an alert no more."""
        self._held.pop((area, alert_id), None)
        self._unsaved.pop((area, alert_id), None)
        try:
            self._store.forget_alert(area, alert_id)
        except StorageFailed as error:
            log.debug("an alert is not forgotten yet: %s", error)

    def prune(self, now: datetime) -> frozenset[tuple[str, str]]:
        """Forget, and return, what nothing can bring back any more."""
        gone = [key for key, held in self._held.items() if held.alert.exp + KEPT_AFTER < now]
        for key in gone:
            self.forget(*key)
        return frozenset(gone)

    def revisions(self) -> tuple[AlertRevision, ...]:
        """Return what is held, the newest first, for the heartbeat."""
        newest = sorted((h.alert for h in self._held.values()), key=lambda a: a.rev, reverse=True)
        told = [AlertRevision(area=a.area, id=a.id, rev=a.rev) for a in newest[:TOLD]]
        return tuple(told)
