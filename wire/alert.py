"""An emergency announcement: what, until when, and for whom, inside the signature."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from wire.message import Area, Instant, Message, Name, ObjectId, Origin, Revision, Text, Value
from wire.plan import Asset

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Language = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


SOURCE_APPROVES = "cap:"


class AlertStatus(StrEnum):
    """Real, exercise or drill: never confusable."""

    REAL = "real"
    EXERCISE = "exercise"
    DRILL = "drill"


class AlertAction(StrEnum):
    """What this revision does; a cancel and an end are messages, never an empty topic."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"
    END = "end"


class Hazard(StrEnum):
    """Loại thiên tai, sự cố."""

    STORM = "storm"
    TROPICAL_DEPRESSION = "tropical_depression"
    FLOOD = "flood"
    FLASH_FLOOD = "flash_flood"
    LANDSLIDE = "landslide"
    DAM_RELEASE = "dam_release"
    TSUNAMI = "tsunami"
    EARTHQUAKE = "earthquake"
    FIRE = "fire"
    EPIDEMIC = "epidemic"
    SECURITY = "security"
    OTHER = "other"


class Circle(Value):
    """All points within `radius_m` metres of a place (WGS 84 degrees)."""

    shape: Literal["circle"] = "circle"
    latitude: Latitude
    longitude: Longitude
    radius_m: float = Field(gt=0, le=2_000_000)


class Polygon(Value):
    """A closed ring of (latitude, longitude) pairs in WGS 84 degrees; first equals last."""

    shape: Literal["polygon"] = "polygon"
    points: tuple[tuple[Latitude, Longitude], ...] = Field(min_length=4, max_length=2000)


Shape = Annotated[Circle | Polygon, Field(discriminator="shape")]


class Target(Value):
    """Which clusters below the alert's `area` sound: in any of these, but in no exception."""

    areas: tuple[Area, ...] = ()
    shapes: tuple[Shape, ...] = ()
    exceptions: tuple[Area, ...] = Field(default=(), alias="except")


class Repeat(Value):
    """How often the announcement is spoken: rounds of `count` times, `gap_s` seconds between.

    A round begins at `starts_at` and every `every_s` seconds after it, until `ends_at`; with 0
    there is only the first. Between rounds the programme sounds.
    """

    count: int = Field(default=3, ge=1, le=1000)
    gap_s: int = Field(default=10, ge=0, le=86_400)
    every_s: int = Field(default=0, ge=0, le=86_400)


class Issuer(Value):
    """Who speaks, for the ear and the record."""

    name: Text
    role: Text = ""
    origin: Origin


class Alert(Message):
    """One revision of an alert, known by `area` and `id`. Retained on its topic until `exp` + 24 h.

    `target` can only narrow `area`: a cluster that does not stand below `area` never sounds.
    `status`, `target`, its exceptions and `exp` are always critical. Languages are spoken in the
    order of `texts`. `siren_ms` of siren come before the words. A cancel or an end with an
    `all_clear` speaks it. `approvals` names the outside source that had it released, where no
    person did (`SOURCE_APPROVES` and its name); compact JWS of officers are reserved.
    """

    kind: ClassVar[str] = "alert"

    id: ObjectId
    area: Area
    action: AlertAction
    status: AlertStatus
    hazard: Hazard
    level: int = Field(ge=1, le=5)
    target: Target
    texts: dict[Language, Text] = Field(default_factory=dict)
    audio: dict[Language, Asset] = Field(default_factory=dict)
    siren: Name | None = None
    siren_ms: int = Field(default=6000, ge=0, le=60_000)
    repeat: Repeat = Repeat()
    issued_at: Instant
    starts_at: Instant
    ends_at: Instant
    issuer: Issuer
    supersedes: ObjectId | None = None
    all_clear: dict[Language, Text] = Field(default_factory=dict)
    all_clear_audio: dict[Language, Asset] = Field(default_factory=dict)
    approvals: tuple[str, ...] = ()


class AlertRevision(Value):
    """The newest revision of an alert that concerns a device."""

    area: Area
    id: ObjectId
    rev: Revision


class Live(Message):
    """A bundle of live audio: consecutive frames of one session, base64 as RFC 4648 section 4."""

    kind: ClassVar[str] = "live"

    session: ObjectId
    area: Area
    sequence: int = Field(ge=0)
    codec: Literal["opus"] = "opus"
    frame_ms: int = Field(default=20, ge=5, le=120)
    frames: tuple[str, ...] = Field(max_length=100)
