"""Says what has to be said while there is a connection: status, heartbeats, receipts, pulls."""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from edge_agent.clock import Clock
from edge_agent.gate import Gate
from edge_agent.heartbeat import Heartbeat, Nonces
from edge_agent.library import Library
from edge_agent.receipts import ReceiptBook
from edge_agent.report import Reporter
from edge_agent.stage import Stage
from wire import topics
from wire.alert import AlertRevision
from wire.down import Intervals, Sync
from wire.enrolment import Pull
from wire.up import ClockState, Status

log = logging.getLogger(__name__)

STATUS_EVERY_S: Final = 1.0
PULL_AFTER_S: Final = (2.0, 6.0)
PULL_ALERT_AFTER_S: Final = (0.2, 1.2)
ASK_AFTER_S: Final = (20.0, 60.0)
MISSING_TOLD: Final = 200


class Publisher(Protocol):
    """What is asked of the link (see `edge_agent.link`)."""

    def publish(self, topic: str, payload: str, *, qos: int = 1, retain: bool = False) -> bool:
        """Send; False without a connection."""


@dataclass(frozen=True)
class Subject:
    """What is spoken of: parts of the device, read only."""

    device: str
    profile: str
    gate: Gate
    clock: Clock
    book: ReceiptBook
    library: Library
    stages: Mapping[str, Stage]
    measure: Callable[[], dict[str, float]]
    in_force: Callable[[], tuple[AlertRevision, ...]] = tuple
    emergency_pack: Callable[[], str | None] = lambda: None


class Speaker:
    """Knows what was last said, so that it is said again only when it changed."""

    def __init__(
        self,
        subject: Subject,
        reporter: Reporter,
        publisher: Publisher,
        pull: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._of, self._reporter, self._publisher = subject, reporter, publisher
        self._pull, self._monotonic = pull, monotonic
        self._heartbeat, self._nonces = Heartbeat(), Nonces()
        self._last: Status | None = None
        self._last_at = 0.0
        self._pull_at: float | None = None
        self._pulled_for: set[AlertRevision] = set()
        self.session = 0

    def connected(self, session: int) -> None:
        """Begin a session: everything is said anew."""
        self.session, self._last, self._pull_at = session, None, None
        self._pulled_for.clear()
        self._heartbeat.connected(self._monotonic())
        self._of.book.send_again()

    def disconnected(self) -> None:
        """Fall silent. Questions of this session stay unanswered."""
        self.session = 0
        self._nonces.forget()

    def set_rhythm(self, intervals: Intervals) -> None:
        """Speak as often as the desired state says."""
        self._heartbeat.set_rhythm(intervals.health_s, intervals.sync_s)

    def next_at(self) -> float | None:
        """Return when there is something to say (monotonic); None without a connection."""
        return self._heartbeat.next_at() if self.session else None

    def answered(self, sync: Sync, mono: float) -> float | None:
        """Return when the question of a `sync` was asked; None when it answers none of ours."""
        return self._nonces.answered(sync.nonce, mono)

    def compare(self, sync: Sync) -> None:
        """Plan a pull when the controller has something newer that did not arrive."""
        rev = self._of.gate.rev
        told = (("plan", sync.plan_rev), ("desired", sync.desired_rev), ("trust", sync.trust_rev))
        news = {one for one in sync.alerts if self._is_newer(one)} - self._pulled_for
        if news:
            log.info("a newer revision of an alert did not arrive; asking over HTTPS")
            self._pulled_for |= news
            self._pull_at = self._monotonic() + random.uniform(*PULL_ALERT_AFTER_S)  # noqa: S311 - jitter
        if self._pull_at is None and any(theirs > rev(kind) for kind, theirs in told):
            log.info("something newer did not arrive; asking over HTTPS")
            self._pull_at = self._monotonic() + random.uniform(*PULL_AFTER_S)  # noqa: S311 - jitter

    def ask(self) -> None:
        """Ask the controller what is current, at the next step; without a connection nobody."""
        self._heartbeat.ask_soon(self._monotonic())

    def _is_newer(self, named: AlertRevision) -> bool:
        held = self._of.gate.alerts.held(named.area, named.id)
        return held is None or held.alert.rev < named.rev

    def step(self, mono: float, faults: tuple[str, ...]) -> None:
        """Say what is due."""
        if not self.session:
            return
        self._say_status(mono, faults)
        self._say_health(mono)
        self._say_receipts()
        if self._pull_at is not None and mono >= self._pull_at:
            self._pull_at = None
            self._pull(self._reporter.sign(Pull(**self._reporter.claims())))

    def status(self, faults: tuple[str, ...]) -> Status:
        """Return the present state of the device."""
        return self._reporter.status(
            self._of.gate,
            self.session,
            self._of.profile,
            outputs=tuple(stage.report() for stage in self._of.stages.values()),
            missing=self._of.library.missing()[:MISSING_TOLD],
            faults=faults,
            alerts=self._of.in_force(),
            emergency_pack=self._of.emergency_pack(),
        )

    def _say_status(self, mono: float, faults: tuple[str, ...]) -> None:
        if self._last is not None and mono < self._last_at + STATUS_EVERY_S:
            return
        status = self.status(faults)
        if self._last is not None and _content(status) == _content(self._last):
            return
        topic = topics.up(self._of.device, "status")
        if self._publisher.publish(topic, self._reporter.sign(status), retain=True):
            self._last, self._last_at = status, mono

    def _say_health(self, mono: float) -> None:
        is_due, asks = self._heartbeat.due(mono)
        if not is_due:
            return
        nonce = self._nonces.ask(self._monotonic()) if asks else None
        measurements = {} if asks else self._of.measure()
        health = self._reporter.health(self._of.gate, self.session, nonce, measurements)
        topic = topics.up(self._of.device, "health")
        self._publisher.publish(topic, self._reporter.sign(health), qos=0)
        is_known = self._of.clock.state(mono) is not ClockState.NONE
        error_s = self._of.clock.error_s(mono) if is_known else None
        self._heartbeat.has_beaten(mono, asked=asks, error_s=error_s)

    def _say_receipts(self) -> None:
        while self._of.book.has_news:
            batch = self._of.book.next_batch()
            if batch:
                message = self._reporter.receipts(batch, self._of.book.oldest(batch))
                token = self._reporter.sign(message)
                self._publisher.publish(topics.up(self._of.device, "receipts"), token)
                # PUBACK says nothing: whoever should store them may not have been there.
                self._heartbeat.ask_soon(self._monotonic() + random.uniform(*ASK_AFTER_S))  # noqa: S311 - jitter


def _content(status: Status) -> Status:
    return status.model_copy(update={"iat": None, "exp": None, "jti": None, "rev": None})
