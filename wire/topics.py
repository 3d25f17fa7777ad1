"""Every MQTT topic of the protocol, in one place; nobody else writes the string `tt/1`."""

import re
from dataclasses import dataclass
from typing import NewType

from wire.errors import Malformed

AreaId = NewType("AreaId", str)
DeviceId = NewType("DeviceId", str)

ROOT = "tt/1"
TRUST = f"{ROOT}/trust"
BROKER_EPOCH = f"{ROOT}/broker/epoch"
ALL_WARNINGS = f"{ROOT}/in/cap/+"

DOWN_KINDS = ("plan", "desired", "command", "sync")
UP_KINDS = ("status", "health", "receipts", "panic")
RETAINED_KINDS = frozenset({"plan", "desired", "alert", "trust", "status"})

DEVICE_PATTERN = r"d-[a-z0-9]{4,32}"
AREA_PATTERN = r"[a-z0-9][a-z0-9-]{0,39}"
OBJECT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}"
_OBJECT = re.compile(OBJECT_PATTERN)
_DEVICE = re.compile(DEVICE_PATTERN)
_AREA = re.compile(AREA_PATTERN)


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic: `kind` is a word of the table in README.md; `owner` whose it is."""

    kind: str
    owner: str = ""
    object_id: str = ""

    @property
    def is_up(self) -> bool:
        """Whether a device, rather than the controller, publishes here."""
        return self.kind in UP_KINDS


def down(device: str, kind: str) -> str:
    """Return the topic of one kind of message to one device; `Malformed` for unknown words."""
    return f"{ROOT}/down/{_checked(_DEVICE, device)}/{_known(kind, DOWN_KINDS)}"


def down_all(device: str) -> str:
    """Return the filter with everything addressed to one device."""
    return f"{ROOT}/down/{_checked(_DEVICE, device)}/#"


def all_up(kind: str) -> str:
    """Return the filter of one kind of message of all devices."""
    return f"{ROOT}/up/+/{_known(kind, UP_KINDS)}"


def up(device: str, kind: str) -> str:
    """Return the topic where one device reports `status`, `health`, `receipts` or `panic`."""
    return f"{ROOT}/up/{_checked(_DEVICE, device)}/{_known(kind, UP_KINDS)}"


def warnings_from(source: str) -> str:
    """Return the topic where one source of warnings from outside publishes CAP, as bytes."""
    return f"{ROOT}/in/cap/{_checked(_AREA, source)}"


def alert(area: str, alert_id: str) -> str:
    """Return the topic of one alert; one publish reaches every device below the area."""
    return f"{ROOT}/areas/{_checked(_AREA, area)}/alert/{_checked(_OBJECT, alert_id)}"


def alerts_of(area: str) -> str:
    """Return the filter with all alerts published on one area."""
    return f"{ROOT}/areas/{_checked(_AREA, area)}/alert/+"


def live(area: str, session: str) -> str:
    """Return the topic that carries the audio bundles of one live session."""
    return f"{ROOT}/areas/{_checked(_AREA, area)}/live/{_checked(_OBJECT, session)}"


def live_of(area: str) -> str:
    """Return the filter with all live sessions of one area."""
    return f"{ROOT}/areas/{_checked(_AREA, area)}/live/+"


def parse(topic: str) -> Topic:
    """Take a topic apart; `Malformed` when it is not of this protocol."""
    match topic.split("/"):
        case ["tt", "1", "down", device, kind] if kind in DOWN_KINDS and _DEVICE.fullmatch(device):
            return Topic(kind, device)
        case ["tt", "1", "up", device, kind] if kind in UP_KINDS and _DEVICE.fullmatch(device):
            return Topic(kind, device)
        case ["tt", "1", "areas", area, ("alert" | "live") as kind, name] if _AREA.fullmatch(area):
            return Topic(kind, area, _checked(_OBJECT, name))
        case ["tt", "1", "in", "cap", source] if _AREA.fullmatch(source):
            return Topic("cap", source)
        case ["tt", "1", "trust"]:
            return Topic("trust")
        case ["tt", "1", "broker", "epoch"]:
            return Topic("epoch")
    raise Malformed(f"topic {topic!r}")


def _checked(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise Malformed(f"{value!r} in a topic")
    return value


def _known(kind: str, kinds: tuple[str, ...]) -> str:
    if kind not in kinds:
        raise Malformed(f"{kind!r} in a topic")
    return kind
