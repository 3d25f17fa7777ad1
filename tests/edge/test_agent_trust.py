"""The real agent among enemies: what it refuses, reports once, and survives."""

import random
from datetime import timedelta
from functools import partial

from edge_agent.link import EPOCHS_A_RUN
from tests.edge.world import (
    DEVICE,
    TAN_LAP,
    AgentProcess,
    Controller,
    now,
    programme,
    wait_until,
)
from wire import topics
from wire.down import Action, Cluster, Command, OutputState
from wire.signing import new_key, sign
from wire.up import ClockState, ReceiptKind

PLAN = topics.down(DEVICE, "plan")


def test_what_must_not_be_believed_is_refused_and_each_reported_once(
    controller: Controller, agent: AgentProcess
) -> None:
    """R13, R15, R16 in a short form, over the real broker."""
    agent.start()
    old = sign(controller.plan(), controller.issuer)
    good = controller.publish_plan()
    wait_until(lambda: controller.noted(ReceiptKind.RECEIVED, rev=good.rev))
    evil = {
        "untrusted": sign(controller.plan(), controller.issue("an-binh", root=new_key())),
        "out_of_scope": sign(controller.plan(), controller.issue("tan-lap")),
        "expired": sign(controller.plan(exp=now() - timedelta(hours=1)), controller.issuer),
        "rolled_back": old,
        "not_understood": sign(controller.plan(crit=("unknown",)), controller.issuer),
        "wrong_target": sign(controller.plan(device="d-tanlap01"), controller.issuer),
        "malformed": "x" * 100,
    }

    for _ in range(3):
        for token in evil.values():
            controller.publish(PLAN, token, retain=False)
    wait_until(lambda: len(controller.noted(ReceiptKind.REFUSED)) >= len(evil))
    before = controller.healths[-1].epoch
    agent.terminate()
    agent.start()
    wait_until(lambda: controller.healths[-1].epoch >= before + EPOCHS_A_RUN)
    for token in evil.values():
        controller.publish(PLAN, token, retain=False)
    marker = controller.publish_plan()
    wait_until(lambda: controller.noted(ReceiptKind.RECEIVED, rev=marker.rev))

    refused = controller.noted(ReceiptKind.REFUSED)
    assert sorted(receipt.code for receipt in refused) == sorted(evil)
    assert {receipt.object_id for receipt in refused} == {"plan"}


def test_a_thousand_poisoned_payloads_do_not_keep_the_next_good_one_back(
    controller: Controller, agent: AgentProcess
) -> None:
    """R29 in a short form."""
    chance = random.Random(29)
    good = sign(controller.plan(), controller.issuer).encode()
    agent.start()
    wait_until(lambda: controller.healths)

    for number in range(1000):
        kind = chance.choice(["plan", "desired", "command", "sync"])
        poison = [
            chance.randbytes(chance.randrange(400)),
            good[: chance.randrange(len(good))],
            bytes(byte ^ (chance.random() < 0.01) for byte in good),
        ][number % 3]
        controller.publish(topics.down(DEVICE, kind), poison, retain=False)
    plan = controller.publish_plan()

    wait_until(lambda: controller.noted(ReceiptKind.RECEIVED, rev=plan.rev))
    assert agent.process
    assert agent.process.poll() is None
    assert len({status.epoch for status in controller.statuses}) == 1
    assert 0 < len(controller.noted(ReceiptKind.REFUSED)) <= 40


def test_without_a_fresh_sync_no_slot_fires_and_with_it_the_link_heals_all(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    """R32: and a replayed sync, signed but with another nonce, gives no time."""
    name = controller.add_audio(bulletin)
    controller.answers_sync = False
    agent.start()
    plan = controller.publish_plan(
        controller.slot("s1", in_s=2, for_s=600), programmes=(programme(name, duration_ms=600_000),)
    )
    wait_until(lambda: len(controller.healths) >= 3)
    controller.publish(topics.down(DEVICE, "sync"), controller.sync("0" * 32), retain=False)
    wait_until(lambda: len(controller.healths) >= 5)
    before = list(controller.receipts.values())
    state = controller.healths[-1].clock

    controller.answers_sync = True
    wait_until(lambda: controller.noted(ReceiptKind.STARTED, slot="s1"), 40)

    assert before == []
    assert state is ClockState.NONE
    assert controller.noted(ReceiptKind.RECEIVED, rev=plan.rev)
    assert controller.noted(ReceiptKind.STARTED)[0].code == "joined"


def test_what_did_not_arrive_is_pulled_over_https(
    controller: Controller, agent: AgentProcess
) -> None:
    agent.start()
    wait_until(lambda: controller.healths)

    plan = controller.plan()
    controller.retained[PLAN] = sign(plan, controller.issuer)

    wait_until(lambda: controller.noted(ReceiptKind.RECEIVED, rev=plan.rev), 40)
    assert controller.pulls >= 1


def test_a_command_is_executed_once_however_often_it_comes(
    controller: Controller, agent: AgentProcess
) -> None:
    """R14, in part: also after a restart."""
    agent.start()
    wait_until(lambda: controller.healths and controller.healths[-1].clock is ClockState.TRUSTED)

    def send(action: Action) -> str:
        claims = controller.claims() | {"exp": now() + timedelta(minutes=4)}
        command = Command(**claims, device=DEVICE, action=action, for_ms=500)
        token = sign(command, controller.issuer)
        for _ in range(3):
            controller.publish(topics.down(DEVICE, "command"), token, retain=False)
        return token

    tone = send(Action.TEST_TONE)
    send(Action.SEND_LOGS)
    wait_until(lambda: len(controller.noted(ReceiptKind.EXECUTED)) == 2)
    before = controller.healths[-1].epoch
    agent.terminate()
    agent.start()
    wait_until(lambda: controller.healths[-1].epoch >= before + EPOCHS_A_RUN)
    controller.publish(topics.down(DEVICE, "command"), tone, retain=False)
    send(Action.STOP)
    wait_until(lambda: controller.noted(ReceiptKind.EXECUTED, code="stop"))

    codes = [receipt.code for receipt in controller.noted(ReceiptKind.EXECUTED)]
    assert codes == ["test_tone", "send_logs", "stop"]
    assert "edge_agent" in controller.noted(ReceiptKind.EXECUTED, code="send_logs")[0].detail


def test_a_device_is_moved_by_a_key_above_both_places_and_takes_its_volume(
    controller: Controller, agent: AgentProcess
) -> None:
    agent.start()
    wait_until(lambda: controller.healths)
    cluster = Cluster(id="c", name="C", areas=TAN_LAP)
    moved = controller.desired(
        areas=TAN_LAP, outputs=(OutputState(id="main", volume_db=-33.0, clusters=(cluster,)),)
    )
    by_stranger = sign(moved.model_copy(update={"jti": "x"}), controller.issue("tan-lap"))

    controller.publish(topics.down(DEVICE, "desired"), by_stranger, retain=False)
    wait_until(lambda: controller.noted(ReceiptKind.REFUSED, code="out_of_scope"))
    controller.issuer = controller.issue("lam-dong")
    controller.publish(topics.down(DEVICE, "desired"), sign(moved, controller.issuer))

    wait_until(lambda: controller.status and controller.status.desired_rev == moved.rev)
    wait_until(lambda: controller.status and controller.status.outputs[0].volume_db == -33.0)


def test_receipts_have_no_gap_and_come_again_until_acknowledged(
    controller: Controller, agent: AgentProcess
) -> None:
    controller.receipts_upto = 0
    agent.start()
    for _ in range(3):
        plan = controller.publish_plan()
        wait_until(partial(controller.noted, ReceiptKind.RECEIVED, rev=plan.rev))
    agent.terminate()
    sent = len(controller.batches)
    before = controller.healths[-1].epoch

    agent.start()
    wait_until(lambda: len(controller.batches) > sent)
    again = controller.batches[sent].receipts
    controller.receipts_upto = None
    wait_until(lambda: controller.healths[-1].epoch >= before + EPOCHS_A_RUN)

    assert [receipt.number for receipt in again] == [1, 2, 3]
    assert controller.upto() == 3
