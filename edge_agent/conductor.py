"""The owner thread: all state changes here, and it waits in one place only, its inbox.

Each turn takes one event, then does what is due: the plan's slots, heartbeat, status, receipts.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from edge_agent import timeline
from edge_agent.clock import Clock
from edge_agent.commands import Commands
from edge_agent.events import (
    Arrived,
    AssetFailed,
    AssetReady,
    Event,
    Heard,
    LinkDown,
    LinkUp,
    Pulled,
    StopAsked,
)
from edge_agent.gate import Gate, chains_of
from edge_agent.heartbeat import Heartbeat, Nonces
from edge_agent.inbox import Inbox
from edge_agent.library import DISK_CODES, Library
from edge_agent.memory import ClockMemory
from edge_agent.power import Power
from edge_agent.prompter import Prompter
from edge_agent.receipts import ReceiptBook
from edge_agent.refusals import Refusals
from edge_agent.report import Reporter
from edge_agent.stage import Stage, Volume
from edge_agent.upkeep import Upkeep
from firmware_profiles import Profile
from wire import topics
from wire.down import Command, Desired, Sync
from wire.enrolment import Pull
from wire.errors import WireError
from wire.message import Message
from wire.plan import Plan
from wire.up import ClockState, ReceiptKind, Status

log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 1.0
STATUS_EVERY_S: Final = 1.0
PULL_AFTER_S: Final = (2.0, 6.0)


class Outcome(Enum):
    """Why a run ended."""

    STOPPED = "stopped"
    RESTART = "restart"


class Uplink(Protocol):
    """What the conductor asks of the link (see `edge_agent.link`)."""

    def publish(self, topic: str, payload: str, *, qos: int = 1, retain: bool = False) -> bool:
        """Send; False without a connection."""

    def listen(self, filters: list[str]) -> None:
        """Subscribe to exactly these."""

    def acknowledge(self, session: int, mid: int) -> None:
        """Acknowledge a message."""


@dataclass(frozen=True)
class Crew:
    """Everything the conductor works with, made by `app.build`."""

    device: str
    profile: Profile
    inbox: Inbox
    link: Uplink
    clock: Clock
    memory: ClockMemory
    gate: Gate
    book: ReceiptBook
    refusals: Refusals
    library: Library
    stages: Mapping[str, Stage]
    prompter: Prompter
    commands: Commands
    reporter: Reporter
    upkeep: Upkeep
    power: Power
    pull: Callable[[str], None]
    measure: Callable[[], dict[str, float]]


@dataclass
class _Said:
    """What was last told, so that it is told again only when it changed."""

    session: int = 0
    status: Status | None = None
    status_at: float = 0.0
    assets: tuple[str, ...] = ()
    pull_at: float | None = None


@dataclass
class Conductor:
    """Runs a device until it is asked to stop."""

    crew: Crew
    monotonic: Callable[[], float] = time.monotonic
    disk_fault: str = ""
    outcome: Outcome | None = None
    progress_at: float = 0.0
    plan_at: float = 0.0
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    nonces: Nonces = field(default_factory=Nonces)
    said: _Said = field(default_factory=_Said)

    def run(self) -> Outcome:
        """Work until `StopAsked`; return why it ended."""
        self.prepare()
        while self.outcome is None:
            self.turn(self.crew.inbox.get(self.wait_s()))
        return self.outcome

    def prepare(self) -> None:
        """Take up the plan and the desired state of earlier runs."""
        if self.crew.gate.desired is not None:
            self._take_desired(self.crew.gate.desired)
        if self.crew.gate.plan is not None:
            self.crew.prompter.plan = self.crew.gate.plan
        self._listen()

    def turn(self, event: Event | None) -> None:
        """Take one event and do what is due. A bug in one turn never ends the agent."""
        self.progress_at = self.monotonic()
        try:
            if event is not None:
                self._take(event)
            self._do_what_is_due()
        except Exception:
            log.exception("a turn failed: %s", type(event).__name__)
            self.crew.book.note(ReceiptKind.FAULT, code="bug", detail=type(event).__name__)

    def wait_s(self) -> float:
        """Return for how long nothing is due, in seconds."""
        now = self.monotonic()
        instants = [now + LONGEST_WAIT_S, self.plan_at]
        instants += [at for s in self.crew.stages.values() if (at := s.next_instant()) is not None]
        if self.said.session:
            instants.append(self.heartbeat.next_at())
        return max(0.0, min(instants) - now)

    # What others tell.

    def _take(self, event: Event) -> None:
        match event:
            case Arrived():
                self._arrive(event)
            case LinkUp(session):
                self.said = _Said(session=session, assets=self.said.assets)
                self.heartbeat.connected(self.monotonic())
                self.crew.book.send_again()
            case LinkDown(reason):
                log.log(logging.INFO if self.said.session else logging.DEBUG, "no link: %s", reason)
                self.said.session = 0
                self.nonces.forget()
            case Heard(output, what):
                self.crew.stages[output].hear(what)
            case AssetReady():
                self.disk_fault = ""
            case AssetFailed(_, code, why) if code in DISK_CODES:
                self._note_disk(why)
            case Pulled(retained):
                for topic, token in retained.items():
                    self._arrive(Arrived(topic, token.encode()))
            case StopAsked(why):
                log.info("stopping: %s", why)
                self.outcome = Outcome.RESTART if why == "restart" else Outcome.STOPPED
            case _:
                pass

    def _arrive(self, event: Arrived) -> None:
        now = self.crew.clock.now(self.monotonic())
        try:
            message = self.crew.gate.open(event.topic, event.payload, now)
            if message is not None:
                self._believe(message)
        except WireError as error:
            self.crew.refusals.report(event.topic, event.payload, error)
        if event.mid:
            self.crew.link.acknowledge(event.session, event.mid)

    def _believe(self, message: Message) -> None:
        if not isinstance(message, Sync):
            self.crew.clock.see(message.iat)
            log.info("%s %d accepted", message.kind, message.rev)
        match message:
            case Sync():
                self._take_sync(message)
            case Plan():
                self._take_plan(message)
            case Desired():
                self._take_desired(message)
                self._listen()
            case Command():
                self.crew.commands.execute(message)
            case _:
                pass

    def _take_sync(self, sync: Sync) -> None:
        mono = self.monotonic()
        asked = self.nonces.answered(sync.nonce, mono)
        if asked is None or not self.crew.clock.learn_sync(sync.now, asked, mono):
            log.debug("a sync that answers no question of ours")
            return
        self.crew.memory.save(mono)
        self.crew.book.acknowledge(sync.receipts_upto)
        if sync.audit_head:
            self.crew.upkeep.keep_audit_head(sync.audit_head)
        for topic, payload in self.crew.gate.held_back():
            self._arrive(Arrived(topic, payload))
        if sync.desired_rev and sync.desired_rev == self.crew.gate.rev("desired"):
            self.crew.gate.settle_move()
            self._listen()
        if self._lacks(sync) and self.said.pull_at is None:
            self.said.pull_at = mono + random.uniform(*PULL_AFTER_S)  # noqa: S311 - jitter

    def _lacks(self, sync: Sync) -> bool:
        rev = self.crew.gate.rev
        told = (("plan", sync.plan_rev), ("desired", sync.desired_rev), ("trust", sync.trust_rev))
        return any(theirs > rev(kind) for kind, theirs in told)

    def _take_plan(self, plan: Plan) -> None:
        now = self.crew.clock.now(self.monotonic())
        if now is not None:
            self.crew.prompter.follow(plan, now)
        digest = self.crew.gate.digest("plan") or ""
        self.crew.book.note(ReceiptKind.RECEIVED, object_id="plan", rev=plan.rev, detail=digest)

    def _take_desired(self, desired: Desired) -> None:
        self.heartbeat.health_s = desired.intervals.health_s
        self.heartbeat.sync_s = desired.intervals.sync_s
        law = self.crew.profile.volume
        for output in desired.outputs:
            if stage := self.crew.stages.get(output.id):
                stage.set_volume(Volume(law.min_db, law.max_db, output.volume_db))
        if self.crew.upkeep.needs_restart(desired):
            self.outcome = Outcome.RESTART

    def _listen(self) -> None:
        desired = self.crew.gate.desired
        chains = self.crew.gate.place.chains or (chains_of(desired) if desired else ())
        areas = sorted({area for chain in chains for area in chain})
        mine = topics.down_all(self.crew.device)
        self.crew.link.listen([mine, topics.TRUST, *map(topics.alerts_of, areas)])

    def _note_disk(self, why: str) -> None:
        if not self.disk_fault:
            self.crew.book.note(ReceiptKind.FAULT, code="disk", detail=why[:500])
        self.disk_fault = why

    # What is due.

    def _do_what_is_due(self) -> None:
        mono = self.monotonic()
        now = self.crew.memory.refresh(mono)
        for stage in self.crew.stages.values():
            stage.tick()
        self.plan_at = mono + LONGEST_WAIT_S
        if now is not None:
            self._follow_plan(mono, now)
        sound_at = [at for stage in self.crew.stages.values() for at in stage.sounds_at()]
        switch_at = self.crew.power.step(mono, sound_at)
        if switch_at is not None:
            self.plan_at = min(self.plan_at, switch_at)
        self.crew.upkeep.step(mono, now)
        if self.said.session:
            self._speak(mono)

    def _follow_plan(self, mono: float, now: datetime) -> None:
        come_again = self.crew.prompter.advance(now)
        if come_again is not None:
            self.plan_at = mono + (come_again - now).total_seconds()
        plan, desired = self.crew.gate.plan, self.crew.gate.desired
        if plan is None or desired is None:
            return
        wanted = timeline.files_by_need(plan, now)
        if wanted != self.said.assets or self.crew.library.lacks(wanted):
            self.said.assets = wanted
            by_name = {asset.sha256: asset for asset in plan.assets}
            assets = tuple(by_name[name] for name in wanted if name in by_name)
            self.crew.library.want(assets, desired.audio_url)

    def _speak(self, mono: float) -> None:
        self._send_status(mono)
        self._send_health(mono)
        self._send_receipts()
        if self.said.pull_at is not None and mono >= self.said.pull_at:
            self.said.pull_at = None
            self.crew.pull(self.crew.reporter.sign(Pull(**self.crew.reporter.claims())))

    def _send_status(self, mono: float) -> None:
        if mono < self.said.status_at + STATUS_EVERY_S:
            return
        status = self.status()
        if _same(status, self.said.status):
            return
        topic = topics.up(self.crew.device, "status")
        if self.crew.link.publish(topic, self.crew.reporter.sign(status), retain=True):
            self.said.status, self.said.status_at = status, mono

    def status(self) -> Status:
        """Return the present state of the device."""
        faults = [*self.crew.upkeep.faults()]
        if self.disk_fault:
            faults.append("disk")
        if self.crew.power.fault:
            faults.append("amplifier")
        return self.crew.reporter.status(
            self.crew.gate,
            self.said.session,
            self.crew.profile.id,
            outputs=tuple(stage.report() for stage in self.crew.stages.values()),
            missing=self.crew.library.missing()[:200],
            faults=tuple(faults),
        )

    def _send_health(self, mono: float) -> None:
        is_due, asks = self.heartbeat.due(mono)
        if not is_due:
            return
        nonce = self.nonces.ask(self.monotonic()) if asks else None
        health = self.crew.reporter.health(
            self.crew.gate, self.said.session, nonce, {} if asks else self.crew.measure()
        )
        token = self.crew.reporter.sign(health)
        self.crew.link.publish(topics.up(self.crew.device, "health"), token, qos=0)
        clock = self.crew.clock
        is_known = clock.state(mono) is not ClockState.NONE
        error_s = clock.error_s(mono) if is_known else None
        self.heartbeat.has_beaten(mono, asked=asks, error_s=error_s)

    def _send_receipts(self) -> None:
        while self.crew.book.has_news:
            batch = self.crew.book.next_batch()
            if batch:
                token = self.crew.reporter.sign(self.crew.reporter.receipts(batch))
                self.crew.link.publish(topics.up(self.crew.device, "receipts"), token)


def _same(one: Status, other: Status | None) -> bool:
    claims = {"iat": None, "exp": None, "jti": None, "rev": None}
    return other is not None and one.model_copy(update=claims) == other.model_copy(update=claims)
