"""What devices send, through the real broker: signatures are believed, poison stops nothing."""

import queue
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from controller import uplink
from controller.broker import Mosquitto
from controller.db import Sessions, make_sessions
from controller.emergencies.models import LocalAlert
from controller.health.incidents import open_incidents
from controller.health.models import Incident, Presence
from controller.health.service import take_status
from controller.keys import Keyring
from controller.loop import Loop
from controller.mqtt import Arrived, Credentials, MqttLink
from controller.records.models import Batch
from controller.stations.models import Device
from controller.uplink import Uplink
from tests.controller.cast import introduce
from tests.controller.plumbing.conftest import DEVICES, Join, port_of
from tests.controller.plumbing.peer import wait_until
from wire import topics
from wire.down import Sync
from wire.signing import new_key, open_signed, public_key, public_x, sign, signer
from wire.up import ClockState, Health, Panic, Receipt, ReceiptKind, Receipts, Status

MINE, OTHER = DEVICES


@dataclass
class Door:
    """An uplink with what it answered; `put` stands for the broker."""

    sessions: Sessions
    uplink: Uplink
    inbox: "queue.Queue[Arrived]"
    keys: dict[str, OKPKey]
    sent: list[tuple[str, str]] = field(default_factory=list)

    def put(self, topic: str, payload: str | bytes) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        self.inbox.put(Arrived(topic, data, _now()))

    def step(self) -> bool:
        return self.uplink.step(wait_s=0.0)

    def presence(self, device: str = MINE) -> Presence | None:
        with self.sessions() as session:
            return session.get(Presence, device)


@pytest.fixture
def door(database: Engine, live_keys: Keyring) -> Door:
    sessions = make_sessions(database)
    keys = {device: new_key() for device in DEVICES}
    with sessions.begin() as session:
        introduce(session, _now())
        for name, key in keys.items():
            device = session.get_one(Device, name)
            device.state, device.public_x = "enrolled", public_x(key)
    inbox: queue.Queue[Arrived] = queue.Queue()
    sent: list[tuple[str, str]] = []
    made = Uplink(
        sessions, inbox, lambda topic, token: sent.append((topic, token)), live_keys.signer, _now
    )
    return Door(sessions, made, inbox, keys, sent)


@pytest.fixture
def link(broker: Mosquitto, live_keys: Keyring, door: Door) -> Iterator[MqttLink]:
    certificate, key = live_keys.client_files()
    link = MqttLink(
        f"mqtts://localhost:{port_of(broker)}",
        Credentials(certificate, key, live_keys.authority_file),
        door.inbox,
        lambda: None,
    )
    link.start()
    assert link.wait_until_up(20)
    yield link
    link.stop()


def test_a_question_is_answered_for_its_nonce(door: Door, live_keys: Keyring) -> None:
    door.put(topics.up(MINE, "health"), _health(door, MINE, nonce="n" * 32))

    assert door.step()

    ((topic, token),) = door.sent
    answer = open_signed(token, _issuing(live_keys), Sync)
    assert topic == topics.down(MINE, "sync")
    assert (answer.device, answer.nonce) == (MINE, "n" * 32)


def test_a_repeated_question_is_not_answered_again(door: Door) -> None:
    question = _health(door, MINE, nonce="n" * 32)
    door.put(topics.up(MINE, "health"), question)
    door.put(topics.up(MINE, "health"), question)

    door.step()

    assert len(door.sent) == 1


@pytest.mark.parametrize("owner", [OTHER, "d-unknown9"])
def test_what_another_signed_makes_nobody_green(door: Door, owner: str) -> None:
    """R15: a taken-over broker can put any message on any topic."""
    door.put(topics.up(owner, "status"), _status(door, MINE))

    door.step()

    assert door.presence(OTHER) is None
    assert door.presence(MINE) is None
    with door.sessions() as session:
        assert [one.kind for one in open_incidents(session)] == ["forged_report"]


def test_a_revoked_device_is_not_heard(door: Door) -> None:
    with door.sessions.begin() as session:
        session.get_one(Device, MINE).state = "revoked"
    door.put(topics.up(MINE, "status"), _status(door, MINE))

    door.step()

    assert door.presence() is None


def test_a_forgery_is_reported_once(door: Door) -> None:
    for _ in range(20):
        door.put(topics.up(MINE, "status"), _status(door, OTHER))

    door.step()

    with door.sessions() as session:
        assert len(session.scalars(select(Incident)).all()) == 1


def test_a_batch_too_large_for_a_token_is_refused(door: Door) -> None:
    door.put(topics.up(MINE, "receipts"), b"a" * 200_000)

    door.step()

    with door.sessions() as session:
        assert session.scalars(select(Batch)).all() == []


def test_a_bug_of_ours_loses_one_message_and_not_its_neighbours(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(session: Session, status: Status, now: datetime) -> bool:
        if status.device == OTHER:
            raise ZeroDivisionError
        return take_status(session, status, now)

    monkeypatch.setattr(uplink, "take_status", take)  # a bug as yet unknown
    door.put(topics.up(OTHER, "status"), _status(door, OTHER))
    door.put(topics.up(MINE, "status"), _status(door, MINE))

    door.step()

    assert door.presence(OTHER) is None
    assert door.presence(MINE)


def test_what_came_while_the_database_was_away_is_taken_later(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("the server closed the connection"))

    door.put(topics.up(MINE, "receipts"), _receipts(door, MINE))
    with monkeypatch.context() as patched:
        patched.setattr(uplink, "store_batches", away)
        with pytest.raises(OperationalError):
            door.step()
        with pytest.raises(OperationalError):
            door.step()

    assert door.step()
    assert not door.step()

    with door.sessions() as session:
        assert len(session.scalars(select(Batch)).all()) == 1


def test_receipts_wait_a_moment_for_those_behind_them(door: Door) -> None:
    """One transaction for many; what must be answered waits for nobody."""

    def later() -> None:
        door.put(topics.up(MINE, "receipts"), _receipts(door, MINE))
        door.put(topics.up(MINE, "health"), _health(door, MINE, nonce="n" * 32))

    door.put(topics.up(MINE, "receipts"), _receipts(door, MINE))
    soon = threading.Timer(0.1, later)
    soon.start()

    assert door.uplink.step(wait_s=0.0, gather_s=1.0)

    assert not door.step()
    assert len(door.sent) == 1
    with door.sessions() as session:
        assert len(session.scalars(select(Batch)).all()) == 2


def test_poison_from_a_real_broker_stops_nothing(door: Door, link: MqttLink, join: Join) -> None:
    """R29 in short: 600 malformed payloads, seeded; the next good message is taken."""
    chance = random.Random(29)
    good = {kind: _good(door, kind) for kind in ("status", "health", "receipts")}
    loop = Loop("uplink", lambda: door.uplink.step(0.1), idle_s=0.0)
    loop.start()
    with join(MINE) as device:
        sent = []
        for _ in range(600):
            kind = chance.choice(list(good))
            owner = chance.choice([MINE, MINE, OTHER, "d-unknown9", "x", "D-UPPER", "é"])
            # By our own connection: another one in the controller's name would end it.
            topic = f"tt/1/up/{owner}/{kind}"
            sent.append(link._client.publish(topic, _poison(chance, good[kind]), qos=1))
        for info in sent:
            info.wait_for_publish(60)

        assert device.publish(topics.up(MINE, "status"), _status(door, MINE, rev=10**9)) == 0
        is_taken = wait_until(lambda: (seen := door.presence()) and seen.status_rev == 10**9, 60)
        is_drained = wait_until(door.inbox.empty, 60)
    loop.stop()

    assert is_taken
    assert is_drained
    assert link.is_up


def _poison(chance: random.Random, token: str) -> bytes:
    data = bytearray(token.encode())
    match chance.randrange(6):
        case 0:
            return chance.randbytes(chance.randrange(300))
        case 1:
            return bytes(data[: chance.randrange(len(data))])
        case 2:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            return bytes(data)
        case 3:
            return b"." * chance.randrange(2000)
        case 4:
            return b'{"device": "\\u0000"}' * chance.randrange(1, 5)
        case _:
            head, body, tail = token.split(".")
            return ".".join(chance.sample([head, body, tail], 3)).encode() + b"=="


def _good(door: Door, kind: str) -> str:
    match kind:
        case "status":
            return _status(door, MINE)
        case "health":
            return _health(door, MINE, nonce=None)
        case _:
            return _receipts(door, MINE)


def _status(door: Door, device: str, rev: int = 1) -> str:
    facts = {"state": "online", "epoch": 1, "clock": ClockState.TRUSTED}
    return _signed(door, device, Status.model_validate(_claims(device, rev) | facts))


def _health(door: Door, device: str, *, nonce: str | None) -> str:
    facts = {"epoch": 1, "nonce": nonce, "clock": ClockState.TRUSTED}
    return _signed(door, device, Health.model_validate(_claims(device, 1) | facts))


def _receipts(door: Door, device: str) -> str:
    one = Receipt(number=1, kind=ReceiptKind.EXECUTED, at=_now())
    return _signed(door, device, Receipts.model_validate(_claims(device, 1) | {"receipts": (one,)}))


def _signed(door: Door, device: str, message: Status | Health | Receipts) -> str:
    return sign(message, signer(door.keys[device]))


def _claims(device: str, rev: int) -> dict[str, object]:
    return {
        "iss": device,
        "iat": _now(),
        "exp": _now() + timedelta(days=60),
        "jti": f"j-{rev}",
        "rev": rev,
        "device": device,
    }


def _issuing(keyring: Keyring) -> OKPKey:
    return public_key(keyring.issuing.certificate.x)


def _now() -> datetime:
    return datetime.now(UTC)


def test_a_local_alert_is_told_to_people_until_it_is_over(door: Door) -> None:
    at = _now()
    told = {"iss": MINE, "iat": at, "exp": at + timedelta(hours=1), "device": MINE, "id": "p-1"}
    said = Panic(**told, jti="1", rev=1, starts_at=at, ends_at=at + timedelta(minutes=10))
    stopped = Panic(**told, jti="2", rev=2, starts_at=at, ends_at=at)
    forged = said.model_copy(update={"id": "p-2", "rev": 3})
    topic = topics.up(MINE, "panic")

    door.put(topic, sign(forged, signer(new_key())))
    door.put(topic, sign(said, signer(door.keys[MINE])))
    door.step()
    with door.sessions() as session:
        kinds = {one.kind for one in open_incidents(session)}
        held = session.scalars(select(LocalAlert.id)).all()
    door.put(topic, sign(stopped, signer(door.keys[MINE])))
    door.put(topic, sign(said, signer(door.keys[MINE])))
    door.step()

    assert (kinds, held) == ({"forged_report", "local_alert"}, ["p-1"])
    with door.sessions() as session:
        assert {one.kind for one in open_incidents(session)} == {"forged_report"}
