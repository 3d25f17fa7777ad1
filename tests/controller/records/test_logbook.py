"""The logbook: expected, checked ahead, accounted for by receipts, never green by silence."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.health.incidents import open_incidents
from controller.health.models import Presence
from controller.health.service import take_status
from controller.plans.models import CompiledPlan
from controller.records import logbook
from controller.records.batches import store_batch, verify_batches
from controller.records.models import Batch, Broadcast, StoredReceipt
from controller.stations.models import Device
from tests.controller.cast import Cast
from wire.plan import Asset, AssetItem, Plan, Programme, Slot
from wire.signing import Signer, new_key, payload_of, public_x, sign, signer
from wire.up import ClockState, OutputReport, Receipt, ReceiptKind, Receipts, Status

pytestmark = pytest.mark.usefixtures("key")

DEVICE = "d-anbinh1"
SLOT = "main.r-chieu.20261102T081000"
SHA = "b" * 64


@pytest.fixture
def key(session: Session, cast: Cast, now: datetime) -> Signer:
    """An enrolled device with one slot, in four minutes, for ten minutes."""
    key = new_key()
    device = session.get_one(Device, cast.device.id)
    device.state, device.public_x = "enrolled", public_x(key)
    plan = _plan(now)
    session.add(
        CompiledPlan(
            device_id=DEVICE,
            rev=1,
            digest="d" * 64,
            content_hash="c",
            payload=payload_of(plan),
            next_start_at=plan.slots[0].starts_at,
            from_at=plan.from_at,
            until_at=plan.until_at,
            compiled_at=now - timedelta(minutes=1),
        )
    )
    session.flush()
    take_status(session, _status(now), now)
    return signer(key)


def test_a_slot_is_expected_minutes_before_it_starts(session: Session, now: datetime) -> None:
    assert logbook.expect_broadcasts(session, now) == 1
    assert logbook.expect_broadcasts(session, now) == 0

    line = _line(session)
    assert (line.state, line.title) == ("expected", "Bản tin chiều")


def test_a_whole_country_is_looked_at_some_devices_at_a_time(
    session: Session, now: datetime
) -> None:
    assert logbook.devices_due(session, now) == ["d-anbinh1"]

    assert logbook.expect_broadcasts(session, now, ["d-tanlap1"]) == 0
    assert logbook.expect_broadcasts(session, now, ["d-anbinh1"]) == 1
    assert logbook.check_ahead(session, now, ["d-tanlap1"]) == []


def test_receipts_make_a_line_played(session: Session, key: Signer, now: datetime) -> None:
    logbook.expect_broadcasts(session, now)
    start = now + timedelta(minutes=4)
    _report(session, key, now, _receipt(1, ReceiptKind.STARTED, start, late_ms=4))
    assert _line(session).state == "playing"

    end = start + timedelta(minutes=10)
    _report(session, key, now, _receipt(2, ReceiptKind.FINISHED, end, played_ms=600_000))

    line = _line(session)
    assert (line.state, line.late_ms, line.played_ms) == ("played", 4, 600_000)
    assert session.get_one(Presence, DEVICE).receipts_upto == 2


def test_half_a_programme_is_not_called_played(
    session: Session, key: Signer, now: datetime
) -> None:
    logbook.expect_broadcasts(session, now)

    _report(
        session,
        key,
        now,
        _receipt(1, ReceiptKind.STARTED, now),
        _receipt(2, ReceiptKind.FINISHED, now, played_ms=300_000, code="stopped"),
    )

    assert _line(session).state == "partly"


def test_a_missed_slot_says_why_and_raises_an_incident(
    session: Session, key: Signer, now: datetime
) -> None:
    logbook.expect_broadcasts(session, now)

    _report(session, key, now, _receipt(1, ReceiptKind.MISSED, now, code="audio_missing"))

    line = _line(session)
    assert (line.state, line.why) == ("missed", "audio_missing")
    assert [incident.kind for incident in open_incidents(session)] == ["broadcast_missed"]


def test_silence_is_never_shown_as_played(session: Session, now: datetime) -> None:
    """R40: what nobody accounted for is unreported, with an incident."""
    logbook.expect_broadcasts(session, now)

    overdue = logbook.check_overdue(session, now + timedelta(minutes=6))

    assert [line.state for line in overdue] == ["unreported"]
    assert "broadcast_missed" in {incident.kind for incident in open_incidents(session)}


def test_a_late_receipt_puts_an_unreported_line_right(
    session: Session, key: Signer, now: datetime
) -> None:
    logbook.expect_broadcasts(session, now)
    logbook.check_overdue(session, now + timedelta(minutes=6))

    _report(
        session,
        key,
        now,
        _receipt(1, ReceiptKind.STARTED, now),
        _receipt(2, ReceiptKind.FINISHED, now, played_ms=600_000),
    )

    assert _line(session).state == "played"
    assert open_incidents(session) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"plan_digest": "e" * 64}, "plan_not_taken"),
        ({"missing": (SHA,)}, "audio_missing"),
        ({"clock": ClockState.NONE}, "clock_untrusted"),
        (
            {"outputs": (OutputReport(id="main", driver="portaudio", is_alive=False),)},
            "output_dead",
        ),
        ({"state": "offline"}, "device_offline"),
    ],
)
def test_what_will_not_play_is_known_before_it_starts(
    session: Session, now: datetime, change: dict[str, object], why: str
) -> None:
    logbook.expect_broadcasts(session, now)
    take_status(session, _status(now, rev=2).model_copy(update=change), now)

    risky = logbook.check_ahead(session, now)

    assert [(line.state, line.why) for line in risky] == [("at_risk", why)]
    assert "broadcast_at_risk" in {incident.kind for incident in open_incidents(session)}


def test_a_device_gets_a_moment_to_take_a_new_plan(session: Session, now: datetime) -> None:
    logbook.expect_broadcasts(session, now)
    session.get_one(CompiledPlan, DEVICE).compiled_at = now
    take_status(session, _status(now, rev=2).model_copy(update={"plan_digest": "e" * 64}), now)

    assert logbook.check_ahead(session, now) == []


def test_a_repaired_device_is_no_longer_a_risk(session: Session, now: datetime) -> None:
    logbook.expect_broadcasts(session, now)
    take_status(session, _status(now, rev=2).model_copy(update={"missing": (SHA,)}), now)
    logbook.check_ahead(session, now)

    take_status(session, _status(now, rev=3), now)
    logbook.check_ahead(session, now)

    assert _line(session).state == "expected"
    assert open_incidents(session) == []


def test_a_risk_that_was_run_is_over_when_the_slot_plays_and_not_before(
    session: Session, key: Signer, now: datetime
) -> None:
    logbook.expect_broadcasts(session, now)
    take_status(session, _status(now, rev=2).model_copy(update={"missing": (SHA,)}), now)
    logbook.check_ahead(session, now)
    logbook.close_past_risks(session, now)
    assert [one.kind for one in open_incidents(session)] == ["broadcast_at_risk"]

    _report(session, key, now, _receipt(1, ReceiptKind.STARTED, now))
    logbook.close_past_risks(session, now)

    assert open_incidents(session) == []


def test_a_slot_that_left_the_plan_is_withdrawn(session: Session, now: datetime) -> None:
    logbook.expect_broadcasts(session, now)
    row = session.get_one(CompiledPlan, DEVICE)
    row.payload = payload_of(_plan(now).model_copy(update={"slots": ()}))
    session.flush()

    logbook.expect_broadcasts(session, now)

    assert _line(session).state == "withdrawn"


def test_receipts_that_the_device_did_not_sign_change_nothing(
    session: Session, now: datetime
) -> None:
    """R15: a hostile broker cannot make a dashboard green."""
    logbook.expect_broadcasts(session, now)
    stranger = signer(new_key())

    _report(session, stranger, now, _receipt(1, ReceiptKind.FINISHED, now, played_ms=600_000))

    assert _line(session).state == "expected"
    assert session.scalars(select(Batch.verdict)).all() == ["forged"]
    assert [incident.kind for incident in open_incidents(session)] == ["forged_report"]


def test_a_batch_that_comes_twice_is_filed_once(
    session: Session, key: Signer, now: datetime
) -> None:
    receipt = _receipt(1, ReceiptKind.STARTED, now)

    _report(session, key, now, receipt)
    _report(session, key, now, receipt)

    assert len(session.scalars(select(StoredReceipt)).all()) == 1


def test_a_gap_in_the_numbers_is_not_acknowledged(
    session: Session, key: Signer, now: datetime
) -> None:
    _report(session, key, now, _receipt(1, ReceiptKind.STARTED, now))
    _report(session, key, now, _receipt(3, ReceiptKind.STARTED, now))
    assert session.get_one(Presence, DEVICE).receipts_upto == 1

    _report(session, key, now, _receipt(2, ReceiptKind.STARTED, now))

    assert session.get_one(Presence, DEVICE).receipts_upto == 3


def test_what_a_device_no_longer_holds_is_not_waited_for(
    session: Session, key: Signer, now: datetime
) -> None:
    """After the restore of an older backup the numbers between are lost, and said to be."""
    _report(session, key, now, _receipt(41, ReceiptKind.STARTED, now), oldest=41)

    assert session.get_one(Presence, DEVICE).receipts_upto == 41


def test_the_line_of_a_slot_that_nobody_expected_comes_from_its_receipt(
    session: Session, key: Signer, now: datetime
) -> None:
    _report(session, key, now, _receipt(1, ReceiptKind.STARTED, now))

    assert _line(session).title == "Bản tin chiều"


def _report(
    session: Session, key: Signer, now: datetime, *receipts: Receipt, oldest: int = 1
) -> None:
    message = Receipts(
        iss=DEVICE,
        iat=now,
        exp=now + timedelta(days=60),
        jti="batch",
        rev=receipts[0].number,
        device=DEVICE,
        oldest=oldest,
        receipts=receipts,
    )
    store_batch(session, DEVICE, sign(message, key), now)
    session.flush()
    verify_batches(session, now)
    session.flush()


def _receipt(
    number: int,
    kind: ReceiptKind,
    at: datetime,
    *,
    late_ms: int | None = None,
    played_ms: int | None = None,
    code: str = "",
) -> Receipt:
    return Receipt(
        number=number,
        kind=kind,
        at=at,
        output="main",
        slot=SLOT,
        programme="p-chieu.1",
        late_ms=late_ms,
        played_ms=played_ms,
        code=code,
    )


def _plan(now: datetime) -> Plan:
    start = now + timedelta(minutes=4)
    return Plan(
        iss="vn",
        iat=now,
        exp=now + timedelta(days=8),
        jti="plan",
        rev=1,
        device=DEVICE,
        from_at=now,
        until_at=now + timedelta(days=7),
        assets=(Asset(sha256=SHA, bytes=10, duration_ms=600_000),),
        programmes=(
            Programme(
                id="p-chieu.1",
                title="Bản tin chiều",
                items=(AssetItem(sha256=SHA, duration_ms=600_000),),
            ),
        ),
        slots=(
            Slot(
                id=SLOT,
                output="main",
                programme="p-chieu.1",
                starts_at=start,
                ends_at=start + timedelta(minutes=10),
                origin="commune",
            ),
        ),
    )


def _status(now: datetime, *, rev: int = 1) -> Status:
    return Status(
        iss=DEVICE,
        iat=now,
        exp=now + timedelta(days=1),
        jti="status",
        rev=rev,
        device=DEVICE,
        state="online",
        epoch=1,
        clock=ClockState.TRUSTED,
        plan_digest="d" * 64,
        outputs=(OutputReport(id="main", driver="portaudio", is_alive=True),),
    )


def _line(session: Session) -> Broadcast:
    return session.scalars(select(Broadcast).where(Broadcast.slot == SLOT)).one()
