"""Whom an alert reached: signed receipts in any order and number, and what time alone says."""

import random
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import select

from controller.areas.models import Area
from controller.emergencies import lifecycle
from controller.emergencies.drills import hold_drill, plan_drill, score_drill
from controller.emergencies.export import as_csv
from controller.emergencies.models import Alert, AlertReach
from controller.emergencies.progress import Shown, clusters, not_reached, progress
from controller.emergencies.proof import proof_of
from controller.emergencies.reach import note_receipts
from controller.emergencies.sending import Sender, due, send
from controller.emergencies.why import why_of
from controller.health.incidents import open_incidents
from controller.health.models import Presence
from controller.health.service import PRESENT
from controller.records.batches import store_batch, verify_batches
from controller.stations.models import Cluster, Device, Output, Station
from tests.controller.cast import AN_BINH, VILLAGE
from tests.controller.emergencies.conftest import Desk
from wire.signing import new_key, public_x, sign, signer
from wire.up import ClockState, Receipt, ReceiptKind, Receipts

DEVICE, OTHER = "d-anbinh1", "d-tanlap1"
MARKET, SCHOOL = "c-market", "c-school"
RECEIVED, STARTED, FINISHED = ReceiptKind.RECEIVED, ReceiptKind.STARTED, ReceiptKind.FINISHED


def receipt(
    desk: Desk, alert_id: str, kind: ReceiptKind, number: int = 1, **values: Any
) -> Receipt:
    alert = desk.alert(alert_id)
    revs = [one.rev for one in alert.revisions if one.rev is not None]
    said = {
        "number": number,
        "kind": kind,
        "at": desk.at,
        "object_id": alert_id,
        "area": alert.publish_area_id,
        "rev": revs[-1],
        "clusters": (MARKET, SCHOOL),
        "clock": ClockState.TRUSTED,
    }
    return Receipt.model_validate(said | values)


def tell(desk: Desk, *receipts: Receipt, device: str = DEVICE) -> None:
    with desk.sessions.begin() as session:
        note_receipts(session, [(device, one) for one in receipts], desk.at)


def shown(desk: Desk, alert_id: str) -> dict[str, Shown]:
    with desk.sessions() as session:
        return {one.cluster_id: one.shown for one in clusters(session, alert_id, desk.at)}


def rows(desk: Desk, alert_id: str) -> list[tuple[object, ...]]:
    with desk.sessions() as session:
        found = session.scalars(
            select(AlertReach).where(AlertReach.alert_id == alert_id).order_by("cluster_id")
        )
        return [
            (one.cluster_id, one.state, one.code, one.received_at, one.started_at, one.finished_at)
            for one in found
        ]


def test_after_ten_seconds_nothing_is_shown_as_pending(desk: Desk) -> None:
    alert_id = desk.release()
    assert set(shown(desk, alert_id).values()) == {Shown.WAITING}

    tell(desk, receipt(desk, alert_id, RECEIVED, clusters=(MARKET,)))
    desk.wait(seconds=10)

    assert shown(desk, alert_id) == {MARKET: Shown.FAILED, SCHOOL: Shown.NOT_REACHED}
    with desk.sessions() as session:
        assert progress(session, alert_id, desk.at).counts.is_settled


def there(desk: Desk, state: str) -> None:
    """Let the device be there or not, as its own word says, and the sender look at that."""
    presence = Presence(
        device_id=DEVICE, key="", state=state, epoch=1, since=desk.at, seen_at=desk.at,
        status={}, measurements={},
    )  # fmt: skip
    with desk.sessions.begin() as session:
        session.merge(presence)
    desk.sender = Sender(desk.sessions, desk.keyring, lambda: desk.at, present=PRESENT)


@pytest.mark.parametrize("state", ["offline", "lost", "never"])
def test_a_device_that_is_not_there_at_the_release_is_not_waited_for(
    desk: Desk, state: str
) -> None:
    there(desk, state)

    alert_id = desk.release()

    assert set(shown(desk, alert_id).values()) == {Shown.NOT_REACHED}
    with desk.sessions() as session:
        counts = progress(session, alert_id, desk.at).counts
        silent = not_reached(session, alert_id, desk.at)
        why = why_of(session, session.get_one(Alert, alert_id), MARKET, desk.at)
    assert (counts.not_reached, counts.waiting, counts.is_settled) == (2, 0, True)
    assert {one.code for one in silent} == {"offline"}
    assert [en for _, en in why.steps[1:]] == [
        "not reached",
        "its device was offline when it went out",
    ]


def test_a_device_that_was_never_heard_of_is_not_waited_for(desk: Desk) -> None:
    desk.sender = Sender(desk.sessions, desk.keyring, lambda: desk.at, present=PRESENT)

    alert_id = desk.release()

    assert set(shown(desk, alert_id).values()) == {Shown.NOT_REACHED}


def test_a_device_that_comes_back_turns_from_not_reached_to_what_it_does(desk: Desk) -> None:
    there(desk, "offline")
    alert_id = desk.release()

    tell(desk, receipt(desk, alert_id, RECEIVED, 1))
    received = shown(desk, alert_id)
    tell(desk, receipt(desk, alert_id, STARTED, 2, clusters=(MARKET,)))

    assert set(received.values()) == {Shown.RECEIVED}
    assert shown(desk, alert_id) == {MARKET: Shown.SOUNDING, SCHOOL: Shown.RECEIVED}
    assert {row[2] for row in rows(desk, alert_id)} == {""}


def test_who_is_there_has_ten_seconds_to_answer(desk: Desk) -> None:
    there(desk, "online")

    alert_id = desk.release()

    assert set(shown(desk, alert_id).values()) == {Shown.WAITING}


def test_an_update_looks_anew_at_who_is_there(desk: Desk) -> None:
    there(desk, "online")
    alert_id = desk.release()
    tell(desk, receipt(desk, alert_id, STARTED))
    there(desk, "offline")

    desk.rewrite(desk.cast.an, alert_id, level=4)
    desk.release_newest(alert_id)

    assert set(shown(desk, alert_id).values()) == {Shown.NOT_REACHED}


def test_a_first_receipt_finds_out_who_is_not_there(desk: Desk) -> None:
    """A receipt may be counted before the sender wrote down whom the alert concerns."""
    there(desk, "offline")
    alert_id = desk.draft(desk.cast.an)
    desk.submit(desk.cast.an, alert_id)
    for who in (desk.boss, desk.deputy):
        desk.hear(who, alert_id)
        desk.confirm(who, alert_id)
    with desk.sessions.begin() as session:
        (one,) = due(session, desk.at)
        send(session, one, desk.keyring, desk.at)

    told = receipt(desk, alert_id, STARTED, clusters=(MARKET,))
    with desk.sessions.begin() as session:
        note_receipts(session, [(DEVICE, told)], desk.at, PRESENT)

    assert shown(desk, alert_id) == {MARKET: Shown.SOUNDING, SCHOOL: Shown.NOT_REACHED}


def test_late_receipts_put_it_right(desk: Desk) -> None:
    alert_id = desk.release()
    desk.wait(minutes=3)
    assert set(shown(desk, alert_id).values()) == {Shown.NOT_REACHED}

    tell(desk, receipt(desk, alert_id, STARTED, clusters=(SCHOOL,), code="joined"))

    assert shown(desk, alert_id)[SCHOOL] is Shown.SOUNDING
    with desk.sessions() as session:
        counts = progress(session, alert_id, desk.at).counts
    assert (counts.heard, counts.total, counts.not_reached) == (1, 2, 1)


def test_receipts_twice_and_in_any_order_come_to_the_same(desk: Desk) -> None:
    seeds = random.Random(7)
    outcomes = set()
    for hazard in ("flood", "fire", "storm", "tsunami", "landslide"):
        alert_id = desk.release(hazard=hazard, status="drill")
        told = [
            receipt(desk, alert_id, RECEIVED, 1),
            receipt(desk, alert_id, STARTED, 2, detail="siren"),
            receipt(desk, alert_id, STARTED, 3, detail="siren", clusters=(MARKET,)),
            receipt(desk, alert_id, FINISHED, 4, played_ms=900, clusters=(MARKET,)),
            receipt(desk, alert_id, ReceiptKind.MISSED, 5, code="late", clusters=(MARKET,)),
        ] * 2
        seeds.shuffle(told)
        for one in told:
            tell(desk, one)
        outcomes.add(tuple(row[1:] for row in rows(desk, alert_id)))

    ((market, school),) = outcomes
    assert market == ("finished", "", desk.at, desk.at, desk.at)
    assert school == ("sounding", "", desk.at, desk.at, None)


def test_a_device_speaks_for_its_own_clusters_only(desk: Desk) -> None:
    alert_id = desk.release()

    tell(desk, receipt(desk, alert_id, STARTED), device=OTHER)

    assert set(shown(desk, alert_id).values()) == {Shown.WAITING}


@pytest.mark.parametrize(
    "wrong", [{"rev": 1}, {"area": "vn-31"}, {"object_id": "a-khac"}, {"area": None}]
)
def test_receipts_of_something_else_change_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    alert_id = desk.release()

    tell(desk, receipt(desk, alert_id, STARTED, **wrong))

    assert set(shown(desk, alert_id).values()) == {Shown.WAITING}


def test_a_loudspeaker_that_was_not_meant_and_sounds_is_seen(desk: Desk) -> None:
    alert_id = desk.release(areas=(VILLAGE,))

    tell(desk, receipt(desk, alert_id, STARTED, clusters=(MARKET, SCHOOL)))

    with desk.sessions() as session:
        found = {one.cluster_id: one for one in clusters(session, alert_id, desk.at)}
        counts = progress(session, alert_id, desk.at).counts
    assert (found[MARKET].is_meant, found[MARKET].shown) == (False, Shown.SOUNDING)
    assert counts.total == 1


def test_receipts_that_come_before_we_wrote_whom_it_concerns_are_not_lost(desk: Desk) -> None:
    alert_id = desk.release()
    with desk.sessions.begin() as session:
        for row in session.scalars(select(AlertReach)):
            session.delete(row)
        session.get_one(Alert, alert_id).revisions[-1].reach_laid_at = None

    tell(desk, receipt(desk, alert_id, STARTED))

    assert set(shown(desk, alert_id).values()) == {Shown.SOUNDING}


def test_an_update_begins_anew_and_remembers_that_the_first_was_heard(desk: Desk) -> None:
    alert_id = desk.release()
    old = receipt(desk, alert_id, STARTED)
    tell(desk, old)
    desk.wait(minutes=1)
    desk.rewrite(desk.cast.an, alert_id, level=4, areas=(VILLAGE,))
    desk.release_newest(alert_id)

    assert shown(desk, alert_id)[SCHOOL] is Shown.WAITING
    tell(desk, receipt(desk, alert_id, STARTED, 2, clusters=(SCHOOL,)), old)

    with desk.sessions() as session:
        found = {one.cluster_id: one for one in clusters(session, alert_id, desk.at)}
    assert found[SCHOOL].shown is Shown.SOUNDING
    assert found[SCHOOL].heard_at == desk.at - timedelta(minutes=1)
    assert not found[MARKET].is_meant


def test_devices_that_have_the_cancel_are_counted(desk: Desk) -> None:
    alert_id = desk.release()
    tell(desk, receipt(desk, alert_id, STARTED))
    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)
    desk.sender.step()

    tell(desk, receipt(desk, alert_id, RECEIVED, 2))

    with desk.sessions() as session:
        assert progress(session, alert_id, desk.at).stopped == 2


def test_those_not_reached_are_listed_by_name_for_calling(desk: Desk) -> None:
    alert_id = desk.release()
    tell(desk, receipt(desk, alert_id, STARTED, clusters=(MARKET,)))
    tell(
        desk,
        receipt(desk, alert_id, ReceiptKind.MISSED, 2, code="no_output", clusters=(SCHOOL,)),
    )

    with desk.sessions.begin() as session:
        area = session.get_one(Area, session.get_one(Cluster, SCHOOL).area_id)
        area.head_name, area.head_phone = "Vũ Văn Tám", "0912 345 678"
    with desk.sessions() as session:
        (one,) = not_reached(session, alert_id, desk.at)
        table = as_csv([one])

    assert (one.name, one.area_name, one.shown, one.code) == (
        "Trường học Thôn 1",
        "Thôn 1",
        Shown.FAILED,
        "no_output",
    )
    assert "Thôn 1,Vũ Văn Tám,0912 345 678,Trường học Thôn 1," in table


def test_why_a_cluster_sounded_or_not_can_be_answered_for_each(desk: Desk) -> None:
    circle = {"shape": "circle", "latitude": 21.1, "longitude": 105.9, "radius_m": 1000}
    alert_id = desk.release(shapes=(circle,))
    tell(desk, receipt(desk, alert_id, STARTED, clusters=(MARKET,), detail="device_voice"))

    with desk.sessions() as session:
        alert = session.get_one(Alert, alert_id)
        market = why_of(session, alert, MARKET, desk.at)
        school = why_of(session, alert, SCHOOL, desk.at)

    assert market.has_sounded
    assert [en for _, en in market.steps] == [
        "It lies in the drawn shape",
        "sounding",
        "the device spoke the text itself",
    ]
    assert not school.has_sounded
    assert [en for _, en in school.steps] == ["Nobody entered its position"]


@pytest.mark.parametrize("kinds", [(STARTED, FINISHED), (FINISHED, STARTED)])
def test_the_end_tells_what_was_spoken_and_the_start_what_was_at_hand(
    desk: Desk, kinds: tuple[ReceiptKind, ReceiptKind]
) -> None:
    alert_id = desk.release()
    details = {STARTED: "siren over_ceiling", FINISHED: "a" * 64}

    for number, kind in enumerate(kinds, 1):
        told = receipt(desk, alert_id, kind, number, clusters=(MARKET,), detail=details[kind])
        tell(desk, told)

    with desk.sessions() as session:
        answer = why_of(session, session.get_one(Alert, alert_id), MARKET, desk.at)
    assert answer.steps[-1][1] == "sound aaaaaaaaaaaa"


def test_an_overridden_ceiling_does_not_hide_what_was_spoken(desk: Desk) -> None:
    alert_id = desk.release()
    detail = "device_voice over_ceiling"
    tell(desk, receipt(desk, alert_id, STARTED, clusters=(MARKET,), detail=detail))

    with desk.sessions() as session:
        answer = why_of(session, session.get_one(Alert, alert_id), MARKET, desk.at)
    assert answer.steps[-1][1] == "the device spoke the text itself"


def test_only_receipts_that_the_device_signed_count(desk: Desk) -> None:
    alert_id = desk.release()
    key, thief = new_key(), new_key()
    with desk.sessions.begin() as session:
        device = session.get_one(Device, DEVICE)
        device.state, device.public_x = "enrolled", public_x(key)

    _store(desk, thief, [receipt(desk, alert_id, STARTED)])
    assert set(shown(desk, alert_id).values()) == {Shown.WAITING}
    with desk.sessions() as session:
        assert [one.kind for one in open_incidents(session)] == ["forged_report"]

    _store(desk, key, [receipt(desk, alert_id, STARTED)])
    assert set(shown(desk, alert_id).values()) == {Shown.SOUNDING}


def test_a_drill_is_scored_by_village(desk: Desk) -> None:
    drill = desk.do(plan_drill, desk.boss, area_id=AN_BINH, title="Diễn tập", planned_at=desk.at)
    alert_id = desk.release(status="drill")
    desk.do(hold_drill, desk.boss, drill_id=drill.id, alert_id=alert_id)
    tell(desk, receipt(desk, alert_id, STARTED, clusters=(MARKET,)))
    desk.wait(seconds=20)
    tell(desk, receipt(desk, alert_id, STARTED, 2, clusters=(SCHOOL,)))
    desk.wait(minutes=31)
    desk.sender.step()

    scored = desk.do(score_drill, desk.boss, drill_id=drill.id)

    assert scored.score[AN_BINH]["score"] == 100
    assert (scored.score[VILLAGE]["late"], scored.score[VILLAGE]["score"]) == (1, 50)


def test_the_proof_of_a_broadcast_holds_all_of_it(desk: Desk) -> None:
    alert_id = desk.release()
    tell(desk, receipt(desk, alert_id, STARTED))

    with desk.sessions() as session:
        proof = proof_of(session, session.get_one(Alert, alert_id), desk.at)

    assert [one.login for one in proof.releases] == ["boss", "deputy"]
    assert {one.login for one in proof.hearings} == {"boss", "deputy"}
    assert proof.entries[-1].hash == proof.audit_head
    assert (proof.counts.heard, len(proof.clusters)) == (2, 2)


def test_receipts_of_ten_thousand_devices_are_counted_in_time(desk: Desk) -> None:
    """A tenth of them here: the whole is a bench."""
    devices = 1000
    with desk.sessions.begin() as session:
        station = session.get_one(Station, "s-an-binh")
        for number in range(devices):
            cluster = Cluster(id=f"c-{number}", area_id=VILLAGE, name=f"Cụm {number}")
            output = Output(name="main", clusters=[cluster])
            session.add(
                Device(
                    id=f"d-many{number}",
                    station_id=station.id,
                    name="Hộp",
                    profile="software",
                    outputs=[output],
                )
            )
    alert_id = desk.release()
    sample = receipt(desk, alert_id, STARTED)
    everyone = [
        (
            f"d-many{number}",
            sample.model_copy(
                update={"kind": kind, "number": place + 1, "clusters": (f"c-{number}",)}
            ),
        )
        for number in range(devices)
        for place, kind in enumerate((RECEIVED, STARTED))
    ]

    started = time.monotonic()
    with desk.sessions.begin() as session:
        for first in range(0, len(everyone), 500):
            note_receipts(session, everyone[first : first + 500], desk.at)
    took = time.monotonic() - started

    with desk.sessions() as session:
        assert progress(session, alert_id, desk.at).counts.sounding == devices
    assert took < 5.0 * devices / 10_000 * 2


def _store(desk: Desk, key: OKPKey, receipts: Sequence[Receipt]) -> None:
    message = Receipts(
        iss=DEVICE,
        iat=desk.at,
        exp=desk.at + timedelta(days=1),
        jti="x",
        rev=1,
        device=DEVICE,
        receipts=tuple(receipts),
    )
    with desk.sessions.begin() as session:
        store_batch(session, DEVICE, sign(message, signer(key)), desk.at)
        verify_batches(session, desk.at)
