"""The real agent killed at random moments, its broker killed, its disk full: it always goes on."""

import random
import resource
import time
from functools import partial
from pathlib import Path

from edge_agent.fetch import holds
from tests.edge.world import AgentProcess, Broker, Controller, programme, wait_until
from wire.up import ReceiptKind

ROUNDS = 50
TEN_MINUTES_MS = 600_000


def shelf(agent: AgentProcess) -> list[Path]:
    return [path for path in (agent.folder / "audio").glob("*") if path.is_file()]


def speaks_again(controller: Controller, after: int) -> bool:
    return len(controller.healths) > after


def long_sound(seconds: int, seed: int) -> bytes:
    """Return a WAV file of noise, its header by hand: quick to make, slow to fetch."""
    data = random.Random(seed).randbytes(16_000 * seconds)
    head = (
        b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    )
    form = b"\x01\x00\x01\x00" + (8000).to_bytes(4, "little") + (16_000).to_bytes(4, "little")
    return head + form + b"\x02\x00\x10\x00data" + len(data).to_bytes(4, "little") + data


def test_killed_at_fifty_random_moments_it_never_names_a_damaged_file_and_always_resumes(
    controller: Controller, agent: AgentProcess
) -> None:
    """R24 in a short form: during download and playback, seeded."""
    chance = random.Random(24)
    names = [controller.add_audio(long_sound(20, seed)) for seed in range(6)]
    controller.audio.bytes_per_s = 60_000
    controller.publish_plan(
        controller.slot("s1", in_s=1, for_s=600),
        programmes=(programme(*names, duration_ms=TEN_MINUTES_MS // 6),),
    )

    resumed = 0
    for number in range(ROUNDS):
        agent.start()
        if number % 10 == 9:
            wait_until(partial(speaks_again, controller, len(controller.healths)))
            wait_until(lambda: controller.status and controller.status.outputs[0].playing == "s1")
            resumed += 1
        time.sleep(chance.uniform(0.2, 0.9))
        agent.kill()
        assert all(holds(path, path.name) for path in shelf(agent))

    controller.audio.bytes_per_s = None
    agent.start()
    wait_until(lambda: len(shelf(agent)) == len(names))
    wait_until(lambda: controller.status and not controller.status.missing)
    agent.terminate()
    assert resumed == ROUNDS // 10
    assert any(wanted for _, wanted in controller.audio.requests), "downloads were gone on with"
    assert not controller.noted(ReceiptKind.MISSED)
    assert controller.noted(ReceiptKind.STARTED)[0].slot == "s1"
    assert sorted(controller.receipts) == list(range(1, max(controller.receipts) + 1))


def test_a_file_that_rots_on_the_card_is_not_played_but_fetched_anew(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    agent.start()
    controller.publish_plan(
        controller.slot("s1", in_s=13, for_s=60), programmes=(programme(name, duration_ms=60_000),)
    )
    path = agent.folder / "audio" / name
    wait_until(path.exists)

    path.write_bytes(bulletin[:2000] + b"rotten" + bulletin[2006:])

    wait_until(lambda: controller.noted(ReceiptKind.STARTED, slot="s1"), 40)
    assert holds(path, name)
    assert len(controller.audio.requests) == 2


def test_the_broker_killed_in_the_middle_of_a_programme_disturbs_nothing(
    controller: Controller, agent: AgentProcess, broker: Broker, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    agent.start()
    controller.publish_plan(
        controller.slot("s1", in_s=3, for_s=8), programmes=(programme(name, duration_ms=8000),)
    )
    wait_until(lambda: controller.noted(ReceiptKind.STARTED))

    broker.kill()
    time.sleep(1)
    broker.start()

    (final,) = wait_until(lambda: controller.noted(ReceiptKind.FINISHED), 40)
    assert final.code == ""
    assert final.played_ms > 6000
    assert len(controller.noted(ReceiptKind.STARTED)) == 1
    assert len({status.epoch for status in controller.statuses}) == 2


def test_a_full_disk_is_told_and_the_programme_goes_on(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    """R26, in part: every write of the agent fails in the middle of a programme."""
    name = controller.add_audio(bulletin)
    agent.start()
    controller.publish_plan(
        controller.slot("s1", in_s=3, for_s=12),
        controller.slot("s2", in_s=16, for_s=2),
        programmes=(programme(name, duration_ms=20_000),),
    )
    wait_until(lambda: controller.noted(ReceiptKind.STARTED))
    assert agent.process
    pid = agent.process.pid

    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    wait_until(lambda: controller.status and "storage" in controller.status.faults, 60)
    playing = controller.status and controller.status.outputs[0].playing
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    wait_until(lambda: controller.status and not controller.status.faults, 60)
    wait_until(lambda: controller.noted(ReceiptKind.FINISHED, slot="s2"), 60)

    assert playing in {"s1", "s2", None}
    assert (controller.noted(ReceiptKind.FINISHED, slot="s1")[0].played_ms or 0) > 9_000
    assert controller.noted(ReceiptKind.FAULT, code="storage")
    assert sorted(controller.receipts) == list(range(1, max(controller.receipts) + 1))


def test_sigterm_in_the_middle_of_a_programme_and_a_download_ends_within_two_seconds(
    controller: Controller, agent: AgentProcess, bulletin: bytes
) -> None:
    name = controller.add_audio(bulletin)
    slow = controller.add_audio(long_sound(60, 1))
    agent.start()
    controller.publish_plan(
        controller.slot("s1", in_s=3, for_s=60),
        programmes=(programme(name, slow, duration_ms=30_000),),
    )
    wait_until((agent.folder / "audio" / name).exists)
    controller.audio.bytes_per_s = 20_000
    wait_until(lambda: controller.noted(ReceiptKind.STARTED))

    status, took_s = agent.terminate()

    assert status == 0
    assert took_s < 2.5
    assert not controller.noted(ReceiptKind.FINISHED)
    wait_until(lambda: controller.status and controller.status.state == "offline")


def test_without_any_network_a_restarted_agent_joins_the_stored_plan_in_the_middle(
    controller: Controller, agent: AgentProcess, broker: Broker
) -> None:
    """R31 and R40, in part: the plan, the files and the time of this boot are on the device."""
    name = controller.add_audio(long_sound(30, 1))
    agent.start()
    controller.publish_plan(
        controller.slot("s1", in_s=3, for_s=12), programmes=(programme(name, duration_ms=30_000),)
    )
    wait_until(lambda: controller.noted(ReceiptKind.STARTED))
    time.sleep(2)

    broker.kill()
    agent.kill()
    agent.start()
    time.sleep(3)
    broker.start()

    joined = wait_until(lambda: controller.noted(ReceiptKind.STARTED, code="joined"), 60)[0]
    (final,) = wait_until(lambda: controller.noted(ReceiptKind.FINISHED, slot="s1"), 60)
    assert joined.late_ms
    assert joined.at < final.at
    assert final.code == ""
    assert controller.statuses[0].epoch < controller.statuses[-1].epoch
