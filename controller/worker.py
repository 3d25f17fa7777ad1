"""What the one acting worker does beside answering people: publish, plan, listen, check.

Each duty is a step in a `Loop`; starting is in order, stopping is its mirror.
"""

import logging
import os
import queue
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller import outbox, replan
from controller.areas.service import LANGUAGES_CHANGED
from controller.cap.arriving import Arriving
from controller.cap.pruning import forget_old
from controller.cap.sources import AWAY, HERE, Sources
from controller.cap.vocabulary import Vocabulary
from controller.config import Config
from controller.db import Clock, Sessions
from controller.emergencies import service as emergencies
from controller.emergencies.sending import Sender
from controller.health.packs import note_packs
from controller.health.service import PRESENT, note_lost
from controller.health.settling import close_what_is_over, note_rules
from controller.health.warnings import note_sources
from controller.hush import Hush
from controller.jobs import LeaseKeeper
from controller.keys import Keyring
from controller.loop import Loop
from controller.mqtt import Arrived, Credentials, MqttLink
from controller.plans.models import CompiledPlan
from controller.plans.service import Database, Published, publish_requested, roll_plans
from controller.records import batches, logbook
from controller.records.verification import Verification
from controller.stations.enrolment import REVOKED
from controller.stations.trust_list import publish_trust
from controller.uplink import Uplink
from controller.wake import Listener, on_commit

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CHECK_EVERY_S = 10
CHECK_AT_ONCE = 50
ROLL_EVERY_S = 600
MUTE_EVERY_S = 10.0
PACK_EVERY_S = 60.0
PLANNING_RESTS_S = 5.0
"""An alert's receipts come in these seconds, and an officer looks at their count."""
FILE_AFTER_S = 0.5
"""The logbook waits until no receipt came for so long."""
CAP_EVERY_S = 1.0  # a look at what is due: a file that was dropped is a proposal within 2 s
RENEW_EVERY_S = 3600
REACH = "reach"
ROLLS_A_NIGHT = 24
KEEP_SENT_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker is made of. `mute_revoked` shuts our own broker to revoked devices.

    `make_packs` does a step of making the emergency packs and returns whether there was any work.
    `words` are what events and codes of warnings mean at this site, by default what ships with us.
    """

    config: Config
    sessions: Sessions
    read_sessions: Sessions
    patient_sessions: Sessions
    keyring: Keyring
    clock: Clock
    mute_revoked: Callable[[], None] = lambda: None
    make_packs: Callable[[], bool] = lambda: False
    words: Vocabulary | None = None


class Worker:
    """Connects to the broker and acts while it holds the lease."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._hush = Hush()
        self._rest = Hush(PLANNING_RESTS_S)
        self._database = Database(parts.read_sessions, parts.patient_sessions, self._rest.wait)
        self._inbox: queue.Queue[Arrived] = queue.Queue(maxsize=200_000)
        certificate, key = parts.keyring.client_files()
        self.link = MqttLink(
            parts.config.broker_url,
            Credentials(certificate, key, parts.keyring.authority_file),
            self._inbox,
            self._publish_all_again,
            on_up=self._wake_publishers,
        )
        holder = f"{socket.gethostname()}:{os.getpid()}"
        self._lease = LeaseKeeper(parts.sessions, parts.clock, holder, self._begin, self._end)
        sender = Sender(
            parts.sessions,
            parts.keyring,
            parts.clock,
            lambda: self._lease.is_held,
            read_sessions=parts.read_sessions,
            patient_sessions=parts.patient_sessions,
            pause=self._hush.wait,
            present=PRESENT,
        )
        express = self._publisher(parts.sessions, holder, outbox.Lane.ALERTS)
        publisher = self._publisher(parts.patient_sessions, holder, outbox.Lane.OTHERS)
        arriving = Arriving(parts.patient_sessions, parts.clock, parts.words)
        uplink = Uplink(
            parts.patient_sessions,
            self._inbox,
            self.link.send,
            parts.keyring.signer,
            parts.clock,
            parts.read_sessions,
            arriving.put,
        )
        dropped, polled = (
            Sources(
                parts.patient_sessions,
                parts.clock,
                words=parts.words,
                kinds=kinds,
                reading=parts.read_sessions,
            )
            for kinds in (HERE, AWAY)
        )
        self._verification = Verification(
            parts.read_sessions,
            parts.patient_sessions,
            parts.clock,
            pause=self._hush.wait,
            file_after_s=FILE_AFTER_S,
        )
        self._loops = {
            outbox.EXPRESS: Loop("express", express.step),
            outbox.NAME: Loop("publisher", publisher.step),
            emergencies.NAME: Loop("emergencies", sender.send_due, sender.idle_s),
            REACH: Loop("reach", sender.tidy, sender.idle_s),
            replan.NAME: Loop("planner", self._plan),
            batches.NAME: Loop("receipts", self._verification.step, self._verification.idle_s),
            "uplink": Loop("uplink", uplink.step, idle_s=0.0),
            REVOKED: Loop("muting", self._mute, MUTE_EVERY_S),
            "cap-mqtt": Loop("cap-mqtt", arriving.step, idle_s=0.0),
            "cap": Loop("cap", dropped.step, CAP_EVERY_S),
            "cap-feeds": Loop("cap-feeds", polled.step, CAP_EVERY_S),
            LANGUAGES_CHANGED: Loop("packs", parts.make_packs, PACK_EVERY_S),
        }
        wakes = {name: loop.wake for name, loop in self._loops.items()}
        wakes |= {name: partial(self._hurry, name) for name in (emergencies.NAME, outbox.EXPRESS)}
        for sessions in (parts.sessions, parts.patient_sessions):
            on_commit(sessions, wakes)
        database = parts.config.database
        self._listener = Listener(database, wakes) if database.startswith("postgresql") else None
        self._alarm: BackgroundScheduler | None = None

    @property
    def is_acting(self) -> bool:
        """Whether this process holds the lease."""
        return self._lease.is_held

    def start(self) -> None:
        """Ask for the lease; everything else starts when it is ours."""
        self._lease.start()

    def stop(self) -> None:
        """Stop acting and give the lease back."""
        self._lease.stop()

    def _begin(self) -> None:
        if self._listener:
            self._listener.start()
        self.link.start()
        self._verification.start()
        for loop in self._loops.values():
            loop.start()
        self._alarm = self._make_alarm()
        self._alarm.start()

    def _end(self) -> None:
        if self._alarm is not None:
            self._alarm.shutdown(wait=True)
            self._alarm = None
        self._hush.end()
        self._rest.end()
        for loop in reversed(self._loops.values()):
            loop.stop()
        self._verification.stop()
        self.link.stop()
        if self._listener:
            self._listener.stop()

    def _publisher(self, sessions: Sessions, holder: str, lane: outbox.Lane) -> outbox.Publisher:
        parts = self._parts
        return outbox.Publisher(
            sessions,
            self.link,
            parts.clock,
            holder,
            # Rows read while the link was down may be among those that a new broker gets again.
            lambda: self._lease.is_held and self.link.is_up,
            lane=lane,
            read_sessions=parts.read_sessions,
            pause=_nothing if lane is outbox.Lane.ALERTS else self._hush.wait,
        )

    def _make_alarm(self) -> BackgroundScheduler:
        """Return the alarm clock: rows decide what is due, so a missed ring loses nothing."""
        alarm = BackgroundScheduler(job_defaults={"coalesce": True, "misfire_grace_time": None})
        alarm.add_job(self._check, "interval", seconds=CHECK_EVERY_S)
        alarm.add_job(self._roll, "interval", seconds=ROLL_EVERY_S)
        alarm.add_job(self._renew_keys, "interval", seconds=RENEW_EVERY_S)
        return alarm

    def _plan(self) -> bool:
        parts = self._parts
        now = parts.clock()
        done = publish_requested(
            self._database,
            parts.keyring,
            parts.config,
            now,
            lambda session, found: _note_rules(session, found, now),
        )
        if done.revisions:
            log.info("planned: %d of %d devices changed", len(done.revisions), done.looked_at)
            self._check()
        return done.looked_at > 0

    def _mute(self) -> bool:
        """Shut the broker to what was revoked, and tell every device; also at the start."""
        parts = self._parts
        parts.mute_revoked()
        self._in_transaction(lambda s: publish_trust(s, parts.keyring, parts.clock()))
        return False

    def _check(self) -> None:
        """Expect what comes, check it minutes ahead, and miss what nobody accounted for."""
        now = self._parts.clock()

        with self._parts.read_sessions() as session:
            due = logbook.devices_due(session, now)
        for at in range(0, len(due), CHECK_AT_ONCE):
            self._in_transaction(partial(_look_ahead, now, due[at : at + CHECK_AT_ONCE]))

        def check(session: Session) -> None:
            for line in logbook.check_overdue(session, now):
                log.warning("unreported: %s %s (%s)", line.device_id, line.title, line.why)
            logbook.close_past_risks(session, now)
            for device in note_lost(session, now, self._parts.config.lost_after):
                log.warning("no heartbeat from %s", device)
            for device in note_packs(session, now):
                log.warning("%s has not got its emergency pack", device)
            for told in note_sources(session, now):
                log.warning("a source of warnings is in trouble: %s", told)
            if closed := close_what_is_over(session, now):
                log.info("%d incidents are over", closed)

        self._in_transaction(check)

    def _roll(self) -> None:
        config = self._parts.config
        now = self._parts.clock()

        with self._parts.read_sessions() as session:
            total = session.scalar(select(func.count()).select_from(CompiledPlan)) or 0
        done = roll_plans(
            self._database,
            self._parts.keyring.signer(),
            now,
            days=config.plan_days,
            zone=config.zone,
            limit=total // ROLLS_A_NIGHT + 1,
        )

        def note(session: Session) -> None:
            _note_rules(session, done, now)
            outbox.forget_sent(session, now - KEEP_SENT_FOR)
            forget_old(session, now - timedelta(days=config.cap_keep_days))

        self._in_transaction(note)

    def _renew_keys(self) -> None:
        """Rotate the issuing key in good time; everything is signed again by the new one."""
        parts = self._parts
        now = parts.clock()
        if not parts.keyring.rotate_when_due(now):
            return
        log.info("the issuing key was rotated; everything is signed again")

        def sign_again(session: Session) -> None:
            publish_trust(session, parts.keyring, now)
            replan.replan(session, areas=[parts.keyring.subtree], wants_desired=True, now=now)

        self._in_transaction(sign_again)

    def _publish_all_again(self) -> None:
        """Give a broker that forgot the alerts, then, in a transaction of their own, all else."""
        now = self._parts.clock()
        count = 0
        for lane in (outbox.Lane.ALERTS, outbox.Lane.OTHERS):
            count += self._in_transaction(partial(outbox.republish_retained, now=now, lane=lane))
        log.info("the broker forgot; %d retained messages go out again", count)

    def _wake_publishers(self) -> None:
        for name in (outbox.EXPRESS, outbox.NAME):
            self._loops[name].wake()

    def _hurry(self, name: str) -> None:
        """Ask for quiet: an alert was released or signed; then note whom it concerns."""
        self._hush.begin()
        self._rest.begin()
        for one in (name, REACH):
            self._loops[one].wake()

    def _in_transaction(self, work: Callable[[Session], Result]) -> Result:
        with self._parts.patient_sessions() as session:
            result = work(session)
            session.commit()
        return result


def _nothing() -> None:
    """Wait for no quiet: an alert is what the quiet is for."""


def _look_ahead(now: datetime, devices: Sequence[str], session: Session) -> None:
    """Expect and check what some devices play soon: a turn of tens of milliseconds."""
    logbook.expect_broadcasts(session, now, devices)
    for line in logbook.check_ahead(session, now, devices):
        log.warning("at risk: %s %s (%s)", line.device_id, line.title, line.why)


def _note_rules(session: Session, done: Published, now: datetime) -> None:
    """Tell people of rules that can no longer be planned: they would be silent otherwise."""
    for told in note_rules(session, done, now):
        log.error("%s", told)
