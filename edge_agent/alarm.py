"""Makes the alerts in force sound on the outputs concerned: sound first, everything else after.

    gate ─Alert─> alarm ── alerts (pure: what is in force) ──> announcements, one per output
                    └─ afterwards: receipts (`received` within a random 2 s), the disk

Owned by the conductor's thread. A disk that takes nothing is told and silences nothing.
"""

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from edge_agent import alerts
from edge_agent.alerts import (
    AllClear,
    Answered,
    Ask,
    Begin,
    Came,
    Effect,
    Event,
    Finish,
    Key,
    Never,
    Retimed,
    Revision,
    Revoked,
    Ticked,
)
from edge_agent.announcement import Announcement, Crier, receipt_key
from edge_agent.clock import Clock
from edge_agent.errors import StorageFailed
from edge_agent.gate import Gate
from edge_agent.receipts import ReceiptBook
from edge_agent.stage import Stage
from edge_agent.wording import Wordings, files_of
from wire.alert import Alert, AlertRevision
from wire.down import Cluster, Desired, Sync
from wire.plan import Asset
from wire.target import why
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

FRESH: Final = timedelta(seconds=10)
JITTER_S: Final = 2.0
ALL_CLEAR_S: Final = 180.0
PRUNE_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Site:
    """What an alarm works with."""

    gate: Gate
    clock: Clock
    book: ReceiptBook
    stages: Mapping[str, Stage]
    wordings: Wordings
    forced_db: float
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Received:
    """A receipt that waits for its random moment."""

    due: float
    revision: Revision
    at: datetime


class Alarm:
    """All alerts of a device. `ask` has the controller asked what is current."""

    def __init__(self, site: Site, ask: Callable[[], None]) -> None:
        self._site, self._ask = site, ask
        self._state = alerts.Alerts()
        self._announced: list[Announcement] = []
        self._received: list[_Received] = []
        self._untimed: set[Key] = set()
        self._is_loading = self._has_news = False
        self._prune_at = 0.0
        self.fault = ""

    def load(self) -> None:
        """Take up the alerts of earlier runs: what is not over asks whether it still holds."""
        self._is_loading = True
        for _, held in self._site.gate.alerts.all():
            self.arrive(held.alert)
        self._is_loading = False

    def arrive(self, alert: Alert) -> None:
        """Take an accepted revision; what it starts or ends is ordered when this returns."""
        mono = self._site.monotonic()
        now = self._site.clock.now(mono)
        is_fresh = now is not None and now - alert.iat <= FRESH
        revision = self._revision(alert, mono)
        log.warning("alert %s: %s %s", alert.id, alert.action, alert.status)
        self._do(Came(revision, is_fresh))
        self._has_news = True
        at = self._site.clock.best_guess(mono)
        due = mono + random.uniform(0.0, JITTER_S)  # noqa: S311 - jitter
        self._received.append(_Received(due, revision, at))
        for all_clear in (False, True):
            self._site.wordings.ask_for(alert, all_clear=all_clear)

    def answered(self, sync: Sync, asked_at: float) -> None:
        """Take the controller's word on what is current, for a question asked at `asked_at`."""
        named = {(one.area, one.id): one.rev for one in sync.alerts}
        self._do(Answered(asked_at, named))

    def revoked(self, keys: frozenset[Key]) -> None:
        """End what revoked keys have signed."""
        if keys:
            self._do(Revoked(keys))

    def desire(self, desired: Desired) -> None:
        """Sound where the clusters are now, in the area's languages."""
        self._site.wordings.languages = desired.languages
        for known in self._state.in_force():
            if known.in_force is not None:
                self._settle(known.in_force, is_confirmed=known.is_confirmed)
        self.look_again()

    def look_again(self) -> None:
        """Look what the words can be said with now: a file came, or the device's voice."""
        for announcement in self._announced:
            announcement.refresh()

    def tick(self, now: datetime | None) -> None:
        """Do what the time asks for, sound first."""
        mono = self._site.monotonic()
        if now is not None and self._untimed:
            self._retime(mono)
        self._do(Ticked())
        for announcement in self._announced:
            announcement.tick()
        self._announced = [one for one in self._announced if not one.is_over]
        self._write_received(mono)
        self._save()
        if now is not None and mono >= self._prune_at:
            self._prune_at = mono + PRUNE_EVERY_S
            self._state = alerts.forget(self._state, self._site.gate.alerts.prune(now))

    def stop(self) -> None:
        """Write down what waits for its moment."""
        self._write_received(float("inf"))
        self._save()

    def next_at(self) -> float | None:
        """Return when `tick` is due (monotonic)."""
        instants = [at for one in self._announced if (at := one.next_at()) is not None]
        instants += [one.due for one in self._received]
        instants += [] if (at := self._state.next_at()) is None else [at]
        return min(instants, default=None)

    def in_force(self) -> tuple[AlertRevision, ...]:
        """Return what is in force here, for the status."""
        found = (known.in_force.alert for known in self._state.in_force() if known.in_force)
        return tuple(AlertRevision(area=a.area, id=a.id, rev=a.rev) for a in found)

    def assets(self) -> tuple[Asset, ...]:
        """Return the audio that alerts need, before everything else."""
        found: dict[str, Asset] = {}
        for known in self._state.known.values():
            if known.in_force is not None or known.asks_since is not None:
                found |= {asset.sha256: asset for asset in files_of(known.newest.alert)}
        for one in self._announced:
            found |= {asset.sha256: asset for asset in files_of(one.revision.alert)}
        return tuple(found.values())

    def announce(self, announcement: Announcement) -> None:
        """Sound something that nobody sent: a local alert."""
        announcement.start()
        self._announced.append(announcement)

    def crier(self, output: str) -> Crier:
        """Return what announcements on an output work with."""
        site = self._site
        stage = site.stages[output]
        return Crier(stage, site.wordings, site.book, site.forced_db, site.monotonic)

    # Effects.

    def _do(self, event: Event) -> None:
        self._state, effects = alerts.step(self._state, event, self._site.monotonic())
        for effect in effects:
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Begin(revision, is_confirmed):
                self._settle(revision, is_confirmed=is_confirmed)
            case Finish(revision, code):
                log.warning("alert %s is over: %s", revision.alert.id, code or "time")
                self._finish(revision, code)
            case Never(revision, code):
                log.warning("alert %s does not sound: %s", revision.alert.id, code)
                for output, clusters in self._concerned(revision.alert).items():
                    Announcement(self.crier(output), revision, clusters).stop(code)
            case AllClear(revision):
                self._say_all_clear(revision)
            case Ask():
                self._ask()

    def _settle(self, revision: Revision, *, is_confirmed: bool) -> None:
        """Sound a revision on every output concerned, and on no other."""
        concerned = self._concerned(revision.alert)
        mine = [one for one in self._announced if one.revision.key == revision.key]
        mine = [one for one in mine if one.revision.alert.rev == revision.alert.rev]
        for one in mine:
            clusters = concerned.pop(one.crier.stage.output, None)
            if clusters is None:
                one.stop("not_targeted")
        for output, clusters in concerned.items():
            one = Announcement(self.crier(output), revision, clusters, is_confirmed)
            if not one.has_had(ReceiptKind.FINISHED):
                self.announce(one)

    def _finish(self, revision: Revision, code: str) -> None:
        for one in self._announced:
            is_same = one.revision.key == revision.key and not one.is_all_clear
            if is_same and one.revision.alert.rev == revision.alert.rev:
                one.stop(code)

    def _say_all_clear(self, revision: Revision) -> None:
        alert, mono = revision.alert, self._site.monotonic()
        now = self._site.clock.now(mono)
        is_old = now is not None and alert.exp <= now
        if self._is_loading or is_old or not (alert.all_clear or alert.all_clear_audio):
            return
        spoken = replace(revision, begins_at=mono, until=mono + ALL_CLEAR_S)
        concerned = self._concerned(alert)
        for output in self._site.stages:
            if self._was_heard(alert, output):
                clusters = concerned.get(output, ())
                self.announce(Announcement(self.crier(output), spoken, clusters, is_all_clear=True))

    def _was_heard(self, alert: Alert, output: str) -> bool:
        begin, end = f"{alert.area}/{alert.id}/", f"/{ReceiptKind.STARTED}/{output}"
        return self._site.book.is_any_closed(begin, end)

    # Whom, and when.

    def _concerned(self, alert: Alert) -> dict[str, tuple[str, ...]]:
        """Return the clusters that an alert means, by output."""
        desired = self._site.gate.desired
        found = {}
        for output in desired.outputs if desired else ():
            meant = tuple(c.id for c in output.clusters if _is_meant(alert, c))
            if meant and output.id in self._site.stages:
                found[output.id] = meant
        return found

    def _revision(self, alert: Alert, mono: float) -> Revision:
        begins_at, until = self._span(alert, mono)
        meant = (name for names in self._concerned(alert).values() for name in names)
        return Revision(alert, begins_at, until, frozenset(meant))

    def _span(self, alert: Alert, mono: float) -> tuple[float, float]:
        """Return from when until when an alert sounds, on the monotonic clock.

        Without the time the newest signed instant is taken for now. What is to begin at once
        begins now, also by a clock that is behind.
        """
        begins, ends = max(alert.starts_at, alert.iat), min(alert.ends_at, alert.exp)
        clock = self._site.clock
        if clock.now(mono) is None:
            self._untimed.add(alerts.key_of(alert))
            guess = max(clock.best_guess(mono), alert.iat)
            return mono + _seconds(guess, begins), mono + _seconds(guess, ends)
        self._untimed.discard(alerts.key_of(alert))
        begins_at = clock.mono_of(begins)
        is_at_once = alert.starts_at <= alert.iat
        return min(begins_at, mono) if is_at_once else begins_at, clock.mono_of(ends)

    def _retime(self, mono: float) -> None:
        """Put what came before the time was known where it belongs; what sounds keeps its place."""
        for key in list(self._untimed):
            self._untimed.discard(key)
            known = self._state.known.get(key)
            if known is None:
                continue
            begins_at, until = self._span(known.newest.alert, mono)
            for one in self._announced:
                if one.revision.key == key and not one.is_all_clear:
                    one.retime(until)
            self._do(Retimed(key, begins_at, until))

    # Afterwards.

    def _write_received(self, mono: float) -> None:
        due = [one for one in self._received if one.due <= mono]
        self._received = [one for one in self._received if one.due > mono]
        for one in due:
            alert = one.revision.alert
            concerned: Iterable[tuple[str, tuple[str, ...]]] = self._concerned(alert).items()
            for output, clusters in concerned or (("", ()),):
                facts: dict[str, Any] = {"output": output} if output else {"code": "not_targeted"}
                self._site.book.note(
                    ReceiptKind.RECEIVED,
                    final=(receipt_key(one.revision, ReceiptKind.RECEIVED, output), alert.exp),
                    at=one.at,
                    object_id=alert.id,
                    area=alert.area,
                    rev=alert.rev,
                    clusters=clusters,
                    **facts,
                )

    def _save(self) -> None:
        if self._has_news:
            self._has_news = False
            try:
                self._site.gate.alerts.save()
            except StorageFailed as error:
                log.warning("an alert sounds but could not be stored: %s", error)


def _seconds(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds())


def _is_meant(alert: Alert, cluster: Cluster) -> bool:
    has_place = cluster.latitude is not None and cluster.longitude is not None
    position = (cluster.latitude or 0.0, cluster.longitude or 0.0) if has_place else None
    return why(alert.area, alert.target, cluster.areas, position).sounds
