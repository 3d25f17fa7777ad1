"""What the controller tells a device beside its plan: desired state, command, sync, trust."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from wire.alert import AlertRevision, Language, Latitude, Longitude
from wire.message import (
    Area,
    Decibel,
    Device,
    Instant,
    Message,
    Name,
    Revision,
    Sha256,
    Text,
    Value,
)

AreaChain = Annotated[tuple[Area, ...], Field(min_length=1, max_length=12)]
"""From the top of the tree down to the area itself."""


class Cluster(Value):
    """A cụm loa: its place decides which alerts it sounds; `address` wakes it on FM or wire."""

    id: Name
    name: Text
    kind: Literal["ip", "fm", "wired"] = "ip"
    areas: AreaChain
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    address: str = Field(default="", max_length=64)


class OutputState(Value):
    """How one output shall be: its volume, its deliberate delay, its clusters."""

    id: Name
    volume_db: Decibel = 0.0
    delay_ms: int = Field(default=0, ge=0, le=5000)
    clusters: tuple[Cluster, ...] = ()


class Intervals(Value):
    """How often a device speaks, in seconds."""

    health_s: int = Field(default=60, ge=1, le=3600)
    sync_s: int = Field(default=300, ge=1, le=3600)


class Desired(Message):
    """The state a device shall take and report: where it stands, its outputs, its intervals.

    `emergency_pack` names the pack (`wire.pack`) to hold, a file of `emergency_pack_bytes`.
    Alerts are spoken in those of `languages` that they have, in this order; in all without any.
    """

    kind: ClassVar[str] = "desired"

    device: Device
    station: Text
    areas: AreaChain
    profile: Name
    outputs: tuple[OutputState, ...] = ()
    audio_url: Annotated[str, Field(pattern="^https?://", max_length=200)]
    intervals: Intervals = Intervals()
    agent_version: str | None = None
    emergency_pack: Sha256 | None = None
    emergency_pack_bytes: int = Field(default=0, ge=0, le=2**20)
    languages: tuple[Language, ...] = ()


class Action(StrEnum):
    """What a command asks for."""

    TEST_TONE = "test_tone"
    STOP = "stop"
    REBOOT = "reboot"
    SEND_LOGS = "send_logs"


class Command(Message):
    """One order, executed at most once, dead after its expiry (at most 5 minutes)."""

    kind: ClassVar[str] = "command"

    device: Device
    action: Action
    output: Name | None = None
    for_ms: int = Field(default=3000, ge=0, le=600_000)


class Sync(Message):
    """The answer that heals everything else: the time, what is current, what is acknowledged.

    `nonce` repeats the device's own, which makes it fresh. `plan_rev`, `desired_rev` and
    `trust_rev` are 0 where there is none. `receipts_upto` acknowledges receipt numbers. The
    question came at `asked_at` and this answer left at `now`, so that a busy controller does not
    make the device's clock wrong (the two instants of RFC 5905's server).
    """

    kind: ClassVar[str] = "sync"

    device: Device
    nonce: Name
    asked_at: Instant | None = None
    now: Instant
    plan_rev: Revision = 0
    desired_rev: Revision = 0
    trust_rev: Revision = 0
    alerts: tuple[AlertRevision, ...] = ()
    receipts_upto: int = Field(default=0, ge=0, lt=2**31)
    audit_head: str = Field(default="", max_length=64)


class Trust(Message):
    """Root-signed and numbered: issuing certificates (compact JWS) and what is revoked.

    `revoked` holds key ids (RFC 7638 thumbprints), `revoked_devices` device ids.
    """

    kind: ClassVar[str] = "trust"

    certificates: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    revoked_devices: tuple[Device, ...] = ()
