"""From rules to signed plans: per device, seven days ahead, published only when it is news."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.config import Config
from controller.keys import Keyring
from controller.outbox_models import OutboxRow, Retained
from controller.plans import compile as compile_module
from controller.plans.models import CompiledPlan
from controller.plans.service import (
    Database,
    Published,
    difference,
    plan_of,
    publish_plans,
    publish_requested,
    roll_plans,
)
from controller.programmes.models import ProgrammeVersion, VersionState
from controller.replan import replan
from schedules.errors import TooManyOccurrences
from schedules.rules import Occurrence, Rule, expand
from tests.controller.cast import AN_BINH, TAN_LAP, VILLAGE, Cast
from tests.controller.plans.conftest import BULLETIN, Schedule
from wire.plan import Plan
from wire.trust import Place, judge

ZONE = "Asia/Ho_Chi_Minh"
CHAIN = ("vn", "vn-31", AN_BINH)


def test_a_daily_bulletin_is_planned_for_seven_days(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("chieu", "17:00")

    _publish(session, keyring, now)

    plan = _plan(session, "d-anbinh1")
    starts = [slot.starts_at for slot in plan.slots]
    assert starts == [datetime.fromisoformat(f"2026-11-{2 + n:02d}T10:00Z") for n in range(8)]
    assert [asset.sha256 for asset in plan.assets] == [BULLETIN]
    assert plan.slots[0].clusters == ()


def test_a_device_believes_the_plan_that_is_retained_for_it(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("chieu")

    _publish(session, keyring, now)

    row = session.get(Retained, "tt/1/down/d-anbinh1/plan")
    assert row is not None
    plan = judge(row.token, Plan, keyring.pinned(), Place("d-anbinh1", (CHAIN,)), now)
    assert plan == _plan(session, "d-anbinh1")


def test_a_plan_is_published_only_when_it_says_something_new(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("chieu")
    first = _publish(session, keyring, now)

    second = _publish(session, keyring, now + timedelta(minutes=5))

    assert set(first.revisions) == {"d-anbinh1", "d-tanlap1"}
    assert second.revisions == {}


def test_revisions_rise_even_when_the_clock_steps_back(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("sang", "05:00")
    _publish(session, keyring, now)
    held = session.get_one(CompiledPlan, "d-anbinh1").rev

    schedule("chieu", "17:00")
    _publish(session, keyring, now - timedelta(hours=1))

    session.expire_all()
    assert session.get_one(CompiledPlan, "d-anbinh1").rev == held + 1


def test_what_is_not_approved_is_not_planned(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("nhap", state=VersionState.SUBMITTED)

    _publish(session, keyring, now)

    assert _plan(session, "d-anbinh1").slots == ()


def test_the_approved_version_stays_on_air_while_a_new_one_is_written(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    rule = schedule("chieu")
    session.add(
        ProgrammeVersion(
            programme_id=rule.programme_id,
            number=2,
            state=VersionState.DRAFT,
            items=[],
            duration_ms=1,
            created_by="an",
            created_at=now,
        )
    )
    session.flush()

    _publish(session, keyring, now)

    assert {p.id for p in _plan(session, "d-anbinh1").programmes} == {"p-chieu.1"}


def test_a_rule_for_one_cluster_names_it_in_the_slot(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("thon", areas=(VILLAGE,))

    _publish(session, keyring, now)

    assert _plan(session, "d-anbinh1").slots[0].clusters == ("c-school",)


def test_another_communes_rule_does_not_reach_us(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("tanlap", areas=(TAN_LAP,))

    _publish(session, keyring, now)

    assert _plan(session, "d-anbinh1").slots == ()
    assert len(_plan(session, "d-tanlap1").slots) == 8


def test_the_province_comes_before_the_commune_and_the_commune_goes_on_afterwards(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("xa", "17:00", minutes=30)
    schedule("tinh", "17:10", origin="province", broadcast_class="priority", minutes=10)

    _publish(session, keyring, now)

    today = _plan(session, "d-anbinh1").slots[:3]
    assert [slot.programme for slot in today] == ["p-xa.1", "p-tinh.1", "p-xa.1"]
    assert [slot.offset_ms for slot in today] == [0, 0, 20 * 60_000]
    assert len({slot.id for slot in today}) == 3
    assert today[1].reason == "class"


def test_the_hard_stop_of_the_area_cuts_a_late_programme(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("khuya", "21:50", minutes=30)

    _publish(session, keyring, now)

    slot = _plan(session, "d-anbinh1").slots[0]
    assert slot.ends_at == datetime.fromisoformat("2026-11-02T15:00Z")
    assert slot.ceiling_db == -15.0


def test_equal_times_mean_that_an_area_has_no_hard_stop(
    session: Session, cast: Cast, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    cast.an_binh.hard_stop_from = cast.an_binh.hard_stop_until = time(0)
    schedule("khuya", "21:50", minutes=30)

    _publish(session, keyring, now)

    slot = _plan(session, "d-anbinh1").slots[0]
    assert slot.ends_at - slot.starts_at == timedelta(minutes=30)


def test_what_runs_now_is_planned_whole_and_what_is_over_is_left_out(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    schedule("truoc", "07:30", minutes=15)
    schedule("dang", "07:55", minutes=15)

    _publish(session, keyring, now)

    first = _plan(session, "d-anbinh1").slots[0]
    assert first.programme == "p-dang.1"
    assert first.starts_at == datetime.fromisoformat("2026-11-02T00:55Z")
    assert first.offset_ms == 0


def test_a_change_compiles_only_the_devices_that_it_concerns(
    session: Session,
    schedule: Schedule,
    both: Database,
    keyring: Keyring,
    config: Config,
    now: datetime,
) -> None:
    schedule("chieu")
    replan(session, areas=[AN_BINH], now=now)
    session.commit()

    done = publish_requested(both, keyring, config, now)
    again = publish_requested(both, keyring, config, now)

    assert done.looked_at == 1
    assert again == Published(0, {})


def test_a_rule_that_cannot_be_expanded_stops_no_other(
    session: Session,
    schedule: Schedule,
    keyring: Keyring,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule("chieu")
    schedule("hong", "18:00")

    def expand_or_fail(rule: Rule, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
        if rule.id == "r-hong":
            raise TooManyOccurrences(rule.id, 100_000)
        return expand(rule, start, end)

    monkeypatch.setattr(compile_module, "expand", expand_or_fail)

    done = _publish(session, keyring, now)

    assert {slot.programme for slot in _plan(session, "d-anbinh1").slots} == {"p-chieu.1"}
    assert [rule.rule_id for rule in done.refused] == ["r-hong"]
    assert done.planned == {"r-chieu"}


def test_a_plan_too_large_to_send_stops_no_other_device(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    """An operator who fills one device's days cannot keep a plan from the others."""
    schedule("chieu", areas=("vn",))
    _publish(session, keyring, now)
    held = session.get_one(CompiledPlan, "d-tanlap1").rev
    for number in range(4):
        every_few_minutes = "FREQ=DAILY;BYHOUR=5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20;BYMINUTE="
        minutes = ",".join(str(minute) for minute in range(number, 60, 4))
        schedule(
            f"day{number}", "05:00", rrule=every_few_minutes + minutes, areas=(TAN_LAP,), minutes=1
        )
    schedule("sang", "05:00")

    done = _publish(session, keyring, now + timedelta(minutes=1))

    assert done.too_large == ("d-tanlap1",)
    assert set(done.revisions) == {"d-anbinh1"}
    session.expire_all()
    assert session.get_one(CompiledPlan, "d-tanlap1").rev == held


def test_a_moved_cluster_changes_the_desired_state_of_its_device(
    session: Session,
    schedule: Schedule,
    both: Database,
    keyring: Keyring,
    config: Config,
    now: datetime,
) -> None:
    schedule("chieu")
    replan(session, areas=[AN_BINH], wants_desired=True, now=now)
    session.commit()

    publish_requested(both, keyring, config, now)

    assert session.get(Retained, "tt/1/down/d-anbinh1/desired") is not None
    assert session.get(Retained, "tt/1/down/d-tanlap1/desired") is None


def test_a_new_signing_key_signs_every_plan_again(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    """R17: the old key can be revoked only when no plan depends on it."""
    schedule("chieu")
    _publish(session, keyring, now)

    keyring.rotate(now)
    done = _publish(session, keyring, now + timedelta(minutes=1))

    assert set(done.revisions) == {"d-anbinh1", "d-tanlap1"}


def test_the_next_day_is_rolled_to_few_devices_at_a_time(
    session: Session, schedule: Schedule, both: Database, keyring: Keyring, now: datetime
) -> None:
    schedule("chieu", areas=("vn",))
    _publish(session, keyring, now)
    session.commit()

    tomorrow = now + timedelta(days=1)
    rolls = [
        roll_plans(both, keyring.signer(), tomorrow, days=7, zone=ZONE, limit=1) for _ in range(3)
    ]

    session.expire_all()
    assert sorted(name for roll in rolls for name in roll.revisions) == ["d-anbinh1", "d-tanlap1"]
    assert _plan(session, "d-anbinh1").slots[-1].starts_at.day == 10


def test_the_difference_of_two_plans_names_what_came_and_what_went(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    first_rule = schedule("chieu", "17:00")
    _publish(session, keyring, now)
    old = plan_of(session, "d-anbinh1")
    first_rule.is_active = False
    schedule("sang", "05:00")

    _publish(session, keyring, now)

    change = difference(old, _plan(session, "d-anbinh1"))
    assert {slot.programme for slot in change.removed} == {"p-chieu.1"}
    assert {slot.programme for slot in change.added} == {"p-sang.1"}
    assert change.changed == ()


def test_publishing_and_forgetting_are_one_transaction(
    session: Session, schedule: Schedule, keyring: Keyring, now: datetime
) -> None:
    """R36: a plan that was not committed leaves neither a row nor a publish behind."""
    schedule("chieu")
    session.commit()

    _publish(session, keyring, now)
    session.rollback()

    assert session.scalars(select(OutboxRow)).all() == []
    assert session.scalars(select(CompiledPlan)).all() == []


def _publish(session: Session, keyring: Keyring, now: datetime) -> Published:
    return publish_plans(session, keyring.signer(), now, days=7, zone=ZONE)


def _plan(session: Session, device: str) -> Plan:
    session.expire_all()
    plan = plan_of(session, device)
    assert plan is not None
    return plan
