# ruff: noqa: DTZ001 - schedule rules live in naive wall time
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from controller.errors import Conflict, ControllerError, Forbidden, Invalid
from controller.people.models import AuditEntry, Role
from controller.programmes.errors import NothingToCome, OnlyInHardStop, RuleMissing, ScheduleRefused
from controller.programmes.models import Programme, ScheduleRule
from controller.programmes.schedule import (
    RuleDraft,
    cancel_occurrence,
    change_rule,
    create_rule,
    delete_rule,
    find_rule,
    move_occurrence,
    occurrences_of,
    pause_rule,
    preview_rule,
    restore_occurrence,
    rules,
)
from controller.programmes.service import archive_programme, create_programme
from controller.replan import Replan
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, Cast, person

WEEKDAYS = RuleDraft(
    dtstart=datetime(2026, 11, 2, 17),
    rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    target_areas=(AN_BINH,),
)


@pytest.fixture
def rule(session: Session, cast: Cast, on_air: Programme, now: datetime) -> ScheduleRule:
    """Every weekday at 17:00 in An Bình; no plan is asked for yet."""
    made = create_rule(session, actor=cast.an, programme_id=on_air.id, draft=WEEKDAYS, now=now)
    forget_plans(session)
    return made


def forget_plans(session: Session) -> None:
    session.flush()
    session.execute(delete(Replan))


def replanned(session: Session) -> set[str | None]:
    session.flush()
    return {row.area_id or row.cluster_id for row in session.scalars(select(Replan))}


def local_starts(session: Session, row: ScheduleRule, now: datetime, count: int) -> list[str]:
    found = occurrences_of(session, row, now, count)
    return [one.start.strftime("%d %H:%M") for one in found]


def test_every_weekday_at_five_plays_on_the_next_ten_weekdays(
    session: Session, rule: ScheduleRule, now: datetime
) -> None:
    starts = local_starts(session, rule, now, 10)

    assert starts[:6] == ["02 10:00", "03 10:00", "04 10:00", "05 10:00", "06 10:00", "09 10:00"]
    assert len(starts) == 10


def test_a_preview_shows_what_would_be_saved_and_saves_nothing(
    session: Session, cast: Cast, on_air: Programme, now: datetime
) -> None:
    forget_plans(session)

    found = preview_rule(session, actor=cast.an, programme_id=on_air.id, draft=WEEKDAYS, now=now)

    assert len(found) == 10
    assert session.scalars(select(ScheduleRule)).all() == []
    assert replanned(session) == set()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"target_areas": ()}, Invalid),
        ({"target_areas": ("vn-99",)}, Invalid),
        ({"target_clusters": ("c-none",)}, Invalid),
        ({"target_areas": (TAN_LAP,)}, Forbidden),
        ({"target_areas": (PROVINCE,)}, Forbidden),
        ({"rrule": "FREQ=SOMETIMES"}, ScheduleRefused),
        ({"rrule": None, "lunar": "days=31"}, ScheduleRefused),
        ({"zone": "Asia/Nowhere"}, ScheduleRefused),
        ({"rrule": None, "dtstart": datetime(2026, 11, 1, 17)}, NothingToCome),
        ({"valid_until": date(2026, 10, 1)}, NothingToCome),
        ({"dtstart": datetime(2026, 11, 2, 22, 30)}, OnlyInHardStop),
        ({"dtstart": datetime(2026, 11, 2, 2)}, OnlyInHardStop),
    ],
)
def test_a_rule_that_could_not_play_is_refused_with_a_sentence(
    session: Session,
    cast: Cast,
    on_air: Programme,
    now: datetime,
    change: dict[str, Any],
    refusal: type[ControllerError],
) -> None:
    draft = replace(WEEKDAYS, **change)

    with pytest.raises(refusal) as refused:
        create_rule(session, actor=cast.an, programme_id=on_air.id, draft=draft, now=now)

    assert "{" not in str(refused.value)
    assert session.scalars(select(ScheduleRule)).all() == []


def test_an_area_without_hard_stop_plays_at_any_hour(
    session: Session, cast: Cast, on_air: Programme, now: datetime
) -> None:
    cast.an_binh.hard_stop_from = cast.an_binh.hard_stop_until = time(0)
    draft = replace(WEEKDAYS, dtstart=datetime(2026, 11, 2, 23))

    made = create_rule(session, actor=cast.an, programme_id=on_air.id, draft=draft, now=now)

    assert made.dtstart == "2026-11-02T23:00:00"


def test_one_cluster_can_be_the_target(
    session: Session, cast: Cast, on_air: Programme, now: datetime
) -> None:
    forget_plans(session)
    draft = replace(WEEKDAYS, target_areas=(), target_clusters=(cast.school.id,))

    create_rule(session, actor=cast.an, programme_id=on_air.id, draft=draft, now=now)

    assert replanned(session) == {cast.school.id}


def test_a_changed_rule_asks_for_plans_where_it_was_and_where_it_goes(
    session: Session, cast: Cast, rule: ScheduleRule, now: datetime
) -> None:
    draft = replace(WEEKDAYS, target_areas=(VILLAGE,), dtstart=datetime(2026, 11, 2, 5))

    change_rule(session, actor=cast.an, rule_id=rule.id, draft=draft, now=now)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "schedule.change")).one()
    assert replanned(session) == {AN_BINH, VILLAGE}
    assert rule.dtstart == "2026-11-02T05:00:00"
    assert entry.facts["old"]["dtstart"] == "2026-11-02T17:00:00"


def test_saving_a_rule_unchanged_changes_nothing(
    session: Session, cast: Cast, rule: ScheduleRule, now: datetime
) -> None:
    change_rule(session, actor=cast.an, rule_id=rule.id, draft=WEEKDAYS, now=now)

    assert replanned(session) == set()


def test_one_occurrence_moves_another_is_cancelled_and_both_come_back(
    session: Session, cast: Cast, rule: ScheduleRule, now: datetime
) -> None:
    monday, tuesday = datetime(2026, 11, 2, 17), datetime(2026, 11, 3, 17)

    move_occurrence(
        session,
        actor=cast.an,
        rule_id=rule.id,
        original=monday,
        moved_to=datetime(2026, 11, 2, 18, 30),
        now=now,
    )
    cancel_occurrence(session, actor=cast.an, rule_id=rule.id, original=tuesday, now=now)

    assert local_starts(session, rule, now, 2) == ["02 11:30", "04 10:00"]
    assert replanned(session) == {AN_BINH}
    for original in (monday, tuesday):
        restore_occurrence(session, actor=cast.an, rule_id=rule.id, original=original, now=now)
    assert local_starts(session, rule, now, 2) == ["02 10:00", "03 10:00"]


@pytest.mark.parametrize(
    ("original", "why"),
    [
        (datetime(2026, 11, 7, 17), "không có lần phát"),
        (datetime(2026, 11, 2, 17, 1), "không có lần phát"),
        (datetime(1, 1, 1), "không có lần phát"),
        (datetime(9999, 12, 31, 23), "không có lần phát"),
    ],
)
def test_an_occurrence_that_is_none_cannot_be_cancelled(
    session: Session,
    cast: Cast,
    rule: ScheduleRule,
    now: datetime,
    original: datetime,
    why: str,
) -> None:
    with pytest.raises(Conflict, match=why):
        cancel_occurrence(session, actor=cast.an, rule_id=rule.id, original=original, now=now)


def test_what_is_over_cannot_be_cancelled(
    session: Session, cast: Cast, rule: ScheduleRule, now: datetime
) -> None:
    later = now.replace(day=3)

    with pytest.raises(Conflict, match="đã qua"):
        cancel_occurrence(
            session,
            actor=cast.an,
            rule_id=rule.id,
            original=datetime(2026, 11, 2, 17),
            now=later,
        )


def test_pausing_and_deleting_ask_for_plans_and_leave_the_rule_in_the_audit(
    session: Session, cast: Cast, rule: ScheduleRule, now: datetime
) -> None:
    pause_rule(session, actor=cast.an, rule_id=rule.id, is_active=False, now=now)
    pause_rule(session, actor=cast.an, rule_id=rule.id, is_active=False, now=now)
    assert replanned(session) == {AN_BINH}
    forget_plans(session)

    delete_rule(session, actor=cast.an, rule_id=rule.id, now=now)

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [entry.action for entry in entries][-2:] == ["schedule.pause", "schedule.delete"]
    assert entries[-1].facts["rule"]["rrule"] == WEEKDAYS.rrule
    assert replanned(session) == {AN_BINH}
    assert session.scalars(select(ScheduleRule)).all() == []


def test_the_neighbour_neither_sees_nor_changes_a_rule(
    session: Session, cast: Cast, rule: ScheduleRule, now: datetime
) -> None:
    """R47."""
    assert rules(session, cast.tan) == ()
    assert rules(session, cast.an) == (rule,)
    with pytest.raises(RuleMissing):
        find_rule(session, cast.tan, rule.id)
    with pytest.raises(RuleMissing):
        delete_rule(session, actor=cast.tan, rule_id=rule.id, now=now)


def test_a_commune_sees_the_provinces_rule_and_cannot_stop_it(
    session: Session, cast: Cast, on_air: Programme, now: datetime
) -> None:
    province = person(session, "phó", Role.AUTHORITY, PROVINCE, now)
    draft = replace(WEEKDAYS, target_areas=(PROVINCE,))
    made = create_rule(session, actor=province, programme_id=on_air.id, draft=draft, now=now)

    assert rules(session, cast.an) == (made,)
    assert rules(session, cast.tan) == (made,)
    with pytest.raises(Forbidden):
        pause_rule(session, actor=cast.an, rule_id=made.id, is_active=False, now=now)


def test_a_programme_without_items_or_archived_cannot_be_scheduled(
    session: Session, cast: Cast, on_air: Programme, now: datetime
) -> None:
    empty = create_programme(session, actor=cast.an, area_id=AN_BINH, title="Trống", now=now)
    archive_programme(session, actor=cast.an, programme_id=on_air.id, now=now)

    for programme in (empty, on_air):
        with pytest.raises(Conflict):
            create_rule(session, actor=cast.an, programme_id=programme.id, draft=WEEKDAYS, now=now)
