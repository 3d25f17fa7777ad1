"""The real agent and alerts, over a real broker: what it sounds, and what nobody makes it sound."""

import resource
import time
from datetime import datetime, timedelta
from functools import partial

from edge_agent.link import EPOCHS_A_RUN
from edge_agent.stage import JOINED_AFTER_MS
from tests.edge.world import (
    DEVICE,
    AgentProcess,
    Broker,
    Controller,
    now,
    programme,
    wait_until,
)
from wire import topics
from wire.alert import AlertAction, AlertStatus, Repeat, Target
from wire.plan import Asset
from wire.signing import new_key, sign
from wire.up import ClockState, Receipt, ReceiptKind

TOPIC = topics.alert("an-binh", "lu-1")


def playing(controller: Controller) -> str | None:
    return controller.status.outputs[0].playing if controller.status else None


def is_quiet(controller: Controller) -> bool:
    return controller.status is not None and playing(controller) is None


def sounds(controller: Controller, name: str) -> bool:
    return playing(controller) == name


def with_time(controller: Controller) -> bool:
    return bool(controller.healths) and controller.healths[-1].clock is ClockState.TRUSTED


def in_force(controller: Controller) -> list[int]:
    return [one.rev for one in controller.status.alerts] if controller.status else []


def a_while_ago() -> datetime:
    """Return an instant of which a device asks whether its alert still holds."""
    return now() - timedelta(seconds=12)


def begin(controller: Controller, agent: AgentProcess) -> None:
    agent.start()
    wait_until(lambda: with_time(controller))
    wait_until(lambda: controller.status)


def about(controller: Controller, kind: ReceiptKind, name: str = "lu-1") -> list[Receipt]:
    return controller.noted(kind, object_id=name)


def test_an_alert_interrupts_the_programme_and_every_step_is_accounted_for(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    begin(controller, agent)
    controller.publish_plan(
        controller.slot("s1", in_s=1, for_s=60), programmes=(programme(name, duration_ms=60_000),)
    )
    wait_until(lambda: sounds(controller, "s1"))

    alert = controller.alert(ends_at=now() + timedelta(seconds=5))
    controller.publish_alert(alert)
    wait_until(lambda: sounds(controller, "lu-1"))
    in_force = controller.status and controller.status.alerts
    wait_until(lambda: sounds(controller, "s1"))

    assert in_force
    assert [(one.id, one.rev) for one in in_force] == [("lu-1", alert.rev)]
    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED))
    (received,) = wait_until(lambda: about(controller, ReceiptKind.RECEIVED))
    (started,) = about(controller, ReceiptKind.STARTED)
    for receipt in (received, started, finished):
        assert (receipt.area, receipt.rev) == ("an-binh", alert.rev)
        assert (receipt.output, receipt.clusters) == ("main", ("cum-1",))
    assert (started.at - alert.iat).total_seconds() < 2
    assert (finished.at - alert.ends_at).total_seconds() < 1, "R5, and R3 for what follows"
    assert wait_until(lambda: controller.status and not controller.status.alerts)


def test_a_cancel_silences_within_a_second_and_for_good(
    controller: Controller, agent: AgentProcess
) -> None:
    """R4, R14: also after a kill, with the old alert sent again by whoever holds the broker."""
    begin(controller, agent)
    old = controller.publish_alert(controller.alert())
    wait_until(lambda: sounds(controller, "lu-1"))

    cancel = controller.alert(action=AlertAction.CANCEL)
    controller.publish_alert(cancel)
    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED))
    agent.kill()
    controller.publish(TOPIC, old)
    agent.start()
    wait_until(lambda: controller.noted(ReceiptKind.REFUSED, code="rolled_back"))
    time.sleep(4)

    assert finished.code == "cancelled"
    assert (finished.at - cancel.iat).total_seconds() < 1
    assert is_quiet(controller)
    assert len(about(controller, ReceiptKind.STARTED)) == 1


def test_a_device_that_was_off_during_the_cancel_never_sounds_it_later(
    controller: Controller, agent: AgentProcess
) -> None:
    """R4: the retained cancel is rolled back by the broker, yet the answer to our nonce tells."""
    begin(controller, agent)
    old = controller.publish_alert(controller.alert(iat=a_while_ago()))
    wait_until(lambda: sounds(controller, "lu-1"))
    agent.kill()

    cancel = controller.alert(action=AlertAction.CANCEL)
    controller.publish_alert(cancel)
    controller.publish(TOPIC, old)
    controller.retained[TOPIC] = sign(cancel, controller.alert_key)
    sessions = len({status.epoch for status in controller.statuses})
    agent.start()
    wait_until(lambda: len({status.epoch for status in controller.statuses}) > sessions)
    wait_until(lambda: controller.noted(ReceiptKind.RECEIVED, rev=cancel.rev))

    assert len(about(controller, ReceiptKind.STARTED)) == 1
    assert all(
        status.outputs[0].playing is None
        for status in controller.statuses
        if status.outputs and status.epoch == controller.statuses[-1].epoch
    )
    assert controller.pulls >= 1, "what did not arrive was fetched over HTTPS"


def test_an_alert_goes_on_after_a_restart_without_any_network(
    controller: Controller, agent: AgentProcess, broker: Broker
) -> None:
    """R6: within 10 s of the start, as unconfirmed, for nobody can be asked."""
    begin(controller, agent)
    alert = controller.alert(iat=a_while_ago())
    controller.publish_alert(alert)
    wait_until(lambda: sounds(controller, "lu-1"))
    wait_until(lambda: about(controller, ReceiptKind.STARTED))
    broker.kill()
    agent.kill()

    agent.start()
    time.sleep(10)
    controller.alerts.clear()
    broker.start()

    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED), 40)
    assert finished.code == "not_confirmed", "the first answer does not know it"
    assert (finished.played_ms or 0) > 4000, "it sounded until then, without anybody to ask"
    assert len(about(controller, ReceiptKind.STARTED)) == 1


def test_a_device_that_comes_online_during_an_alert_joins_and_one_that_comes_after_does_not(
    controller: Controller, agent: AgentProcess
) -> None:
    """R9."""
    ends_at = now() + timedelta(seconds=15)
    since = a_while_ago()
    controller.publish_alert(controller.alert(iat=since, starts_at=since, ends_at=ends_at))
    over = controller.alert(id="cu", iat=a_while_ago(), ends_at=now() - timedelta(seconds=1))
    controller.publish_alert(over)

    began = now()
    agent.start()

    wait_until(lambda: sounds(controller, "lu-1"))
    (started,) = wait_until(lambda: about(controller, ReceiptKind.STARTED))
    assert (started.at - began).total_seconds() < 10
    # On a busy machine the alert may come before the time does: then nobody knows that it is late.
    assert started.code == ("joined" if (started.late_ms or 0) > JOINED_AFTER_MS else "")
    wait_until(lambda: about(controller, ReceiptKind.MISSED, "cu"))
    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED), 40)
    assert finished.code == ""
    assert not about(controller, ReceiptKind.STARTED, "cu")


def test_nobody_makes_it_sound_who_may_not(controller: Controller, agent: AgentProcess) -> None:
    """R13 to R16 and R19 for alerts, over the real broker; each is reported once."""
    begin(controller, agent)
    yesterday = now() - timedelta(days=1)
    evil = {
        "untrusted": (
            controller.alert(id="e1"),
            controller.issue("vn", ("alert",), root=new_key()),
        ),
        "out_of_scope": (
            controller.alert(id="e2", area="lam-dong", target=Target(areas=("lam-dong",))),
            controller.issue("an-binh", ("alert",)),
        ),
        "a drill's key": (controller.alert(id="e3"), controller.drill_key),
        "a programme's key": (controller.alert(id="e4"), controller.issuer),
        "expired": (
            controller.alert(
                id="e5", iat=yesterday, issued_at=yesterday, starts_at=yesterday,
                exp=yesterday + timedelta(hours=1),
            ),
            controller.alert_key,
        ),
        "not_understood": (controller.alert(id="e6", crit=("louder",)), controller.alert_key),
        "another area": (
            controller.alert(id="e7", area="tan-lap", target=Target(areas=("tan-lap",))),
            controller.alert_key,
        ),
    }  # fmt: skip

    for _ in range(2):
        for alert, by in evil.values():
            token = sign(alert, by)
            controller.publish(topics.alert("an-binh", alert.id), token, retain=False)
            controller.publish(topics.alert(alert.area, alert.id), token, retain=False)
    forged = sign(controller.alert(id="e8"), controller.alert_key)
    head, body, signature = forged.split(".")
    other = sign(controller.alert(id="e8", level=5), controller.alert_key).split(".")[1]
    controller.publish(topics.alert("an-binh", "e8"), f"{head}.{other}.{signature}", retain=False)
    good = controller.alert(ends_at=now() + timedelta(seconds=4))
    controller.publish_alert(good)
    wait_until(lambda: about(controller, ReceiptKind.FINISHED))

    assert {r.object_id for r in controller.noted(ReceiptKind.STARTED)} == {"lu-1"}
    refused = controller.noted(ReceiptKind.REFUSED)
    assert {receipt.object_id for receipt in refused} == {"alert"}
    codes = {receipt.code for receipt in refused}
    assert codes >= {"untrusted", "out_of_scope", "expired", "not_understood", "forged"}
    assert body


def test_a_drill_ends_no_real_alert_and_a_rolled_back_revision_changes_nothing(
    controller: Controller, agent: AgentProcess
) -> None:
    begin(controller, agent)
    first = controller.publish_alert(controller.alert())
    wait_until(lambda: sounds(controller, "lu-1"))
    update = controller.alert(action=AlertAction.UPDATE, level=4)
    controller.publish_alert(update)
    wait_until(lambda: about(controller, ReceiptKind.FINISHED))

    drill = controller.alert(action=AlertAction.CANCEL, status=AlertStatus.DRILL)
    controller.publish(TOPIC, sign(drill, controller.drill_key), retain=False)
    controller.publish(TOPIC, first, retain=False)
    wait_until(lambda: len(controller.noted(ReceiptKind.REFUSED)) == 2)
    seen = len(controller.statuses)
    wait_until(lambda: len(controller.statuses) > seen or in_force(controller) == [update.rev])

    codes = sorted(receipt.code for receipt in controller.noted(ReceiptKind.REFUSED))
    assert codes == ["out_of_scope", "rolled_back"]
    assert in_force(controller) == [update.rev]


def test_what_a_revoked_key_began_ends_with_the_revocation(
    controller: Controller, agent: AgentProcess
) -> None:
    begin(controller, agent)
    controller.publish_alert(controller.alert())
    wait_until(lambda: sounds(controller, "lu-1"))

    stolen = controller.alert_key.key.thumbprint()
    controller.publish(topics.TRUST, controller.trust(revoked=(stolen,)))

    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED))
    assert finished.code == "revoked"
    wait_until(lambda: is_quiet(controller))


def test_without_time_and_without_answer_it_sounds_as_unconfirmed(
    controller: Controller, agent: AgentProcess
) -> None:
    controller.answers_sync = False
    agent.start()
    wait_until(lambda: controller.healths)

    controller.publish_alert(controller.alert())

    wait_until(lambda: sounds(controller, "lu-1"))
    (started,) = wait_until(lambda: about(controller, ReceiptKind.STARTED))
    assert started.code == "unconfirmed"


def test_a_disk_that_takes_nothing_silences_no_alert(
    controller: Controller, agent: AgentProcess
) -> None:
    """R26: every write of the agent fails; the alert sounds, fault and receipts are told."""
    begin(controller, agent)
    assert agent.process
    _, hard = resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (0, hard))

    alert = controller.alert(ends_at=now() + timedelta(seconds=40))
    controller.publish_alert(alert)
    wait_until(lambda: sounds(controller, "lu-1"))
    took_s = (now() - alert.iat).total_seconds()
    wait_until(lambda: controller.status and "storage" in controller.status.faults, 30)
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    (started,) = wait_until(lambda: about(controller, ReceiptKind.STARTED), 40)

    assert took_s < 3
    assert started.detail == "siren"


def test_a_started_agent_whose_data_cannot_be_written_sounds_too(
    controller: Controller, agent: AgentProcess
) -> None:
    """R26: a read-only database from the start on."""
    begin(controller, agent)
    agent.terminate()
    (agent.folder / "agent.db-wal").unlink(missing_ok=True)
    (agent.folder / "agent.db-shm").unlink(missing_ok=True)
    (agent.folder / "agent.db-wal").mkdir()
    heard = len(controller.healths)
    agent.start()
    wait_until(lambda: len(controller.healths) > heard)

    controller.publish_alert(controller.alert())

    wait_until(lambda: sounds(controller, "lu-1"))
    (agent.folder / "agent.db-wal").rmdir()


def test_with_the_audio_address_dead_the_device_speaks_itself(
    controller: Controller, agent: AgentProcess
) -> None:
    controller.audio.status = 503
    begin(controller, agent)
    asset = Asset(sha256="a" * 64, bytes=1000, duration_ms=4000)

    controller.publish_alert(
        controller.alert(
            texts={"vi": "Lũ đang lên, lên cao ngay."}, audio={"vi": asset},
            siren_ms=2000, repeat=Repeat(count=1, gap_s=0),
        )
    )  # fmt: skip

    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED), 30)
    assert finished.detail == "device_voice"
    assert (finished.played_ms or 0) > 3000


def test_with_broker_and_controller_dead_the_sound_ends_on_time(
    controller: Controller, agent: AgentProcess, broker: Broker
) -> None:
    """R5."""
    begin(controller, agent)
    alert = controller.alert(ends_at=now() + timedelta(seconds=6))
    controller.publish_alert(alert)
    wait_until(lambda: sounds(controller, "lu-1"))

    broker.kill()
    time.sleep(7)
    broker.start()

    (finished,) = wait_until(lambda: about(controller, ReceiptKind.FINISHED), 40)
    late_s = (finished.at - alert.ends_at).total_seconds()
    assert -0.5 < late_s < 1
    assert finished.code == ""


def test_thousands_of_other_messages_neither_delay_nor_drop_an_alert(
    controller: Controller, agent: AgentProcess
) -> None:
    """R10."""
    begin(controller, agent)
    token = sign(controller.plan(), controller.issuer)
    for number in range(1500):
        controller.publish(topics.down(DEVICE, "plan"), token[: 300 + number], retain=False)
    alert = controller.alert()
    controller.publish_alert(alert)

    (started,) = wait_until(lambda: about(controller, ReceiptKind.STARTED), 60)

    # It waits for the line, on which it comes last, but for nobody in the inbox.
    assert (started.at - alert.iat).total_seconds() < 5


def test_somebody_at_the_device_raises_an_alert_without_any_network(
    controller: Controller, agent: AgentProcess, broker: Broker
) -> None:
    """R7: the file of the test profile; within 3 s, told to the controller afterwards."""
    begin(controller, agent)
    broker.kill()

    (agent.folder / "panic").touch()
    time.sleep(3)
    (agent.folder / "panic").unlink()
    time.sleep(1)
    broker.start()

    started = wait_until(partial(controller.noted, ReceiptKind.STARTED, code="panic"), 40)[0]
    finished = wait_until(partial(controller.noted, ReceiptKind.FINISHED, code="panic"), 40)[0]
    assert (finished.played_ms or 0) > 1500
    assert started.object_id == finished.object_id
    panic = wait_until(lambda: controller.panics)[-1]
    assert panic.id == started.object_id
    assert panic.outputs == ("main",)
    assert (panic.ends_at - panic.starts_at).total_seconds() < 8


def test_two_sessions_later_the_receipts_are_still_there_once(
    controller: Controller, agent: AgentProcess
) -> None:
    begin(controller, agent)
    alert = controller.alert(ends_at=now() + timedelta(seconds=60))
    controller.publish_alert(alert)
    wait_until(lambda: about(controller, ReceiptKind.RECEIVED))
    epoch = controller.healths[-1].epoch

    agent.terminate()
    agent.start()
    wait_until(lambda: controller.healths[-1].epoch >= epoch + EPOCHS_A_RUN)
    wait_until(lambda: sounds(controller, "lu-1"))
    done = agent.command("status")
    controller.publish_alert(controller.alert(action=AlertAction.END))
    wait_until(lambda: about(controller, ReceiptKind.FINISHED))

    kinds = [r.kind for r in controller.receipts.values() if r.rev == alert.rev]
    assert sorted(kinds) == sorted(
        [ReceiptKind.RECEIVED, ReceiptKind.STARTED, ReceiptKind.FINISHED]
    )
    assert "alert an-binh/lu-1" in done.stdout
