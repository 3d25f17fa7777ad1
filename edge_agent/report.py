"""What the device says of itself: status and heartbeat, signed, with ever growing revisions."""

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from edge_agent import __version__
from edge_agent.clock import Clock
from edge_agent.gate import Gate
from wire import topics
from wire.alert import AlertRevision
from wire.message import Message
from wire.signing import Signer, sign
from wire.up import Health, OutputReport, Receipt, Receipts, Status

VALID_FOR: Final = timedelta(days=400)
"""A device may not know the time; the receiver judges by when it came and by `rev`."""
SAVED_EVERY_MS: Final = 600_000
RUN_MS: Final = 1000


class Reporter:
    """Makes the signed tokens of one device. Thread-safe: the link asks for its wills here.

    `run` is the number of this start, in seconds of time or above (see `app.next_run`).
    """

    def __init__(
        self, device: str, signer: Signer, clock: Clock, monotonic: Callable[[], float], run: int
    ) -> None:
        self._device, self._signer, self._clock = device, signer, clock
        self._monotonic, self._run = monotonic, run
        self._last_rev = 0
        self._lock = threading.Lock()

    def will(self, epoch: int) -> tuple[str, str]:
        """Return topic and payload of the status that the broker sends when we are gone."""
        status = Status(**self._claims(), state="offline", epoch=epoch)
        return topics.up(self._device, "status"), sign(status, self._signer)

    def status(
        self, gate: Gate, epoch: int, profile: str, *, outputs: tuple[OutputReport, ...],
        missing: tuple[str, ...], faults: tuple[str, ...],
        alerts: tuple[AlertRevision, ...] = (), emergency_pack: str | None = None,
    ) -> Status:  # fmt: skip
        """Return the present state."""
        mono = self._monotonic()
        return Status(
            **self._claims(), state="online", epoch=epoch, agent_version=__version__,
            profile=profile, clock=self._clock.state(mono), plan_rev=gate.rev("plan"),
            plan_digest=gate.digest("plan"), desired_rev=gate.rev("desired"),
            trust_rev=gate.rev("trust"), missing=missing, outputs=outputs, faults=faults,
            alerts=alerts, emergency_pack=emergency_pack,
        )  # fmt: skip

    def health(
        self, gate: Gate, epoch: int, nonce: str | None, measurements: dict[str, float]
    ) -> Health:
        """Return a heartbeat; with a nonce it asks for a `sync`."""
        mono = self._monotonic()
        error_s = self._clock.error_s(mono)
        return Health(
            **self._claims(), epoch=epoch, nonce=nonce, plan_rev=gate.rev("plan"),
            desired_rev=gate.rev("desired"), trust_rev=gate.rev("trust"),
            clock=self._clock.state(mono), measurements=measurements,
            alerts=gate.alerts.revisions(),
            clock_error_ms=None if error_s is None else round(error_s * 1000),
        )  # fmt: skip

    def receipts(self, batch: tuple[Receipt, ...], oldest: int) -> Receipts:
        """Return a batch of receipts; `oldest` is the lowest number that is still held."""
        return Receipts(**self._claims(), oldest=oldest, receipts=batch)

    def sign(self, message: Message) -> str:
        """Return the signed token of a message of ours."""
        return sign(message, self._signer)

    def claims(self) -> dict[str, Any]:
        """Return the claims of a new message of this device."""
        return self._claims()

    def _claims(self) -> dict[str, Any]:
        at = self._clock.best_guess(self._monotonic())
        stamp = int(at.timestamp() * 1000)
        if self._clock.now(self._monotonic()) is None:
            # Beyond everything that an earlier run can have said since it last saved the time.
            stamp = max(stamp, self._run * RUN_MS + RUN_MS) + SAVED_EVERY_MS
        with self._lock:
            rev = self._last_rev = max(self._last_rev + 1, stamp)
        return {
            "iss": self._device, "device": self._device, "iat": at, "exp": at + VALID_FOR,
            "jti": secrets.token_hex(12), "rev": rev,
        }  # fmt: skip
