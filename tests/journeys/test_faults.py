"""Controller, broker and agent together, while one after the other fails."""

import json
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from controller.demo import scene
from controller.health.incidents import MISSED, OFFLINE, REFUSED
from controller.plans.models import CompiledPlan
from controller.records import logbook
from controller.stations.enrolment import revoke_device
from tests.controller.plumbing.peer import NOT_AUTHORIZED, Peer, listening_ports, wait_until
from tests.journeys.village import Village
from wire import topics
from wire.plan import Plan
from wire.signing import Signer, new_key, public_x, sign, sign_payload, signer
from wire.trust import IssuingCertificate

WHOLE_MS = 8000 - logbook.WHOLE_WITHIN_MS


@pytest.fixture(autouse=True)
def ready(village: Village) -> None:
    """Begin each journey with a village in which all is well."""
    village.app.start()
    wait_until(village.is_ready, 45)


def test_a_broker_killed_in_the_middle_of_a_programme_silences_nobody(village: Village) -> None:
    """R37 in short: playing goes on, everything reconnects, the receipts arrive."""
    start = village.schedule()
    wait_until(lambda: village.state(start) == "playing", 30)
    first = village.broker.pid
    assert first

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: village.state(start) == "played", 40)
    line = village.line(start)
    assert line
    assert (line.played_ms or 0) >= WHOLE_MS
    assert village.broker.pid not in {None, first}
    started = [one for one in village.receipts("started") if one.slot == line.slot]
    assert len(started) == 1


def test_without_any_network_the_cached_plan_plays_and_its_receipts_come_later(
    village: Village,
) -> None:
    """R31 in short: neither broker nor HTTPS while the slot plays."""
    start = village.schedule(wait_s=6)

    village.app.stop()
    end = start + timedelta(seconds=8)
    wait_until(lambda: datetime.now(UTC) > end + timedelta(seconds=1), 60)
    village.app.start()

    wait_until(lambda: village.state(start) == "played", 40)
    line = village.line(start)
    assert line
    assert line.started_at
    assert abs(line.started_at - start) < timedelta(seconds=2)
    assert (line.played_ms or 0) >= WHOLE_MS


def test_who_never_reports_is_unreported_and_not_green(village: Village) -> None:
    """R40: one device only enrolled, the other not even that."""
    start = village.schedule(wait_s=4)
    worker = village.app.worker
    assert worker
    wait_until(lambda: village.state(start) == "played", 40)

    with village.app.sessions.begin() as session:
        logbook.check_overdue(session, start + timedelta(minutes=2))

    for device in (village.silent_one, village.new_one):
        assert village.state(start, device) in {"unreported", ""}
        if village.line(start, device):
            assert device in {name for name, _ in village.incidents(MISSED)}
    assert village.state(start, village.silent_one) == "unreported"
    assert village.state(start) == "played"


def test_a_silent_death_of_the_link_is_noticed_and_healed(village: Village) -> None:
    """R30 in short: the broker is frozen, no connection is closed."""
    worker = village.app.worker
    assert worker

    def is_lost() -> bool:
        worker._check()
        presence = village.presence()
        return presence is not None and presence.state == "lost"

    with frozen(village.broker.pid):
        wait_until(is_lost, 30)
        assert (village.device, "") in village.incidents(OFFLINE)

    wait_until(village.is_ready, 40)
    assert village.incidents(OFFLINE) == []


def test_a_device_listens_on_no_port_and_the_controller_on_its_own_only(
    village: Village,
) -> None:
    """R23."""
    pid, broker = village.agent.pid, village.broker.pid
    assert pid
    assert broker
    config = village.config

    assert listening_ports(pid) == set()
    declared = {config.http_port, config.device_port, config.mqtt_port}
    assert listening_ports(os.getpid()) == declared


def test_a_plan_that_must_not_be_believed_is_refused_and_reported_once(village: Village) -> None:
    """R13, R15, R16: published on the real broker with the controller's own TLS certificate."""
    village.schedule(wait_s=3600)
    assert village.app.worker
    client = village.app.worker.link._client
    bad = _bad_plans(village)

    for token in [*bad.values(), *bad.values()]:
        client.publish(topics.down(village.device, "plan"), token, qos=1)

    wait_until(lambda: len(village.receipts("refused")) >= len(bad), 40)
    village.schedule(wait_s=7200)  # a good plan still comes through, after all the bad ones
    refused = village.receipts("refused")
    assert {one.code for one in refused} == set(bad)
    assert len(refused) == len(bad)
    wait_until(lambda: {(village.device, c) for c in bad} <= set(village.incidents(REFUSED)))


def test_a_revoked_device_is_cut_off_while_it_is_connected(village: Village) -> None:
    """R17, R22: the commit wakes the worker, which shuts the broker to it."""
    name, folder = village.silent_one, village.folder / village.silent_one
    files = folder / "certificate.pem", folder / "key.pem"
    authority = village.app.keyring.authority_file
    assert village.app.worker
    client = village.app.worker.link._client
    with Peer(village.config.mqtt_port, authority, files, name) as device:
        device.subscribe(f"tt/1/down/{name}/#")
        client.publish(topics.down(name, "command"), b"before", qos=1)
        wait_until(lambda: b"before" in device.payloads())

        with village.app.sessions.begin() as session:
            revoke_device(session, scene.SYSTEM, name, village.app.keyring, datetime.now(UTC))

        wait_until(lambda: device.publish(topics.up(name, "status"), "me") == NOT_AUTHORIZED, 5)
        client.publish(topics.down(name, "command"), b"after", qos=1).wait_for_publish(10)
        assert b"after" not in device.payloads()


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """Stop a process in its tracks for a while."""
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _bad_plans(village: Village) -> dict[str, str]:
    """Return code > token: what the device shall say of each."""
    with village.app.sessions() as session:
        held = session.get_one(CompiledPlan, village.device)
    plan: dict[str, Any] = json.loads(held.payload)
    now = datetime.now(UTC)
    news = {"rev": held.rev + 10_000, "jti": uuid.uuid4().hex}
    keys = village.app.keyring
    strangers_root, good = new_key(), keys.signer()
    past = {"iat": _text(now - timedelta(hours=2)), "exp": _text(now - timedelta(hours=1))}
    forged = _signed(plan | news, good)
    last = "A" if forged[-10] != "A" else "B"
    return {
        "forged": f"{forged[:-10]}{last}{forged[-9:]}",
        "untrusted": _signed(plan | news, _issuer(strangers_root, "vn")),
        "out_of_scope": _signed(plan | news, _issuer(keys._private("root-1.jwk"), "vn-khac")),
        "expired": _signed(plan | news | past, good),
        "rolled_back": _signed(plan | {"rev": held.rev - 1}, good),
        "not_understood": _signed(plan | news | {"crit": ["slots.only_if_raining"]}, good),
    }


def _signed(plan: dict[str, Any], key: Signer) -> str:
    return sign_payload(Plan.kind, json.dumps(plan).encode(), key)


def _issuer(root: OKPKey, subtree: str) -> Signer:
    now, own = datetime.now(UTC), new_key()
    certificate = IssuingCertificate(
        iss="root",
        iat=now,
        exp=now + timedelta(days=30),
        jti=uuid.uuid4().hex,
        rev=1,
        name=subtree,
        x=public_x(own),
        subtree=subtree,
        may=("programme",),
    )
    return signer(own, sign(certificate, signer(root)))


def _text(instant: datetime) -> str:
    return instant.isoformat()
