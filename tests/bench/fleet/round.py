"""One send and what came of it: by the controller, by the bare broker, in a storm."""

import os
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.bench.fleet.device import device_id
from tests.bench.fleet.officers import AREA, Officers
from tests.bench.fleet.stage import Stage
from wire import topics
from wire.alert import Alert
from wire.signing import read, sign, take_apart
from wire.trust import Place, judge

CLUSTERS_A_DEVICE = 3
VERIFIED = 200
TAG_BYTES = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """When one alert was accepted and when each device had it (seconds); the rest in ms."""

    at: float
    received: list[float] = field(repr=False)
    written_ms: float = 0.0
    kept_ms: float = 0.0
    shown_ms: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict, repr=False)

    def p50_ms(self) -> float:
        """Return the median over devices."""
        return self._quantile(0.5)

    def p99_ms(self) -> float:
        """Return what one device in a hundred exceeds."""
        return self._quantile(0.99)

    def last_ms(self) -> float:
        """Return when the last one had it."""
        return self._quantile(1.0)

    def _quantile(self, part: float) -> float:
        found = sorted(self.received)
        return (found[min(len(found) - 1, int(part * len(found)))] - self.at) * 1000


class Rounds:
    """Sends alerts at a stage, one after the other."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._officers = Officers(stage.app)
        self._copies = 0
        self._last = ""
        self._samples: list[bytes] = []

    def bare(self) -> Sent:
        """Let the bare broker carry the bytes of the last alert, while the controller is away."""
        token = self._copy()
        link = self._stage.worker.link
        link.stop()
        self._stage.ask("answer", False)
        topic = topics.alert(AREA, f"bare-{self._copies}")
        self._stage.bare.send((topic, token.encode()))
        assert self._stage.bare.poll(60), "the bare publisher does not answer"
        at = self._stage.bare.recv()
        received = self._received(token, at)
        link.start()
        self._stage.wait(lambda: link.is_up, "controller")
        return Sent(at, received)

    def send(self, before: Callable[[], None] = lambda: None) -> Sent:
        """Release an alert and wait until every device has it and every receipt is counted."""
        alert_id = self._officers.prepare()
        self._stage.ask("answer", True)
        before()
        cpu_s, newest = self._stage.cpu_s(), self._officers.newest_batch()
        accepted = self._officers.release(alert_id)
        devices, clusters = self._stage.devices, CLUSTERS_A_DEVICE * self._stage.devices
        self._stage.wait(lambda: self._officers.batches(newest) >= devices, "batches", 90)
        kept_ms = (time.monotonic() - accepted.at) * 1000
        self._stage.wait(lambda: self._officers.sounding(alert_id) >= clusters, "receipts", 90)
        shown_ms = (time.monotonic() - accepted.at) * 1000
        cpu_s = {name: used - cpu_s[name] for name, used in self._stage.cpu_s().items()}
        self._last = self._officers.token(alert_id) or ""
        received = self._received(self._last, accepted.at)
        return Sent(accepted.at, received, accepted.written_ms, kept_ms, shown_ms, cpu_s)

    def send_while_compiling(self, part: float) -> Sent:
        """Do the same when a part of a compile of all plans is over."""
        return self.send(lambda: self._compile(part))

    def storm(self, jitter_s: float) -> dict[str, Any]:
        """Kill the broker under all devices in an alert; say when all hold it again."""
        self._stage.wait(lambda: not self._stage.is_compiling(), "plans")
        self._stage.tell("storm", jitter_s)
        self._stage.ask("answer", False)
        alert_id = self._officers.prepare()
        self._officers.release(alert_id)
        self._stage.wait(lambda: self._officers.token(alert_id) is not None, "an alert")
        token = self._officers.token(alert_id) or ""
        self._received(token, 0.0)
        at = time.monotonic()
        os.kill(_broker_pid(self._stage), signal.SIGKILL)
        again = sorted(self._received(token, at))
        states = self._stage.ask("state")
        return {
            "storm_jitter_s": jitter_s,
            "storm_first_s": round(again[0] - at, 2),
            "storm_p50_s": round(again[len(again) // 2] - at, 2),
            "storm_all_s": round(again[-1] - at, 2),
            "storm_gave_up_connecting": sum(state[1] for state in states),
        }

    def _compile(self, part: float) -> None:
        self._stage.wait(lambda: not self._stage.is_compiling(), "plans")
        self._stage.compile()
        time.sleep(part * self._stage.compile_s)
        assert self._stage.is_compiling(), "the compile is over already"

    def _copy(self) -> str:
        """Return the last alert, signed anew as another one of the same size."""
        self._copies += 1
        message = read(take_apart(self._last).payload, Alert)
        copy = message.model_copy(update={"id": f"bare-{self._copies:07d}"})
        return sign(copy, self._stage.app.keyring.signer("drill"))

    def verification(self) -> dict[str, Any]:
        """Believe samples as a device does; say what one check costs."""
        pinned = self._stage.app.keyring.pinned()
        chain = (AREA, "p-0", "c-0")
        times: list[float] = []
        for number in range(VERIFIED):
            token = self._samples[number % len(self._samples)]
            begun = time.perf_counter()
            judge(token, Alert, pinned, Place(device_id(0), (chain,)), datetime.now(UTC))
            times.append(time.perf_counter() - begun)
        return {
            "sample_verified": len(self._samples),
            "verification_ms": round(statistics.median(times) * 1000, 3),
            "alert_bytes": len(self._samples[0]),
        }

    def _received(self, token: str, since: float) -> list[float]:
        """Return when each device had a token, after an instant; wait for the last one."""
        tag, stage = token[-TAG_BYTES:].encode(), self._stage
        stage.wait(
            lambda: sum(stage.ask("count", tag, since)) >= stage.devices, "an alert at all", 180
        )
        found = stage.ask("times", tag, since)
        self._samples += [sample for _, sample in found if sample]
        return [at for times, _ in found for at in times]


def _broker_pid(stage: Stage) -> int:
    pid: int | None = stage.app.parts[0]._mosquitto.pid  # type: ignore[attr-defined]
    assert pid is not None
    return pid
