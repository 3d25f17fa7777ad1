"""A whole agent with a bug in it: it says so, and what was planned is heard all the same."""

import subprocess
import sys

from tests.edge.world import AgentProcess, Controller, programme, wait_until
from wire.up import ReceiptKind

LOST = """
from edge_agent.alarm import Alarm
def next_at(self):
    raise ZeroDivisionError
Alarm.next_at = next_at
from edge_agent.cli import main
main(["run"])
"""


def test_an_agent_that_cannot_tell_when_to_come_again_plays_on(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    controller.publish_plan(
        controller.slot("s1", in_s=8, for_s=4), programmes=(programme(name, duration_ms=4000),)
    )
    with agent.log.open("ab") as log:
        agent.process = subprocess.Popen(
            [sys.executable, "-c", LOST], env=agent.environment, stdout=log, stderr=log
        )

    (finished,) = wait_until(lambda: controller.noted(ReceiptKind.FINISHED, slot="s1"))
    (fault,) = controller.noted(ReceiptKind.FAULT)

    assert (finished.played_ms or 0) > 3000
    assert (fault.code, fault.detail.split(",")[0]) == ("bug", "ZeroDivisionError")
    assert agent.log.read_text().count("a turn failed") == 1
