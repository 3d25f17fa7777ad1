"""What the console says about rules and timelines."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schedules.explain import explain_rule
from schedules.explain_timeline import explain_conflict, explain_loss, explain_reason
from schedules.filters import Policy
from schedules.lunar import parse_lunar
from schedules.precedence import BroadcastClass, Origin, programme_rank
from schedules.rules import Occurrence, Rule
from schedules.timeline import Candidate, arrange


def rule(rrule: str | None = None, lunar: str | None = None, **fields: date) -> Rule:
    return Rule(
        id="an-binh",
        dtstart=datetime(2026, 1, 1, 17),  # noqa: DTZ001 (wall time)
        duration=timedelta(minutes=15),
        rrule=rrule,
        lunar=parse_lunar(lunar) if lunar else None,
        valid_from=fields.get("valid_from"),
        valid_until=fields.get("valid_until"),
    )


@pytest.mark.parametrize(
    ("rrule", "vi", "en"),
    [
        (None, "Một lần, 17:00 ngày 01/01/2026", "Once, 2026-01-01 17:00"),
        ("FREQ=DAILY", "Hằng ngày, 17:00", "Every day, 17:00"),
        ("FREQ=DAILY;INTERVAL=2", "Mỗi 2 ngày, 17:00", "Every 2 days, 17:00"),
        (
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "Thứ hai đến thứ sáu, 17:00",
            "Monday to Friday, 17:00",
        ),
        ("FREQ=WEEKLY;BYDAY=MO,SU", "Thứ hai, chủ nhật, 17:00", "Monday, Sunday, 17:00"),
        ("FREQ=WEEKLY;INTERVAL=2", "Thứ năm, mỗi 2 tuần, 17:00", "Thursday, every 2 weeks, 17:00"),
        (
            "FREQ=MONTHLY;BYDAY=1MO",
            "Thứ hai đầu tiên hằng tháng, 17:00",
            "First Monday of every month, 17:00",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=15,-1",
            "Ngày 15, cuối tháng hằng tháng, 17:00",
            "Day 15, last of every month, 17:00",
        ),
        (
            "FREQ=DAILY;BYHOUR=5,17;COUNT=9",
            "Hằng ngày, 05:00, 17:00, 9 lần",
            "Every day, 05:00, 17:00, 9 times",
        ),
        (
            "FREQ=DAILY;UNTIL=20260131T100000Z",
            "Hằng ngày, 17:00, đến hết 17:00 ngày 31/01/2026",
            "Every day, 17:00, until 2026-01-31 17:00",
        ),
        ("FREQ=YEARLY", "Ngày 1 tháng 1 hằng năm, 17:00", "Day 1 of month 1 yearly, 17:00"),
        (
            "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2",
            "Ngày 2 tháng 9 hằng năm, 17:00",
            "Day 2 of month 9 yearly, 17:00",
        ),
        (
            "FREQ=YEARLY;BYDAY=MO",
            "Theo quy tắc FREQ=YEARLY;BYDAY=MO, 17:00",
            "By the rule FREQ=YEARLY;BYDAY=MO, 17:00",
        ),
    ],
)
def test_a_rule_is_said_in_both_languages(rrule: str | None, vi: str, en: str) -> None:
    assert explain_rule(rule(rrule)) == (vi, en)


@pytest.mark.parametrize(
    ("lunar", "vi", "en"),
    [
        (
            "days=1,15",
            "Mùng 1, rằm hằng tháng âm lịch, 17:00",
            "Day 1, day 15 of every lunar month, 17:00",
        ),
        ("month=1;day=1", "Mùng 1 tháng 1 âm lịch, 17:00", "Day 1 of lunar month 1, 17:00"),
    ],
)
def test_a_lunar_rule_is_said_in_both_languages(lunar: str, vi: str, en: str) -> None:
    assert explain_rule(rule(lunar=lunar)) == (vi, en)


def test_validity_is_part_of_the_sentence() -> None:
    valid = rule("FREQ=DAILY", valid_from=date(2026, 1, 5), valid_until=date(2026, 2, 1))

    assert explain_rule(valid).vi == "Hằng ngày, 17:00, từ 05/01/2026, đến 01/02/2026"


def test_a_timeline_explains_who_won_who_lost_and_what_is_pending() -> None:
    start = datetime(2026, 1, 1, 10, tzinfo=UTC)
    window = (start, start + timedelta(hours=1))
    ours, theirs = (
        Candidate(one, programme_rank(one, BroadcastClass.PRIORITY, origin), name)
        for name, origin in (("ours", Origin.COMMUNE), ("theirs", Origin.PROVINCE))
        for one in [Occurrence(name, start.replace(tzinfo=None), *window)]
    )

    timeline = arrange([ours, theirs], window, Policy())

    reason = explain_reason(timeline.slots[0].reason, {ours.id: "Bản tin xã"})
    loss = explain_loss(timeline.losses[0])
    conflict = explain_conflict(timeline.conflicts[0])
    assert reason.vi == "Nguồn tin cấp cao hơn, so với Bản tin xã"
    assert loss.en == f"{ours.id} gives way to another item: {theirs.id} (a higher origin)"
    assert conflict.vi.endswith(f"nếu không, {theirs.id} phát trước")
