"""One send and what came of it: by the controller, by the bare broker, in a storm."""

import os
import signal
import statistics
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from controller import outbox
from controller.records.models import Batch, StoredReceipt
from tests.bench.fleet.device import Said, device_id
from tests.bench.fleet.stage import Stage
from wire import topics
from wire.alert import Alert
from wire.signing import sign
from wire.trust import Place, judge

AREA = "vn"
RECEIPTS_A_DEVICE = 2
TEXT = "Khẩn cấp. Nước hồ chứa đang lên nhanh. Bà con rời ngay khỏi vùng thấp ven sông. " * 3
VERIFIED = 200
TAG_BYTES = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """When one alert was accepted and when each device had it (seconds); the rest in ms."""

    at: float
    received: list[float] = field(repr=False)
    written_ms: float = 0.0
    stored_ms: float = 0.0

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
        self._number = 0
        self._samples: list[bytes] = []

    def bare(self) -> Sent:
        """Let the bare broker carry an alert, while the controller is away."""
        alert, token = self._next()
        link = self._stage.worker.link
        link.stop()
        self._stage.ask("answer")
        self._stage.bare.send((topics.alert(AREA, alert.id), token.encode()))
        assert self._stage.bare.poll(60), "the bare publisher does not answer"
        at = self._stage.bare.recv()
        received = self._received(token, at)
        link.start()
        self._stage.wait(lambda: link.is_up, "controller")
        return Sent(at, received)

    def send(self) -> Sent:
        """Release an alert and wait until every device has it and every receipt is filed."""
        alert, token = self._next()
        said = Said(alert.id, AREA, alert.rev)
        self._stage.ask("answer", topics.alert(AREA, alert.id), said)
        held = self._filed()
        begun = time.monotonic()
        with self._stage.app.sessions() as session:
            outbox.enqueue(
                session,
                topic=topics.alert(AREA, alert.id),
                kind=Alert.kind,
                owner=AREA,
                token=token,
                rev=alert.rev,
                retain=True,
                urgency=0,
                now=datetime.now(UTC),
                expires_at=alert.exp + timedelta(hours=24),
            )
            at = time.monotonic()  # before the commit that wakes the publisher
            session.commit()
        wanted = held + RECEIPTS_A_DEVICE * self._stage.devices
        self._stage.wait(lambda: self._filed() >= wanted and not self._waiting(), "receipts", 60)
        stored_ms = (time.monotonic() - at) * 1000
        return Sent(at, self._received(token, at), (at - begun) * 1000, stored_ms)

    def send_while_compiling(self, part: float) -> Sent:
        """Do the same when a part of a compile of all plans is over."""
        self._stage.wait(lambda: not self._stage.is_compiling(), "plans")
        self._stage.compile()
        time.sleep(part * self._stage.compile_s)
        assert self._stage.is_compiling(), "the compile is over already"
        return self.send()

    def storm(self, jitter_s: float) -> dict[str, Any]:
        """Kill the broker under all devices in an alert; say when all hold it again."""
        self._stage.wait(lambda: not self._stage.is_compiling(), "plans")
        alert, token = self._next()
        self._stage.tell("storm", jitter_s)
        self._stage.ask("answer")
        with self._stage.app.sessions.begin() as session:
            outbox.enqueue(
                session,
                topic=topics.alert(AREA, alert.id),
                kind=Alert.kind,
                owner=AREA,
                token=token,
                rev=alert.rev,
                retain=True,
                urgency=0,
                now=datetime.now(UTC),
                expires_at=alert.exp + timedelta(hours=24),
            )
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

    def _next(self) -> tuple[Alert, str]:
        self._number += 1
        now = datetime.now(UTC)
        alert = Alert.model_validate(
            {
                "iss": AREA,
                "iat": now,
                "exp": now + timedelta(minutes=30),
                "jti": f"bench-{self._number}",
                "rev": int(now.timestamp() * 1000),
                "crit": ("status", "target", "target.except", "exp"),
                "id": f"bench-{self._number}",
                "area": AREA,
                "action": "alert",
                "status": "exercise",
                "hazard": "flood",
                "level": 4,
                "target": {"areas": (AREA,)},
                "texts": {"vi": TEXT},
                "siren": "wail",
                "issued_at": now,
                "starts_at": now,
                "ends_at": now + timedelta(minutes=30),
                "issuer": {"name": "Bench", "origin": "central"},
            }
        )
        return alert, sign(alert, self._stage.app.keyring.signer())

    def _received(self, token: str, since: float) -> list[float]:
        """Return when each device had a token, after an instant; wait for the last one."""
        tag, stage = token[-TAG_BYTES:].encode(), self._stage
        stage.wait(
            lambda: sum(stage.ask("count", tag, since)) >= stage.devices, "an alert at all", 180
        )
        found = stage.ask("times", tag, since)
        self._samples += [sample for _, sample in found if sample]
        return [at for times, _ in found for at in times]

    def _filed(self) -> int:
        with self._stage.reading() as session:
            return session.scalar(select(func.count()).select_from(StoredReceipt)) or 0

    def _waiting(self) -> int:
        unread = select(func.count()).select_from(Batch).where(Batch.verified_at.is_(None))
        with self._stage.reading() as session:
            return session.scalar(unread) or 0


def _broker_pid(stage: Stage) -> int:
    pid: int | None = stage.app.parts[0]._mosquitto.pid  # type: ignore[attr-defined]
    assert pid is not None
    return pid
