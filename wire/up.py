"""What a device says, signed by its own key: status (also its will), health, receipts, panic."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from wire.alert import AlertRevision, Hazard
from wire.message import (
    Area,
    Device,
    Instant,
    Message,
    Name,
    ObjectId,
    Revision,
    Sha256,
    Span,
    Text,
    Value,
)

LONGEST_PANIC = timedelta(minutes=10)


class ClockState(StrEnum):
    """None before any source was seen; holdover when the last source is aging; else trusted."""

    NONE = "none"
    HOLDOVER = "holdover"
    TRUSTED = "trusted"


class OutputReport(Value):
    """What one output does now. `driver` is the truth: `silent` means that nothing can be heard."""

    id: Name
    driver: str
    is_alive: bool
    playing: Name | None = None
    volume_db: float = 0.0
    fault: Text = ""


class Status(Message):
    """Presence, on one retained topic; `epoch` counts sessions, so a late will is recognised.

    `alerts` are those in force here, `emergency_pack` is the pack that is whole on this device.
    """

    kind: ClassVar[str] = "status"

    device: Device
    state: Literal["online", "offline"]
    epoch: Revision
    agent_version: str = ""
    profile: str = ""
    clock: ClockState = ClockState.NONE
    plan_rev: Revision = 0
    plan_digest: Sha256 | None = None
    desired_rev: Revision = 0
    trust_rev: Revision = 0
    missing: tuple[Sha256, ...] = ()
    outputs: tuple[OutputReport, ...] = ()
    faults: tuple[str, ...] = ()
    emergency_pack: Sha256 | None = None
    alerts: tuple[AlertRevision, ...] = ()


class Health(Message):
    """A heartbeat; with a `nonce` it asks for a `sync`. Measurements carry units in names."""

    kind: ClassVar[str] = "health"

    device: Device
    epoch: Revision
    nonce: Name | None = None
    plan_rev: Revision = 0
    desired_rev: Revision = 0
    trust_rev: Revision = 0
    alerts: tuple[AlertRevision, ...] = ()
    clock: ClockState = ClockState.NONE
    clock_error_ms: Span | None = None
    measurements: dict[str, float] = Field(default_factory=dict)


class ReceiptKind(StrEnum):
    """What happened on the device."""

    RECEIVED = "received"
    REFUSED = "refused"
    STARTED = "started"
    FINISHED = "finished"
    SKIPPED = "skipped"
    MISSED = "missed"
    FELL_BACK = "fell_back"
    CAME_BACK = "came_back"
    EXECUTED = "executed"
    FAULT = "fault"
    REPAIRED = "repaired"


class Receipt(Value):
    """One thing that happened. `number` has no gaps per device; `code` says why, for machines.

    `late_ms` is the start against the planned instant; `clock_error_ms` how wrong `at` may be.
    About an alert, `object_id` is its id, `area` and `rev` tell which, and `clusters` at whose
    loudspeakers it sounded, or did not.
    """

    number: int = Field(ge=1, lt=2**31)
    kind: ReceiptKind
    at: Instant
    output: Name | None = None
    slot: Name | None = None
    programme: Name | None = None
    object_id: Name | None = None
    rev: Revision | None = None
    area: Area | None = None
    clusters: tuple[Name, ...] = ()
    played_ms: Span | None = None
    late_ms: Span | None = None
    clock: ClockState = ClockState.NONE
    clock_error_ms: Span | None = None
    code: str = Field(default="", max_length=64)
    detail: Text = ""


class Receipts(Message):
    """A batch in order of number, sent again until `sync.receipts_upto` covers it.

    Numbers below `oldest` were acknowledged once and are no longer held by the device, so that a
    controller restored from an older backup does not wait for them for ever.
    """

    kind: ClassVar[str] = "receipts"

    device: Device
    oldest: int = Field(default=1, ge=1, lt=2**31)
    receipts: tuple[Receipt, ...] = Field(min_length=1, max_length=200)


class Panic(Message):
    """An alert that somebody raised at the device itself, for its own outputs, 10 minutes at most.

    Nobody else acts on it: it tells the controller what sounds there. It is over at `ends_at`; a
    later revision with an earlier end tells that it was stopped.
    """

    kind: ClassVar[str] = "panic"

    device: Device
    id: ObjectId
    hazard: Hazard = Hazard.OTHER
    outputs: tuple[Name, ...] = ()
    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _is_short(self) -> "Panic":
        if not timedelta(0) <= self.ends_at - self.starts_at <= LONGEST_PANIC:
            raise ValueError("a local alert lasts at most 10 minutes")
        return self
