"""The owner thread: all state changes here, and it waits in one place only, its inbox.

Each turn takes one event, then does what is due: the plan's slots, heartbeat, status, receipts.
"""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Final

from edge_agent import timeline
from edge_agent.crew import Crew
from edge_agent.device_voice import Spoken
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
from edge_agent.gate import chains_of
from edge_agent.library import DISK_CODES
from edge_agent.panic import PanicPressed, PanicReleased
from edge_agent.performance import Volume
from wire import topics
from wire.alert import Alert
from wire.down import Command, Desired, Sync, Trust
from wire.errors import WireError
from wire.message import Message
from wire.plan import Plan
from wire.trust import CLOCK_TOLERANCE
from wire.up import ReceiptKind

log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 1.0
BLIND_WAIT_S: Final = 0.1
"""How long to wait after a turn that failed: nobody knows what is due next."""


class Outcome(Enum):
    """Why a run ended."""

    STOPPED = "stopped"
    RESTART = "restart"


@dataclass
class Conductor:
    """Runs a device until it is asked to stop."""

    crew: Crew
    monotonic: Callable[[], float] = time.monotonic
    disk_fault: str = ""
    outcome: Outcome | None = None
    progress_at: float = 0.0
    plan_at: float = 0.0
    wait_s: float = 0.0
    wanted: tuple[str, ...] = ()
    bugs: set[str] = field(default_factory=set)

    def run(self) -> Outcome:
        """Work until `StopAsked`; return why it ended."""
        self.prepare()
        while self.outcome is None:
            self.turn(self.crew.inbox.get(self.wait_s))
        return self.outcome

    def prepare(self) -> None:
        """Take up the plan and the desired state of earlier runs."""
        self.crew.pack.load()
        if self.crew.gate.desired is not None:
            self._take_desired(self.crew.gate.desired)
        self.crew.alarm.load()
        if self.crew.gate.plan is not None:
            self.crew.prompter.plan = self.crew.gate.plan
        self._listen()

    def turn(self, event: Event | None) -> None:
        """Take one event, do what is due, learn when to come again. A bug never ends the agent.

        It is reported once, and again only when a turn has succeeded since.
        """
        self.progress_at = self.monotonic()
        self.wait_s = BLIND_WAIT_S
        try:
            if event is not None:
                self._take(event)
            self._do_what_is_due()
            self.wait_s = self._until_next_s()
        except Exception as error:
            bug, what = _place_of(error), type(event).__name__
            if self._is_new(bug):
                log.exception("a turn failed: %s, %s", bug, what)
                self.crew.book.note(ReceiptKind.FAULT, code="bug", detail=f"{bug}, {what}")
        else:
            self.bugs.clear()

    def _is_new(self, bug: str) -> bool:
        """Return whether a bug was not met since the last good turn."""
        is_new = bug not in self.bugs
        self.bugs.add(bug)
        return is_new

    # What others tell.

    def _take(self, event: Event) -> None:
        match event:
            case Arrived():
                self._arrive(event)
            case LinkUp(session):
                log.info("connected to the broker")
                self.crew.speaker.connected(session)
            case LinkDown(reason):
                was_up = bool(self.crew.speaker.session)
                log.log(logging.WARNING if was_up else logging.DEBUG, "no link: %s", reason)
                self.crew.speaker.disconnected()
            case Heard(output, what):
                self.crew.stages[output].hear(what)
            case Pulled(retained):
                for topic, token in retained.items():
                    self._arrive(Arrived(topic, token.encode()))
            case StopAsked(why):
                log.info("stopping: %s", why)
                self.outcome = Outcome.RESTART if why == "restart" else Outcome.STOPPED
            case _:
                self._take_from_the_device(event)

    def _take_from_the_device(self, event: Event) -> None:
        match event:
            case AssetReady(sha256):
                self.disk_fault = ""
                self.crew.wordings.came(sha256)
                if self.crew.pack.take(sha256):
                    self.wanted = ()
                self.crew.alarm.look_again()
            case AssetFailed(_, code, why) if code in DISK_CODES:
                self._note_disk(why)
            case Spoken(text, language, part):
                self.crew.wordings.take(text, language, part)
                self.crew.alarm.look_again()
            case PanicPressed() | PanicReleased():
                self.crew.panic.take(event)
            case _:
                pass

    def _arrive(self, event: Arrived) -> None:
        now = self.crew.clock.now(self.monotonic())
        try:
            seen = self.crew.clock.floor
            message = self.crew.gate.open(event.topic, event.payload, now, seen)
            if message is not None:
                self._believe(message, event.at)
        except WireError as error:
            self.crew.refusals.report(event.topic, event.payload, error)
        if event.mid:
            self.crew.link.acknowledge(event.session, event.mid)

    def _believe(self, message: Message, arrived: float | None) -> None:
        if not isinstance(message, Sync):
            self._see(message.iat)
            log.info("%s %d accepted", message.kind, message.rev)
        match message:
            case Alert():
                self.crew.alarm.arrive(message)
            case Trust():
                self.crew.alarm.revoked(self.crew.gate.revoked_alerts())
            case Sync():
                self._take_sync(message, self.monotonic() if arrived is None else arrived)
            case Plan():
                self._take_plan(message)
            case Desired():
                self._take_desired(message)
                self._listen()
            case Command():
                self.crew.commands.execute(message)
            case _:
                pass

    def _see(self, signed_at: datetime) -> None:
        """Take note of a signed instant, but not of one ahead of the time that we know.

        What ends an alert is believed whatever it says of the time.
        """
        now = self.crew.clock.now(self.monotonic())
        if now is None or signed_at <= now + CLOCK_TOLERANCE:
            self.crew.clock.see(signed_at)

    def _take_sync(self, sync: Sync, mono: float) -> None:
        asked = self.crew.speaker.answered(sync, mono)
        held_s = (sync.now - sync.asked_at).total_seconds() if sync.asked_at else 0.0
        if asked is None or not self.crew.clock.learn_sync(sync.now, asked, mono, held_s):
            log.debug("a sync that answers no question of ours")
            return
        self.crew.memory.save(mono)
        self.crew.alarm.answered(sync, asked)
        self.crew.book.acknowledge(sync.receipts_upto)
        if sync.audit_head:
            self.crew.upkeep.keep_audit_head(sync.audit_head)
        for topic, payload in self.crew.gate.held_back():
            self._arrive(Arrived(topic, payload))
        if sync.desired_rev and sync.desired_rev == self.crew.gate.rev("desired"):
            self.crew.gate.settle_move()
            self._listen()
        self.crew.speaker.compare(sync)

    def _take_plan(self, plan: Plan) -> None:
        now = self.crew.clock.now(self.monotonic())
        if now is not None:
            self.crew.prompter.follow(plan, now)
        digest = self.crew.gate.digest("plan") or ""
        self.crew.book.note(ReceiptKind.RECEIVED, object_id="plan", rev=plan.rev, detail=digest)

    def _take_desired(self, desired: Desired) -> None:
        self.crew.speaker.set_rhythm(desired.intervals)
        law = self.crew.profile.volume
        for output in desired.outputs:
            if stage := self.crew.stages.get(output.id):
                stage.set_volume(Volume(law.min_db, law.max_db, output.volume_db))
                stage.set_clusters(output.clusters)
        if self.crew.upkeep.needs_restart(desired):
            self.outcome = Outcome.RESTART

        if self.crew.pack.desire(desired):
            self.wanted = ()
        self.crew.alarm.desire(desired)

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

    def _faults(self) -> tuple[str, ...]:
        faults = [*self.crew.upkeep.faults()]
        faults += ["disk"] if self.disk_fault else []
        faults += ["amplifier"] if self.crew.power.fault else []
        faults += [fault] if (fault := self.crew.pack.fault) else []
        return tuple(faults)

    # What is due.

    def _do_what_is_due(self) -> None:
        mono = self.monotonic()
        now = self.crew.memory.refresh(mono)
        for stage in self.crew.stages.values():
            stage.tick()
        self.crew.alarm.tick(now)
        self.plan_at = mono + LONGEST_WAIT_S
        if now is not None:
            self._follow_plan(mono, now)
        sound_at = [at for stage in self.crew.stages.values() for at in stage.sounds_at()]
        switch_at = self.crew.power.step(mono, sound_at)
        if switch_at is not None:
            self.plan_at = min(self.plan_at, switch_at)
        self._fetch(now)
        self.crew.upkeep.step(mono, now)
        self.crew.panic.tick()
        self.crew.speaker.step(mono, self._faults())

    def _until_next_s(self) -> float:
        now = self.monotonic()
        instants = [now + LONGEST_WAIT_S, self.plan_at]
        instants += [at for s in self.crew.stages.values() if (at := s.next_instant()) is not None]
        for next_at in (self.crew.speaker.next_at(), self.crew.alarm.next_at()):
            if next_at is not None:
                instants.append(next_at)
        return max(0.0, min(instants) - now)

    def _follow_plan(self, mono: float, now: datetime) -> None:
        come_again = self.crew.prompter.advance(now)
        if come_again is not None:
            self.plan_at = mono + (come_again - now).total_seconds()

    def _fetch(self, now: datetime | None) -> None:
        """Have the library fetch what is needed: alerts first, then the plan's, then the pack."""
        plan, desired = self.crew.gate.plan, self.crew.gate.desired
        if desired is None:
            return
        planned = timeline.files_by_need(plan, now) if plan and now else ()
        by_name = {asset.sha256: asset for asset in plan.assets} if plan else {}
        alerts = self.crew.alarm.assets()
        needed = (*alerts, *(by_name[name] for name in planned if name in by_name))
        assets = {asset.sha256: asset for asset in (*needed, *self.crew.pack.assets())}
        wanted = tuple(assets)
        if wanted != self.wanted or self.crew.library.lacks(wanted):
            self.wanted = wanted
            spread_s = timeline.spread_s(plan, now) if plan and now and not alerts else 0.0
            urgent = frozenset(asset.sha256 for asset in alerts)
            self.crew.library.want(tuple(assets.values()), desired.audio_url, spread_s, urgent)


def _place_of(error: Exception) -> str:
    """Return what was raised and where, for a receipt."""
    *_, frame = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__}, {Path(frame.filename).name}:{frame.lineno}"
