"""From enrolment to the signed receipt, with the real agent, Mosquitto and HTTPS."""

from tests.edge.world import AgentProcess, Controller, programme, wait_until
from wire.up import ClockState, ReceiptKind


def test_a_plan_travels_to_the_output_and_its_receipts_come_back(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    agent.start()
    plan = controller.publish_plan(
        controller.slot("s1", in_s=6, for_s=3), programmes=(programme(name),)
    )

    final = wait_until(lambda: controller.noted(ReceiptKind.FINISHED, slot="s1"), 40)

    assert controller.noted(ReceiptKind.RECEIVED, object_id="plan", rev=plan.rev)
    (started,) = controller.noted(ReceiptKind.STARTED, slot="s1")
    assert started.clock is ClockState.TRUSTED
    assert started.late_ms is not None
    assert abs(started.late_ms) < 500
    assert (final[0].played_ms or 0) > 2500
    assert final[0].code == ""


def test_it_says_what_it_holds_and_goes_offline_by_its_own_word(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    agent.start()
    plan = controller.publish_plan(
        controller.slot("s1", in_s=120, for_s=3), programmes=(programme(name),)
    )

    wait_until(
        lambda: (
            controller.status
            and controller.status.plan_rev == plan.rev
            and not controller.status.missing
        )
    )
    status, took_s = agent.terminate()

    assert status == 0
    assert took_s < 5
    wait_until(lambda: controller.statuses[-1].state == "offline")
    held = next(told for told in reversed(controller.statuses) if told.state == "online")
    assert held.outputs[0].driver == "silent"
    assert held.outputs[0].is_alive
