"""Emergencies while something fails or attacks: dead, stolen, killed, wrong about the time."""

import json
import random
import time
from datetime import timedelta

import pytest

from controller.demo.stage import pause
from controller.health.incidents import REFUSED
from edge_agent.store import Store
from edge_agent.time_sources import boot_id
from tests.journeys import ear
from tests.journeys.horns import A_WHILE, EVERYWHERE, Horns, now, played, until
from tests.journeys.thief import evil_alerts, steal_the_broker


@pytest.fixture(autouse=True)
def ready(horns: Horns) -> None:
    """Begin each journey with horns that are all there."""
    horns.app.start()
    until(horns.is_ready)


def test_with_controller_and_broker_dead_an_alert_ends_and_the_button_at_the_horn_works(
    horns: Horns,
) -> None:
    """R5, R7: nobody is there to say so; what happened is told afterwards."""
    alert = horns.first.draft(minutes=1, siren_ms=60_000)
    ends_at = now() + timedelta(seconds=15)
    horns.release_drafted_as_of(ends_at - timedelta(minutes=1), alert)
    until(lambda: horns.counts(alert)["heard"] == 3)
    with horns.witness() as witness:
        began = now()
        horns.app.stop()
        until(lambda: now() > ends_at + A_WHILE)
        silent_from = now()
        button = horns.agents[1].folder / "panic"
        button.touch()
        until(lambda: witness.onset_after(silent_from, 1))
        pause(A_WHILE)
        button.unlink()
        pause(A_WHILE)
        at_the_horn = witness.samples((silent_from, now()), 1)
        whole = [witness.samples((began, silent_from), device) for device in EVERYWHERE]
    horns.app.start()

    for sound in whole:
        last = max(i for i, kind in enumerate(ear.kinds(sound)) if kind != "silence")
        assert began + timedelta(seconds=(last + 1) / 10) < ends_at + timedelta(seconds=1)
        assert ear.seconds_of("siren", sound) > 1
    assert ear.seconds_of("siren", at_the_horn) > 1
    until(lambda: horns.counts(alert)["finished"] == 3)
    assert {one["code"] for one in horns.reach(alert)} == {""}
    until(horns.local_alerts)
    assert horns.local_alerts() == [horns.devices[1]]


def test_who_has_stolen_the_controllers_place_at_the_broker_makes_nothing_sound(
    horns: Horns,
) -> None:
    """R14 to R16, R19: replayed, forged, or signed by a commune, the drill key, a stranger."""
    alert = horns.release()
    until(lambda: horns.counts(alert)["heard"] == 3)
    token = horns.token(alert)
    horns.cancel(alert)
    until(lambda: horns.counts(alert)["finished"] == 3)
    until(lambda: horns.stopped(alert) == 3)
    evil = evil_alerts(horns.app.keyring, token)
    with horns.witness() as witness:
        began = now()
        steal_the_broker(horns.app, evil)
        expected = {
            (device, code)
            for device in horns.devices
            for code in ("expired", "rolled_back", "out_of_scope", "forged", "untrusted")
        }
        until(lambda: expected <= horns.incidents(REFUSED))
        horns.restart(1)
        pause(A_WHILE)
        heard = played(witness, began)
    for sound in heard:
        assert set(ear.kinds(sound)) == {"silence"}
    assert [horns.in_force(number) for number in EVERYWHERE] == [[], [], []]


def test_a_broker_killed_again_and_again_loses_no_alert_and_brings_none_back(
    horns: Horns,
) -> None:
    """R37 in short: right after the publish, and right after the cancel; who was off joins."""
    seeds = random.Random(37)
    alert = horns.release(siren_ms=60_000)
    for _ in range(3):
        horns.kill_broker(seeds.uniform(0, 0.4))
    horns.restart(seeds.choice(EVERYWHERE))
    until(lambda: all(horns.in_force(number) == [alert["id"]] for number in EVERYWHERE))
    assert all(ear.seconds_of("siren", sound) > 1 for sound in horns.listen())
    assert horns.counts(alert)["heard"] == 3

    horns.cancel(alert)
    for _ in range(3):
        horns.kill_broker(seeds.uniform(0, 0.4))
    horns.restart(seeds.choice(EVERYWHERE))
    until(lambda: horns.stopped(alert) == 3)
    until(lambda: not any(horns.in_force(number) for number in EVERYWHERE))
    assert all(set(ear.kinds(sound)) == {"silence"} for sound in horns.listen())
    for number in EVERYWHERE:
        assert len(horns.receipts(alert, number, "started")) == 1


def test_devices_that_are_years_off_sound_once_the_controller_told_them_the_time(
    horns: Horns,
) -> None:
    """R32: no kernel here is synchronised; one device remembers a wrong future, one a past."""
    for number, years in ((0, 10), (1, -10)):
        horns.agents[number].stop()
        remember_a_wrong_time(horns, number, timedelta(days=365 * years))
    alert = horns.release(siren_ms=60_000)
    for number in (0, 1):
        horns.bring_back(number)

    until(lambda: horns.counts(alert)["heard"] == 3)
    assert all(ear.seconds_of("siren", sound) > 1 for sound in horns.listen())
    told = [horns.receipts(alert, number, "started")[0] for number in EVERYWHERE]
    assert all(abs(one.at - now()) < timedelta(minutes=2) for one in told)
    horns.cancel(alert)
    until(lambda: horns.counts(alert)["finished"] == 3)


def remember_a_wrong_time(horns: Horns, number: int, off: timedelta) -> None:
    """Leave in a stopped device what a run with such a kernel would have remembered."""
    store = Store(horns.agents[number].folder)
    store.start()
    saved = store.load_json("clock") or {}
    mono, wrong = time.monotonic(), (now() + off).isoformat()
    saved |= {"boot": boot_id(), "saved": wrong, "at": wrong, "mono": mono, "confirmed": mono}
    store.remember("clock", json.dumps(saved | {"error_s": 0.1}))
    store.stop()
