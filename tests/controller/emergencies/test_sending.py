"""From release to the outbox: once, in time, also when the controller dies in between."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from controller.emergencies import lifecycle, releasing, rules
from controller.emergencies.message import message_of
from controller.emergencies.models import Alert as AlertRow
from controller.emergencies.models import AlertReach, AlertState, RevisionState
from controller.emergencies.sending import Sender
from controller.emergencies.service import newest_revision
from controller.errors import Conflict
from controller.outbox_models import OutboxRow, Retained
from controller.people.audit import verify as verify_chain
from controller.people.models import AuditEntry
from tests.controller.cast import AN_BINH, VILLAGE
from tests.controller.emergencies.conftest import Desk
from wire import topics
from wire.alert import Alert, AlertAction
from wire.signing import digest
from wire.trust import Place, judge


def outbox(desk: Desk) -> list[OutboxRow]:
    with desk.sessions() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def messages(desk: Desk) -> list[Alert]:
    """Return what was sent, believed by a device in Thôn 1 when it was made."""
    place = Place("d-anbinh1", (("vn", "vn-31", AN_BINH, VILLAGE),))
    pinned = desk.keyring.pinned()
    return [
        judge(row.token, Alert, pinned, place, row.created_at) for row in outbox(desk) if row.token
    ]


def confirmed(desk: Desk, **values: object) -> str:
    """Release by two, and let the controller die before it is sent."""
    alert_id = desk.draft(desk.cast.an, **values)
    desk.submit(desk.cast.an, alert_id)
    for who in (desk.boss, desk.deputy):
        desk.hear(who, alert_id)
        desk.confirm(who, alert_id)
    return alert_id


def test_a_released_alert_is_one_urgent_retained_message_for_the_smallest_area(desk: Desk) -> None:
    alert_id = desk.release(areas=(VILLAGE,))

    (row,) = outbox(desk)
    (message,) = messages(desk)

    assert (row.urgency, row.retain, row.topic) == (0, True, topics.alert(VILLAGE, alert_id))
    assert row.expires_at == message.exp + timedelta(hours=24)
    assert message.exp == message.ends_at == desk.at + timedelta(minutes=30)
    assert set(message.crit) == {"status", "target", "target.except", "exp"}
    assert message.texts["vi"].startswith("Thông báo khẩn cấp. Xã An Bình thông báo, phát hành lúc")
    assert message.audio["vi"].duration_ms == 1000
    assert message.repeat.every_s == 3 * 3600
    assert message.issuer.origin == "commune"


def test_a_controller_that_dies_before_sending_sends_it_once_after_its_restart(desk: Desk) -> None:
    alert_id = confirmed(desk)
    desk.wait(minutes=5)

    for _ in range(3):
        Sender(desk.sessions, desk.keyring, lambda: desk.at).step()

    (message,) = messages(desk)
    assert message.ends_at == desk.at + timedelta(minutes=25)
    assert desk.alert(alert_id).state == AlertState.RELEASED


def test_what_is_over_before_it_could_be_sent_is_never_sent_and_that_is_said(desk: Desk) -> None:
    alert_id = confirmed(desk, minutes=15)
    desk.wait(minutes=16)

    desk.sender.step()

    alert = desk.alert(alert_id)
    assert outbox(desk) == []
    assert alert.state == AlertState.WITHDRAWN
    assert newest_revision(alert).state == RevisionState.LAPSED
    with desk.sessions() as session:
        assert "alert.lapse" in session.scalars(select(AuditEntry.action)).all()


def test_a_failure_while_sending_leaves_nothing_half_done_and_stops_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = confirmed(desk, hazard="fire")
    good = confirmed(desk, hazard="flood")

    def fails(alert: AlertRow, *rest: Any) -> Alert:
        if alert.id == bad:
            raise RuntimeError("bang")
        return message_of(alert, *rest)

    monkeypatch.setattr("controller.emergencies.sending.message_of", fails)
    with pytest.raises(RuntimeError):
        desk.sender.step()
    monkeypatch.undo()
    assert [one.id for one in messages(desk)] == [good]

    desk.sender.step()
    assert [one.id for one in messages(desk)] == [good, bad]


def test_a_cancel_is_a_higher_revision_that_outlives_what_it_takes_back(desk: Desk) -> None:
    alert_id = desk.release(minutes=300)
    desk.wait(minutes=1)

    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)
    desk.sender.step()

    alert, cancel = messages(desk)
    assert cancel.action is AlertAction.CANCEL
    assert cancel.rev > alert.rev
    assert cancel.exp >= alert.exp
    assert "Báo yên" in cancel.all_clear["vi"]
    assert cancel.all_clear_audio["vi"].sha256 != alert.audio["vi"].sha256
    assert desk.alert(alert_id).state == AlertState.CANCELLED


def test_a_cancel_before_the_sending_means_that_nothing_is_ever_sent(desk: Desk) -> None:
    desk.do(rules.set_rule, desk.cast.chief, area_id=AN_BINH, countdown_s=60)
    alert_id = confirmed(desk)

    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)
    desk.wait(minutes=2)
    desk.sender.step()

    assert outbox(desk) == []
    assert desk.alert(alert_id).state == AlertState.WITHDRAWN


def test_an_update_that_was_not_released_dies_with_the_cancel(desk: Desk) -> None:
    alert_id = desk.release()
    desk.rewrite(desk.cast.an, alert_id, level=4)
    desk.submit(desk.cast.an, alert_id)

    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)
    desk.sender.step()

    assert [one.action for one in messages(desk)] == [AlertAction.ALERT, AlertAction.CANCEL]


def test_an_update_goes_out_on_the_same_topic(desk: Desk) -> None:
    alert_id = desk.release()
    desk.wait(minutes=1)
    desk.rewrite(desk.cast.an, alert_id, level=4, areas=(VILLAGE,))

    desk.release_newest(alert_id)

    alert, update = messages(desk)
    assert update.action is AlertAction.UPDATE
    assert (update.id, update.area, update.status) == (alert.id, alert.area, alert.status)
    assert update.target.areas == (VILLAGE,)
    assert desk.alert(alert_id).level == 4


def test_there_is_one_alert_for_an_area_hazard_and_status(desk: Desk) -> None:
    older = desk.release()
    drill = desk.release(status="drill")
    desk.wait(minutes=1)
    newer = desk.release()

    last = messages(desk)[-2:]

    assert [(one.id, one.action) for one in last] == [
        (older, AlertAction.END),
        (newer, AlertAction.ALERT),
    ]
    assert last[1].supersedes == older
    assert desk.alert(older).state == AlertState.ENDED
    assert desk.alert(drill).state == AlertState.RELEASED


def test_an_alert_ends_by_itself_and_its_topic_is_cleared_a_day_later(desk: Desk) -> None:
    alert_id = desk.release(minutes=15)
    assert desk.sender.idle_s() == 30.0
    desk.wait(minutes=14, seconds=50)
    assert desk.sender.idle_s() == 10.0

    desk.wait(seconds=10)
    desk.sender.step()
    assert desk.alert(alert_id).state == AlertState.ENDED
    desk.wait(hours=24)
    desk.sender.step()
    desk.sender.step()

    first, cleared = outbox(desk)
    assert (cleared.token, cleared.retain, cleared.topic) == ("", True, first.topic)
    assert cleared.rev > first.rev
    with desk.sessions() as session:
        assert session.get(Retained, first.topic) is None


def test_the_audit_chain_holds_who_did_what_and_the_exact_words(desk: Desk) -> None:
    alert_id = desk.release()
    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id, note="sai")
    desk.sender.step()

    with desk.sessions() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.object_id == alert_id).order_by(AuditEntry.number)
        ).all()
        assert verify_chain(session) is None
    sent = entries[4].facts
    revision = desk.alert(alert_id).revisions[0]
    assert [one.action for one in entries] == [
        "alert.draft",
        "alert.submit",
        "alert.confirm",
        "alert.release",
        "alert.send",
        "alert.cancel",
        "alert.send",
    ]
    assert [one.who for one in entries[:4]] == ["an", "an", "boss", "deputy"]
    assert sent["texts"] == revision.spoken
    assert sent["audio"] == {"vi": revision.audio["vi"]["sha256"]}
    assert sent["released_by"] == ["boss", "deputy"]
    assert sent["digest"] == digest(revision.token or "")


def test_whom_it_concerns_is_written_right_after_sending(desk: Desk) -> None:
    alert_id = desk.release()

    with desk.sessions() as session:
        rows = session.scalars(select(AlertReach).where(AlertReach.alert_id == alert_id)).all()

    assert {(row.cluster_id, row.state) for row in rows} == {
        ("c-market", "pending"),
        ("c-school", "pending"),
    }


@pytest.mark.parametrize("act", [releasing.undo, releasing.withdraw])
def test_a_cancel_on_its_way_cannot_be_taken_back(desk: Desk, act: Callable[..., Any]) -> None:
    alert_id = desk.release()
    desk.do(lifecycle.cancel_alert, desk.cast.an, alert_id=alert_id)

    with pytest.raises(Conflict):
        desk.do(act, desk.boss, alert_id=alert_id)
    desk.sender.step()

    assert messages(desk)[-1].action is AlertAction.CANCEL
