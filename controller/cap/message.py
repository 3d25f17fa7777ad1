"""A CAP message as frozen values: what it says, in our types, and nothing that it does not say."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wire.alert import Circle, Polygon

ASSUMED_FOR = timedelta(hours=1)
LONGEST = timedelta(hours=24)

Shape = Circle | Polygon
Pair = tuple[str, str]
"""A `valueName` and its `value`."""
Ring = tuple[tuple[float, float], ...]
"""Latitude and longitude pairs; the last is the first."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an earlier message: CAP writes `sender,identifier,sent`."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that goes with the words. Nothing is fetched without the limited fetcher."""

    description: str
    mime_type: str
    uri: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A circle of CAP: kilometres there, `radius_m` metres here; 0 is a point and holds nothing."""

    latitude: float
    longitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Place:
    """One `area` of CAP. It is where any of its shapes or codes is; alone, words place nothing."""

    description: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Point, ...] = ()
    geocodes: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language, of one event."""

    event: str
    urgency: str
    severity: str
    certainty: str
    language: str = "en-US"
    categories: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    audience: str = ""
    event_codes: tuple[Pair, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message; two that say the same are equal, whatever their bytes and signatures."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    msg_type: str
    scope: str
    source: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: str = ""
    infos: tuple[Info, ...] = ()

    @property
    def name(self) -> Reference:
        """Return the name by which later messages refer to this one."""
        return Reference(self.sender, self.identifier, self.sent)

    def starts_at(self, info: Info) -> datetime:
        """Return when an info begins to hold: `effective`, else when the message was sent."""
        return max(info.effective or self.sent, self.sent)

    def ends_at(self, info: Info) -> datetime:
        """Return when an info ends to hold: one hour when it does not say, 24 hours at most."""
        starts_at = self.starts_at(info)
        return min(info.expires or starts_at + ASSUMED_FOR, starts_at + LONGEST)

    def infos_in_force(self, at: datetime) -> tuple[Info, ...]:
        """Return what has not ended at an instant; it may not have begun."""
        return tuple(info for info in self.infos if at < self.ends_at(info))
