"""What a device reports, signed by its own key: status (also its will), health, receipts."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from wire.alert import AlertRevision
from wire.message import Device, Instant, Message, Name, Revision, Sha256, Span, Text, Value


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
    """Presence, on one retained topic; `epoch` counts sessions, so a late will is recognised."""

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
    """

    number: int = Field(ge=1, lt=2**31)
    kind: ReceiptKind
    at: Instant
    output: Name | None = None
    slot: Name | None = None
    programme: Name | None = None
    object_id: Name | None = None
    rev: Revision | None = None
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
