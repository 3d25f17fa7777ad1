"""R28 with whole agents: what hangs ends the process; what is read at the start starts it anew."""

import os
import subprocess
import sys
import time

import pytest

from edge_agent.watchdog import HUNG_EXIT
from firmware_profiles import load_profile
from tests.edge.world import AN_BINH, AgentProcess, Controller, wait_until
from wire.down import Cluster, OutputState

WATCHDOG_S = load_profile("software-silent").watchdog_seconds
STUCK_LINK = """
import threading, time
from edge_agent.link import Link
alive_until = time.monotonic() + 3
go_round = Link._go_round
def stick(self, client):
    go_round(self, client)
    if time.monotonic() > alive_until:
        print("stuck", flush=True)
        threading.Event().wait()
Link._go_round = stick
"""
STUCK_CONDUCTOR = """
import threading, time
from edge_agent.conductor import Conductor
alive_until = time.monotonic() + 3
due = Conductor._do_what_is_due
def stick(self):
    due(self)
    if time.monotonic() > alive_until:
        print("stuck", flush=True)
        threading.Event().wait()
Conductor._do_what_is_due = stick
"""
RUN = "from edge_agent.cli import main\nmain(['run'])\n"


@pytest.mark.parametrize(
    ("script", "patience_s"),
    [(STUCK_LINK, WATCHDOG_S), (STUCK_CONDUCTOR, WATCHDOG_S)],
    ids=["link", "conductor"],
)
def test_an_agent_with_a_hung_thread_ends_with_an_error(
    agent: AgentProcess, script: str, patience_s: float
) -> None:
    """R28: within the watchdog's time (generous here, for a loaded machine)."""
    process = subprocess.Popen(
        [sys.executable, "-c", script + RUN],
        env=agent.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout
        said = process.stdout.readline()
        stuck_at = time.monotonic()
        status = process.wait(patience_s + 30)

    assert said == "stuck\n"
    assert status == HUNG_EXIT
    assert patience_s - 2 < time.monotonic() - stuck_at < patience_s + 20


def test_another_profile_or_delay_makes_the_agent_anew_in_the_same_process(
    controller: Controller, agent: AgentProcess
) -> None:
    agent.start()
    wait_until(lambda: controller.status and controller.status.outputs)
    first = controller.statuses[-1]
    assert agent.process
    pid = agent.process.pid

    cluster = Cluster(id="cum-1", name="Cụm 1", areas=AN_BINH)
    late = OutputState(id="main", delay_ms=120, clusters=(cluster,))
    controller.publish_desired(outputs=(late,))
    wait_until(lambda: controller.statuses[-1].epoch > first.epoch)
    wait_until(lambda: controller.statuses[-1].state == "online")
    second = controller.statuses[-1]
    controller.publish_desired(outputs=(late,), profile="software-wav")
    wait_until(lambda: controller.statuses[-1].profile == "software-wav")
    third = wait_until(lambda: status if (status := controller.status) and status.outputs else None)

    assert first.profile == second.profile == "software-silent"
    assert first.epoch < second.epoch < third.epoch
    assert third.outputs[0].driver == "wav"
    assert agent.process.poll() is None
    os.kill(pid, 0)
    assert agent.terminate()[0] == 0
