"""Who must release an alert, and that nobody does it alone (R18, R19, R20)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from controller.emergencies import lifecycle, releasing, rules
from controller.emergencies.errors import (
    AlertMissing,
    ConfirmedAlready,
    NotHeard,
    OnlyPeople,
    SameHand,
    StatusFixed,
)
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import AlertRevision, AlertState
from controller.emergencies.prepared import (
    TemplateDraft,
    approve_template,
    template_of,
    write_template,
)
from controller.errors import Conflict, Invalid
from controller.people.audit import record
from controller.people.models import AuditEntry, Role
from controller.people.rights import NotAllowed, machine_owner
from controller.people.service import revoke_role
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE, person
from tests.controller.emergencies.conftest import Desk, WrongCode


def awaiting(desk: Desk, **values: object) -> str:
    alert_id = desk.draft(desk.cast.an, **values)
    desk.submit(desk.cast.an, alert_id)
    for who in (desk.boss, desk.deputy, desk.province):
        desk.hear(who, alert_id)
    return alert_id


def a_template(desk: Desk, *, preauthorise: bool) -> str:
    draft = TemplateDraft(title="Xả lũ", hazard="dam_release", level=3, texts={"vi": "Hồ xả lũ."})
    name = write_template(
        desk.sessions, desk.sessions, desk.studio, desk.cast.an, AN_BINH, draft, desk.at
    )
    with desk.sessions.begin() as session:
        row = template_of(session, desk.boss, name)
        sha256 = row.audio["vi"]["sha256"]
        note_hearing(
            session, actor=desk.boss, about=name, audio=row.audio, sha256=sha256, now=desk.at
        )
        approve_template(
            session,
            actor=desk.boss,
            template_id=name,
            now=desk.at,
            version=1,
            preauthorise=preauthorise,
        )
    return name


def one_person_rule(desk: Desk, **values: object) -> None:
    desk.do(
        rules.set_rule,
        desk.cast.chief,
        area_id=AN_BINH,
        people=1,
        needs_second_factor=False,
        **values,
    )


def test_a_real_alert_needs_two_people_each_with_a_second_factor(desk: Desk) -> None:
    alert_id = awaiting(desk)

    first = desk.confirm(desk.boss, alert_id)
    second = desk.confirm(desk.deputy, alert_id)

    assert (first.people, first.is_released) == (1, False)
    assert (second.people, second.is_released) == (2, True)
    assert desk.alert(alert_id).state == AlertState.COUNTING


def test_a_wrong_code_confirms_nothing(desk: Desk) -> None:
    alert_id = awaiting(desk)

    with pytest.raises(WrongCode):
        desk.confirm(desk.boss, alert_id, code="000000")

    assert not desk.confirm(desk.deputy, alert_id).is_released


def test_one_person_counts_once(desk: Desk) -> None:
    alert_id = awaiting(desk)
    desk.confirm(desk.boss, alert_id)

    with pytest.raises(ConfirmedAlready):
        desk.confirm(desk.boss, alert_id)


def test_who_releases_must_have_listened(desk: Desk) -> None:
    alert_id = desk.draft(desk.cast.an)
    desk.submit(desk.cast.an, alert_id)

    with pytest.raises(NotHeard):
        desk.confirm(desk.boss, alert_id)


def test_changing_the_words_voids_what_was_confirmed_before(desk: Desk) -> None:
    alert_id = awaiting(desk)
    desk.confirm(desk.boss, alert_id)

    desk.rewrite(desk.boss, alert_id, texts={"vi": "Lời khác hẳn."})
    desk.submit(desk.boss, alert_id)
    desk.hear(desk.deputy, alert_id)
    with pytest.raises(Conflict):
        desk.confirm(desk.deputy, alert_id, revision=1)

    assert not desk.confirm(desk.deputy, alert_id).is_released


def test_who_lost_the_right_meanwhile_no_longer_counts(desk: Desk) -> None:
    alert_id = awaiting(desk)
    desk.confirm(desk.boss, alert_id)
    with desk.sessions.begin() as session:
        revoke_role(
            session, desk.cast.chief, desk.boss.person_id or 0, Role.APPROVER, AN_BINH, desk.at
        )

    second = desk.confirm(desk.deputy, alert_id)

    assert (second.people, second.is_released) == (1, False)


def test_an_account_that_the_first_person_made_is_no_second_person(desk: Desk) -> None:
    alert_id = awaiting(desk)
    with desk.sessions.begin() as session:
        record(
            session, desk.at, desk.boss.login, "person.create", "person", desk.deputy.person_id or 0
        )
    desk.confirm(desk.boss, alert_id)

    with pytest.raises(SameHand):
        desk.confirm(desk.deputy, alert_id)

    desk.wait(hours=25)
    assert desk.confirm(desk.deputy, alert_id).is_released


def test_an_operator_and_the_system_release_nothing_of_free_text(desk: Desk) -> None:
    alert_id = awaiting(desk)
    desk.hear(desk.cast.an, alert_id)

    with pytest.raises(NotAllowed):
        desk.confirm(desk.cast.an, alert_id)
    with pytest.raises(OnlyPeople):
        desk.confirm(machine_owner("root"), alert_id)


def test_no_rule_lets_one_person_send_free_text_or_above_a_commune(desk: Desk) -> None:
    one_person_rule(desk)
    free = awaiting(desk)

    assert not desk.confirm(desk.boss, free).is_released

    with desk.sessions.begin() as session:
        head = person(session, "qt", Role.ADMINISTRATOR, PROVINCE, desk.at)
    desk.do(rules.set_rule, head, area_id=PROVINCE, people=1, needs_second_factor=False)
    wide = desk.draft(desk.province, area_id=PROVINCE, areas=(PROVINCE,))
    desk.submit(desk.province, wide)
    desk.hear(desk.province, wide)
    assert not desk.confirm(desk.province, wide).is_released


def test_an_operator_fires_a_preauthorised_template_where_the_rule_lets_one(desk: Desk) -> None:
    name = a_template(desk, preauthorise=True)
    one_person_rule(desk, preauthorised_only=True)
    alert_id = desk.draft(desk.cast.an, template_id=name, texts={}, hazard="dam_release", level=3)
    desk.submit(desk.cast.an, alert_id)

    assert desk.confirm(desk.cast.an, alert_id, code="").is_released


def test_a_template_with_one_changed_word_is_free_text(desk: Desk) -> None:
    name = a_template(desk, preauthorise=True)
    one_person_rule(desk)
    alert_id = desk.draft(
        desk.cast.an,
        template_id=name,
        texts={"vi": "Hồ xả lũ lớn."},
        hazard="dam_release",
    )
    desk.submit(desk.cast.an, alert_id)
    desk.hear(desk.boss, alert_id)

    with pytest.raises(NotAllowed):
        desk.confirm(desk.cast.an, alert_id)
    assert not desk.confirm(desk.boss, alert_id).is_released


def test_who_wrote_a_template_cannot_approve_it(desk: Desk) -> None:
    draft = TemplateDraft(title="Cháy", hazard="fire", level=2, texts={"vi": "Cháy."})
    name = write_template(
        desk.sessions, desk.sessions, desk.studio, desk.boss, AN_BINH, draft, desk.at
    )

    with pytest.raises(Conflict):
        desk.do(approve_template, desk.boss, template_id=name, version=1, preauthorise=True)


def test_a_rule_changed_today_does_not_help_who_changed_it(desk: Desk) -> None:
    name = a_template(desk, preauthorise=True)
    with desk.sessions.begin() as session:
        both = person(session, "ca-hai", Role.APPROVER, AN_BINH, desk.at)
    one_person_rule(desk)
    with desk.sessions.begin() as session:
        for entry in session.scalars(select(AuditEntry).where(AuditEntry.action == "alert.rule")):
            entry.who = both.login
    alert_id = desk.draft(both, template_id=name, texts={}, hazard="dam_release")
    desk.submit(both, alert_id)

    assert not desk.confirm(both, alert_id).is_released


@pytest.mark.parametrize("asked", ["real", "exercise"])
def test_a_drill_never_becomes_anything_else(desk: Desk, asked: str) -> None:
    alert_id = desk.draft(desk.cast.an, status="drill")

    with pytest.raises(StatusFixed):
        desk.rewrite(desk.boss, alert_id, status=asked)

    revision = desk.alert(alert_id).revisions[-1]
    assert revision.spoken["vi"].startswith("Đây là buổi diễn tập")
    assert revision.spoken["vi"].endswith("Đây là buổi diễn tập, không phải tình huống thật.")


def test_a_drill_is_released_by_one(desk: Desk) -> None:
    alert_id = awaiting(desk, status="drill")

    assert desk.confirm(desk.boss, alert_id, code="").is_released


def test_the_sixth_release_in_ten_minutes_waits_for_a_second_person(desk: Desk) -> None:
    hazards = ("flood", "storm", "fire", "landslide", "tsunami")
    for hazard in hazards:
        assert desk.confirm(desk.boss, awaiting(desk, status="drill", hazard=hazard)).is_released

    sixth = awaiting(desk, status="drill", hazard="other")
    waits = desk.confirm(desk.boss, sixth)
    goes = desk.confirm(desk.deputy, sixth)

    assert (waits.is_released, waits.needs.is_limited) == (False, True)
    assert goes.is_released


def test_cancels_are_never_limited(desk: Desk) -> None:
    sent = [desk.release(status="drill", hazard=name) for name in ("flood", "storm", "fire")]
    for _ in range(10):
        for alert_id in sent:
            desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)

    assert {desk.alert(one).state for one in sent} == {AlertState.CANCELLED}


def test_a_countdown_can_be_undone_and_then_needs_everyone_again(desk: Desk) -> None:
    desk.do(rules.set_rule, desk.cast.chief, area_id=AN_BINH, countdown_s=30)
    alert_id = awaiting(desk)
    desk.confirm(desk.boss, alert_id)
    goes_at = desk.confirm(desk.deputy, alert_id).goes_at
    desk.wait(seconds=29)
    desk.sender.step()

    desk.do(releasing.undo, desk.cast.an, alert_id=alert_id)
    desk.wait(seconds=60)
    desk.sender.step()

    alert = desk.alert(alert_id)
    assert goes_at is not None
    assert goes_at == desk.at - timedelta(seconds=59)
    assert (alert.state, alert.released_at) == (AlertState.DRAFTED, None)
    desk.submit(desk.cast.an, alert_id)
    assert not desk.confirm(desk.boss, alert_id).is_released


def test_an_officer_acts_only_inside_the_own_subtree(desk: Desk) -> None:
    alert_id = desk.release()
    tan = desk.cast.tan

    for area in (AN_BINH, PROVINCE):
        with pytest.raises(NotAllowed):
            desk.draft(tan, area_id=area)
    with pytest.raises(Invalid):
        desk.draft(desk.cast.an, areas=(TAN_LAP,))
    for act in (lifecycle.cancel_alert, lifecycle.end_alert, releasing.undo, releasing.withdraw):
        with pytest.raises(AlertMissing):
            desk.do(act, tan, alert_id=alert_id)


def test_a_commune_sees_but_cannot_stop_what_the_province_released(desk: Desk) -> None:
    alert_id = desk.draft(desk.province, area_id=PROVINCE, areas=(AN_BINH,), status="drill")
    desk.submit(desk.province, alert_id)
    desk.hear(desk.province, alert_id)
    desk.confirm(desk.province, alert_id)
    desk.sender.step()

    with pytest.raises(NotAllowed):
        desk.do(lifecycle.cancel_alert, desk.deputy, alert_id=alert_id)

    assert desk.alert(alert_id).state == AlertState.RELEASED


def test_an_update_needs_its_own_release(desk: Desk) -> None:
    alert_id = desk.release()
    number = desk.rewrite(desk.cast.an, alert_id, level=4)
    desk.submit(desk.cast.an, alert_id)
    desk.hear(desk.boss, alert_id)

    assert not desk.confirm(desk.boss, alert_id).is_released

    assert desk.alert(alert_id).state == AlertState.RELEASED
    with desk.sessions() as session:
        assert session.get_one(AlertRevision, (alert_id, number)).action == "update"


def test_an_update_reaches_no_further_than_the_alert(desk: Desk) -> None:
    alert_id = desk.release(areas=(VILLAGE,))

    with pytest.raises(Conflict):
        desk.rewrite(desk.cast.an, alert_id, areas=(AN_BINH,))
    with pytest.raises(Conflict):
        desk.rewrite(desk.cast.an, alert_id, areas=(VILLAGE,), hazard="fire")
