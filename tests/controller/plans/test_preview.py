"""What a rule would change, told before it is saved."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.plans.preview import Preview, preview
from controller.programmes.models import ScheduleRule
from tests.controller.cast import AN_BINH, TAN_LAP, Cast
from tests.controller.plans.conftest import Schedule

ZONE = "Asia/Ho_Chi_Minh"


def test_a_rule_at_a_free_hour_collides_with_nothing(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    schedule("chieu", "17:00")
    schedule("moi", "06:00", state="draft")

    found = _preview(session, _like("p-moi", "06:00"), now)

    assert found == Preview(outputs=1, conflicts=())


def test_a_rule_that_loses_is_told_to_whom_and_why(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    schedule("tinh", "17:00", rrule="FREQ=DAILY;COUNT=2", origin="province")
    schedule("moi", "06:00", state="draft")

    found = _preview(session, _like("p-moi", "17:00"), now)

    (sentence,) = found.conflicts
    assert sentence.vi == (
        "“Bản tin moi” 17:00 02/11 nhường cho mục khác: “Bản tin tinh” 17:00 02/11"
        " (nguồn tin cấp cao hơn)"
    )


def test_a_rule_that_wins_is_told_whom_it_silences(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    schedule("thon", "17:00", rrule="FREQ=DAILY;COUNT=2", origin="village")
    schedule("moi", "06:00", state="draft")

    found = _preview(session, _like("p-moi", "17:00"), now)

    assert "“Bản tin thon” 17:00 02/11 gives way to another item" in found.conflicts[0].en


def test_a_rule_into_the_hard_stop_is_told_so(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    schedule("moi", "06:00", state="draft")

    found = _preview(session, _like("p-moi", "21:55"), now)

    assert "trong giờ ngừng phát" in found.conflicts[0].vi


def test_what_happens_in_other_communes_is_no_collision(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    schedule("kia", "17:00", areas=(TAN_LAP,))
    schedule("moi", "06:00", state="draft")

    found = _preview(session, _like("p-moi", "17:00"), now)

    assert found.conflicts == ()


def test_a_changed_rule_does_not_collide_with_what_it_was(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    stored = schedule("chieu", "17:00")
    changed = _like("p-chieu", "17:05", rule_id=stored.id)

    found = _preview(session, changed, now)

    assert found == Preview(outputs=1, conflicts=())


def test_a_rule_for_one_cluster_of_an_output_that_cannot_call_it_alone_is_warned(
    session: Session, schedule: Schedule, cast: Cast, now: datetime
) -> None:
    schedule("moi", "06:00", state="draft")
    one, other = sorted(cast.device.outputs[0].clusters, key=lambda cluster: cluster.id)

    found = _preview(session, _like("p-moi", "17:00", clusters=[one.id]), now)
    on_all = _preview(session, _like("p-moi", "17:00"), now)
    cast.device.profile = "wired-gateway"
    session.flush()
    called = _preview(session, _like("p-moi", "17:00", clusters=[one.id]), now)

    (sentence,) = found.excess
    assert "không gọi riêng từng cụm: sẽ phát trên cả 2 cụm, kể cả " + other.name in sentence.vi
    assert f"it will sound on all 2, {other.name} too" in sentence.en
    assert on_all.excess == ()
    assert called.excess == ()


def test_looking_ahead_leaves_nothing_behind(
    session: Session, schedule: Schedule, now: datetime
) -> None:
    schedule("moi", "06:00", state="draft")

    _preview(session, _like("p-moi", "17:00"), now)

    assert session.scalars(select(ScheduleRule.id)).all() == ["r-moi"]
    assert not session.new
    assert not session.dirty


def _preview(session: Session, row: ScheduleRule, now: datetime) -> Preview:
    return preview(session, row, now, days=7, zone=ZONE)


def _like(
    programme: str, start: str, rule_id: str = "r-new", clusters: list[str] | None = None
) -> ScheduleRule:
    """Return a rule that no session knows."""
    return ScheduleRule(
        id=rule_id,
        programme_id=programme,
        dtstart=f"2026-11-01T{start}:00",
        zone=ZONE,
        rrule="FREQ=DAILY",
        exdates=[],
        rdates=[],
        moves={},
        target_areas=[] if clusters else [AN_BINH],
        target_clusters=clusters or [],
    )
