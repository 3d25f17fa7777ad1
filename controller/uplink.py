"""Takes what devices send off the queue: believes signatures only, answers with `sync`.

Many messages a transaction. A message that cannot be believed is reported once and
dropped; it never stops the next (R29). While the database is away nothing that came is lost.
"""

import logging
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from controller.db import Clock, Sessions
from controller.emergencies.panics import note_panic
from controller.health import incidents
from controller.health.service import take_health, take_status
from controller.health.sync import sync_of
from controller.mqtt import Arrived
from controller.records.batches import checked, store_batches
from controller.stations.models import Device, DeviceState
from wire import topics
from wire.errors import Forged, Malformed, Revoked, WireError
from wire.signing import AnyMessage, Signer, open_signed, public_key, sign
from wire.topics import Topic
from wire.up import Health, Panic, Status

log = logging.getLogger(__name__)

BATCH = 1000
GATHER_S = 0.1
"""Receipts wait so long for those behind them: a transaction costs more than a hundred of them."""
WARNINGS = topics.ALL_WARNINGS.removesuffix("+")
DATABASE_AWAY = (OperationalError, InterfaceError)


@dataclass(frozen=True, slots=True)
class _Answer:
    device: str
    nonce: str
    asked_at: datetime


class _Known(NamedTuple):
    """Who may have sent something: a device's id, its state, and its key (RFC 8037 `x`)."""

    id: str
    state: str
    public_x: str | None


class Uplink:
    """Stands between the broker's queue and the tables; `step` is driven by a `Loop`.

    What is a warning from outside is handed to `outside`, which must not wait.
    """

    def __init__(
        self,
        sessions: Sessions,
        inbox: "queue.Queue[Arrived]",
        send: Callable[[str, str], None],
        signer: Callable[[], Signer],
        clock: Clock,
        read_sessions: Sessions | None = None,
        outside: Callable[[Arrived], None] = lambda _: None,
    ) -> None:
        self._sessions = sessions
        self._read_sessions = read_sessions or sessions
        self._inbox = inbox
        self._send = send
        self._signer = signer
        self._clock = clock
        self._outside = outside
        self._again: list[Arrived] = []

    def step(self, wait_s: float = 0.5, gather_s: float = GATHER_S) -> bool:
        """Take what has arrived, waiting a moment for it; return whether there was anything."""
        arrived = self._again or _drain(self._inbox, wait_s, gather_s)
        if not arrived:
            return False
        for one in arrived:
            if _is_warning(one):
                self._outside(one)
        reports = [one for one in arrived if not _is_warning(one)]
        for answer in self._take_all(reports) if reports else ():
            self._answer(answer)
        return True

    def _take_all(self, arrived: list[Arrived]) -> list[_Answer]:
        self._again = []
        try:
            with self._sessions() as session:
                devices = _devices_of(session, arrived)
                now = self._clock()
                batches = [b for one in arrived if (b := self._batch(session, devices, one))]
                store_batches(session, batches, now)
                others = [one for one in arrived if not _is_batch(one)]
                taken = [self._take(session, devices, one) for one in others]
                session.commit()
        except DATABASE_AWAY:
            self._again = arrived
            raise
        return [answer for answer in taken if answer is not None]

    def _batch(
        self, session: Session, devices: Mapping[str, _Known], arrived: Arrived
    ) -> tuple[str, str] | None:
        """Return a batch of receipts as it is stored: all of a transaction in one statement."""
        if not _is_batch(arrived):
            return None
        try:
            device = _enrolled(devices, topics.parse(arrived.topic))
            return device.id, checked(_text(arrived.payload))
        except WireError as error:
            self._refuse(session, arrived, error)
            return None

    def _take(
        self, session: Session, devices: Mapping[str, _Known], arrived: Arrived
    ) -> _Answer | None:
        """Take one message in its own savepoint, so that a bad one harms no other."""
        try:
            topic = topics.parse(arrived.topic)
            with session.begin_nested():
                return self._dispatch(session, _enrolled(devices, topic), topic, arrived)
        except WireError as error:
            self._refuse(session, arrived, error)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("%s could not be taken; it is dropped", arrived.topic)
        return None

    def _dispatch(
        self, session: Session, device: _Known, topic: Topic, arrived: Arrived
    ) -> _Answer | None:
        payload = arrived.payload
        now = self._clock()
        match topic.kind:
            case "status":
                take_status(session, _open(device, payload, Status), now)
            case "panic":
                self._take_panic(session, _open(device, payload, Panic), now)
            case "health":
                health = _open(device, payload, Health)
                is_news = take_health(session, health, now)
                if health.nonce and is_news:
                    return _Answer(device.id, health.nonce, arrived.at)
        return None

    def _take_panic(self, session: Session, panic: Panic, now: datetime) -> None:
        """Tell people what sounds there, or that it was stopped."""
        if not note_panic(session, panic, now):
            return
        if panic.ends_at <= now:
            incidents.close_incident(session, incidents.LOCAL_ALERT, panic.device, now)
            return
        facts = {"hazard": panic.hazard.value, "ends_at": panic.ends_at.isoformat()}
        log.warning("somebody raised an alert at %s itself: %s", panic.device, panic.hazard)
        incidents.open_incident(session, incidents.LOCAL_ALERT, panic.device, now, facts=facts)

    def _answer(self, answer: _Answer) -> None:
        with self._read_sessions() as session:
            message = sync_of(session, answer.device, answer.nonce, answer.asked_at, self._clock())
            token = sign(message.model_copy(update={"now": self._clock()}), self._signer())
        self._send(topics.down(answer.device, "sync"), token)

    def _refuse(self, session: Session, arrived: Arrived, error: WireError) -> None:
        log.warning("%s refused: %s", arrived.topic, error)
        self._report(session, arrived.topic, error)

    def _report(self, session: Session, topic: str, error: WireError) -> None:
        owner = topic.split("/")[3] if topic.count("/") >= 3 else topic
        facts = {"code": error.code, "topic": topic}
        known = owner if session.get(Device, owner) else None
        incidents.open_incident(
            session, incidents.FORGED, known, self._clock(), subject=owner[:100], facts=facts
        )


def _drain(inbox: "queue.Queue[Arrived]", wait_s: float, gather_s: float) -> list[Arrived]:
    try:
        arrived = [inbox.get(timeout=wait_s)]
    except queue.Empty:
        return []
    if _is_batch(arrived[0]):
        time.sleep(gather_s)
    while len(arrived) < BATCH:
        try:
            arrived.append(inbox.get_nowait())
        except queue.Empty:
            break
    return arrived


def _is_warning(arrived: Arrived) -> bool:
    return arrived.topic.startswith(WARNINGS)


def _is_batch(arrived: Arrived) -> bool:
    return arrived.topic.endswith("/receipts")


def _devices_of(session: Session, arrived: Sequence[Arrived]) -> dict[str, _Known]:
    """Return those who may have sent these, in one statement."""
    names = {owner for one in arrived if (owner := _owner(one.topic)) is not None}
    rows = select(Device.id, Device.state, Device.public_x).where(Device.id.in_(names))
    return {row.id: _Known(*row) for row in session.execute(rows).all()}


def _owner(topic: str) -> str | None:
    try:
        return topics.parse(topic).owner
    except Malformed:
        return None


def _enrolled(devices: Mapping[str, _Known], topic: Topic) -> _Known:
    device = devices.get(topic.owner)
    if device is None or device.public_x is None:
        raise Forged(topic.owner)
    if device.state != DeviceState.ENROLLED:
        raise Revoked(topic.owner)
    return device


def _open(device: _Known, payload: bytes, model: type[AnyMessage]) -> AnyMessage:
    message = open_signed(payload, public_key(device.public_x or ""), model)
    if getattr(message, "device", "") != device.id:
        raise Forged(device.id)
    return message


def _text(payload: bytes) -> str:
    try:
        return payload.decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("not ASCII") from error
