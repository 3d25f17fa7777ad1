"""What an output player tells the conductor. `at` is always an instant of the monotonic clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrderStarted:
    """The first sample sounds at `at`, `late_ms` after the order's own instant."""

    id: str
    at: float
    late_ms: float


@dataclass(frozen=True, slots=True)
class PartStarted:
    """Part number `part` (from 0) of an order sounds at `at`."""

    id: str
    part: int
    at: float


@dataclass(frozen=True, slots=True)
class PartFailed:
    """A part cannot sound: its time passes in silence, the other parts keep their places."""

    id: str
    part: int
    reason: str


@dataclass(frozen=True, slots=True)
class RelayFellBack:
    """A relay was silent or gone; its fallback sounds."""

    id: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class RelayBack:
    """The relay is heard again."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class OrderFinished:
    """An order is over (`ended`, `stopped`, `replaced`); `played_ms` of sources really sounded."""

    id: str
    played_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderFailed:
    """No part of the order can sound; it is over."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Underrun:
    """The sound device ran dry; `count` is the number of times since the player was started."""

    count: int


@dataclass(frozen=True, slots=True)
class DriverLost:
    """The sound device does not take sound any more; reopening goes on in the background."""

    reason: str


@dataclass(frozen=True, slots=True)
class DriverBack:
    """The sound device takes sound again, `after_s` seconds after it was lost."""

    after_s: float


AudioEvent = (
    OrderStarted
    | PartStarted
    | PartFailed
    | RelayFellBack
    | RelayBack
    | OrderFinished
    | OrderFailed
    | Underrun
    | DriverLost
    | DriverBack
)
