"""Our Mosquitto lets a device do what is its own and nothing else (R22, R23)."""

import os
import random
import signal
import socket
import tempfile
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from controller.broker import FOLDER, QUEUE_PER_CLIENT, Mosquitto, acl, configuration
from controller.keys import Keyring
from tests.controller.plumbing.conftest import DEVICES, Join, broker_files, certified, port_of
from tests.controller.plumbing.peer import (
    NOT_AUTHORIZED,
    Peer,
    Refused,
    accepts,
    listening_ports,
    wait_until,
)

MINE, OTHER = DEVICES
LEAVES = ("plan", "desired", "command", "sync", "status", "health", "receipts", "x/y", "")


def test_random_devices_topics_and_actions_reach_only_what_is_their_own(join: Join) -> None:
    """R22 in short: 150 of (device, topic, action), seeded."""
    chance = random.Random(22)
    reads: list[tuple[str, str]] = []
    with ExitStack() as peers:
        controller = peers.enter_context(join("controller"))
        controller.subscribe("tt/1/#")
        devices = {name: peers.enter_context(join(name)) for name in DEVICES}
        for device in devices.values():
            device.subscribe("#", "tt/1/#", "tt/1/down/+/+", "tt/1/up/#", "+/+/+/+/plan")
        for number in range(150):
            name = chance.choice(DEVICES)
            topic = _any_topic(chance, name)
            if chance.random() < 0.5:
                code = devices[name].publish(topic, f"write {number}", retain=number % 3 == 0)
                assert (code != NOT_AUTHORIZED) == _may_write(name, topic), (name, topic)
            elif topic.startswith("tt/1/"):
                controller.publish(topic, f"read {number}")
                reads.append((topic, f"read {number}"))
        _settle(controller, *devices.values())

        for name, device in devices.items():
            expected = {text.encode() for topic, text in reads if _may_read(name, topic)}
            assert {p for p in device.payloads() if p.startswith(b"read")} == expected
            assert not any(payload.startswith(b"write") for payload in device.payloads())
        written = [topic for topic, p in controller.got if p.startswith(b"write")]
        assert len(written) > 5
        assert all(topic.startswith(("tt/1/up/", "tt/1/in/cap/")) for topic in written)


def test_a_device_reads_nothing_of_another(join: Join) -> None:
    with join("controller") as controller, join(MINE) as mine, join(OTHER) as other:
        mine.subscribe(f"tt/1/down/{OTHER}/#", f"tt/1/up/{OTHER}/#", "tt/1/broker/epoch", "$SYS/#")
        controller.publish(f"tt/1/down/{OTHER}/plan", "a plan", retain=True)
        controller.publish("tt/1/broker/epoch", "a word", retain=True)
        other.publish(f"tt/1/up/{OTHER}/status", "a status", retain=True)
        mine.subscribe(f"tt/1/down/{OTHER}/#", f"tt/1/up/{OTHER}/#")
        _settle(controller, mine)

        assert mine.payloads() == {b"settled"}


@pytest.mark.parametrize(
    "topic",
    [
        f"tt/1/down/{MINE}/plan",
        f"tt/1/down/{OTHER}/plan",
        f"tt/1/up/{OTHER}/status",
        "tt/1/areas/vn/alert/a-1",
        "tt/1/areas/vn/live/s-1",
        "tt/1/trust",
        "tt/1/broker/epoch",
        "tt/1/in/cap/kttv",
        "tt/1/in/cap",
        "tt/2/anything",
        "$SYS/broker/uptime",
    ],
)
def test_a_device_writes_nothing_that_is_not_its_own(join: Join, topic: str) -> None:
    with join("controller") as controller, join(MINE) as mine, join(OTHER) as other:
        controller.subscribe("tt/1/#")
        other.subscribe("tt/1/#")

        code = mine.publish(topic, "forged", retain=True)
        _settle(controller, other)

        assert code == NOT_AUTHORIZED or topic.startswith("$SYS")
        assert b"forged" not in controller.payloads() | other.payloads()


def test_a_device_cannot_evict_another_by_its_client_id(join: Join) -> None:
    """R22: the broker takes the certificate's name whatever the client says."""
    with join("controller") as controller, join(OTHER) as victim:
        victim.subscribe(f"tt/1/down/{OTHER}/#")
        for client_id in (OTHER, "controller", f"{OTHER} ", "x" * 60):
            with join(MINE, client_id) as thief:
                thief.subscribe(f"tt/1/down/{OTHER}/#")
                controller.publish(f"tt/1/down/{OTHER}/command", client_id)
                wait_until(lambda: client_id.encode() in victim.payloads())  # noqa: B023 - at once
                assert thief.payloads() == set()

        assert not victim.lost.is_set()
        assert not controller.lost.is_set()


def test_who_brings_no_certificate_of_ours_is_not_let_in(
    broker: Mosquitto, live_keys: Keyring, tmp_path: Path
) -> None:
    """R22, R23: none, one of a foreign CA in the controller's name, and the broker's own."""
    foreign = Keyring.create(tmp_path / "foreign", "vn", ("programme",), datetime.now(UTC))
    of_the_broker = live_keys.server_files(("localhost", "127.0.0.1"), datetime.now(UTC))
    for files in (None, foreign.client_files(), certified(foreign, MINE, tmp_path), of_the_broker):
        with (
            pytest.raises(Refused),
            Peer(port_of(broker), live_keys.authority_file, files, "controller"),
        ):
            pass


def test_the_broker_has_one_listener_and_it_speaks_tls_only(broker: Mosquitto) -> None:
    """R23: no plaintext MQTT, no other port."""
    assert broker.pid
    ports = listening_ports(broker.pid)

    with socket.create_connection(("127.0.0.1", port_of(broker)), 5) as plain:
        plain.settimeout(5)
        plain.sendall(bytes.fromhex("101000044d5154540402003c000464696e67"))
        answer = _received(plain)

    assert ports == {port_of(broker)}
    assert answer[:1] != b"\x20"  # no CONNACK; TLS answers an alert or nothing


def test_a_revoked_device_loses_its_live_session(broker: Mosquitto, join: Join) -> None:
    with join("controller") as controller, join(MINE) as mine, join(OTHER) as other:
        controller.subscribe("tt/1/up/+/+")
        for peer in (mine, other):
            peer.subscribe("tt/1/areas/#", f"tt/1/down/{MINE}/#")
        controller.publish("tt/1/areas/vn/alert/a", "before")
        _settle(controller, mine, other)
        assert b"before" in mine.payloads()

        broker.mute([MINE])

        def is_deaf() -> bool:
            word = f"after {random.random()}".encode()
            controller.publish("tt/1/areas/vn/alert/a", word)
            wait_until(lambda: word in other.payloads())
            return word not in mine.payloads()

        wait_until(is_deaf, 5)
        assert mine.publish(f"tt/1/up/{MINE}/status", "still me") == NOT_AUTHORIZED
        assert b"still me" not in controller.payloads()


def test_a_muted_device_stays_muted_when_the_broker_is_started_again(
    broker: Mosquitto, join: Join
) -> None:
    first = broker.pid
    assert first
    broker.mute([MINE])
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: broker.pid not in {None, first} and accepts(port_of(broker)))

    with join(MINE) as mine:
        assert mine.publish(f"tt/1/up/{MINE}/status", "me") == NOT_AUTHORIZED


def test_a_slow_device_loses_nothing_of_a_burst(join: Join) -> None:
    """R10: Mosquitto's default would silently drop what is beyond 1,000."""
    burst = 5000
    assert burst < QUEUE_PER_CLIENT
    may_go_on = threading.Event()
    with join("controller") as controller, join(MINE) as slow:
        slow.subscribe(f"tt/1/down/{MINE}/#")
        slow.before_message = lambda: may_go_on.wait(60)

        for number in range(burst):
            controller.send(f"tt/1/down/{MINE}/command", str(number))
        controller.publish(f"tt/1/down/{MINE}/command", "last")
        may_go_on.set()

        wait_until(lambda: b"last" in slow.payloads(), 30)
        assert len(slow.got) == burst + 1


def test_what_is_larger_than_any_message_of_ours_is_not_carried(join: Join) -> None:
    with join("controller") as controller, join(MINE) as mine:
        controller.subscribe("tt/1/up/#")

        mine.publish(f"tt/1/up/{MINE}/receipts", b"a" * 200_000)
        mine.send(f"tt/1/up/{MINE}/receipts", b"b" * 300_000)

        wait_until(lambda: any(len(p) == 200_000 for p in controller.payloads()))
        _settle(controller)
        assert max(len(payload) for payload in controller.payloads()) == 200_000


def test_a_killed_broker_is_back_within_seconds(broker: Mosquitto) -> None:
    for _ in range(3):
        before = broker.pid
        assert before
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: broker.pid not in {None, before})  # noqa: B023 - asked at once
        wait_until(lambda: accepts(port_of(broker)))


def test_a_stopped_broker_leaves_nothing_behind(live_keys: Keyring, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "log", "127.0.0.1", _free(), broker_files(live_keys))
    broker.start()
    broker.start()
    pid, folder = broker.pid, broker._folder
    assert pid
    assert folder

    broker.stop()
    broker.stop()

    assert not psutil.pid_exists(pid)
    assert not folder.exists()


def test_what_a_killed_controller_left_is_removed(live_keys: Keyring, tmp_path: Path) -> None:
    left = Path(tempfile.mkdtemp(prefix=f"{FOLDER}99999999-"))  # above any process id
    (left / "broker.key").write_text("a key")
    broker = Mosquitto(tmp_path / "log", "127.0.0.1", _free(), broker_files(live_keys))

    broker.start()
    broker.stop()

    assert not left.exists()


def test_a_value_with_a_line_break_makes_no_second_setting(live_keys: Keyring) -> None:
    with pytest.raises(ValueError, match="one line"):
        configuration("::1\nallow_anonymous true", 1, Path("/x"), broker_files(live_keys))
    with pytest.raises(ValueError, match="one line"):
        acl(["d-1\ntopic readwrite #"])


def _any_topic(chance: random.Random, name: str) -> str:
    owner = chance.choice([name, name, *DEVICES, "d-unknown9", "controller"])
    return chance.choice(
        [
            f"tt/1/down/{owner}/{chance.choice(LEAVES)}",
            f"tt/1/up/{owner}/{chance.choice(LEAVES)}",
            f"tt/1/up/{owner}/{chance.choice(LEAVES)}",
            f"tt/1/areas/vn/alert/{chance.randint(1, 9)}",
            f"tt/1/areas/{chance.choice(['vn', 'an-binh'])}/live/s",
            "tt/1/trust",
            "tt/1/broker/epoch",
            f"tt/2/up/{owner}/status",
            f"tt/1/up/{owner}",
            f"tt/1/in/cap/{owner}",
            f"/tt/1/up/{owner}/status",
            f"tt/1/up/{owner}x/status",
        ]
    )


def _may_write(device: str, topic: str) -> bool:
    return topic.startswith(f"tt/1/up/{device}/") or topic in {
        f"tt/1/up/{device}",
        f"tt/1/in/cap/{device}",
    }


def _may_read(device: str, topic: str) -> bool:
    own = topic.startswith(f"tt/1/down/{device}/")
    return own or topic.startswith("tt/1/areas/") or topic == "tt/1/trust"


def _settle(controller: Peer, *peers: Peer) -> None:
    """Return when everything that was published has reached who may have it."""
    for peer in peers:
        peer.subscribe("tt/1/trust")
    controller.subscribe("tt/1/trust")
    controller.publish("tt/1/trust", "settled")
    for peer in (controller, *peers):
        wait_until(lambda: b"settled" in peer.payloads())  # noqa: B023 - asked at once


def _received(plain: socket.socket) -> bytes:
    try:
        return plain.recv(64)
    except (TimeoutError, ConnectionError):
        return b""


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
