"""What requests of the JSON API about alerts say."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from controller.emergencies.content import LONGEST_MINUTES, LONGEST_TEXT
from controller.web.api import Asked, Key, Number, PageQuery, Words

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
StatusName = Literal["real", "exercise", "drill"]
StateName = Literal[
    "drafted", "awaiting", "counting", "released", "cancelled", "ended", "withdrawn"
]
TextBody = Annotated[Words, Field(max_length=LONGEST_TEXT)]
LanguageName = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class AlertPath(BaseModel):
    """Which alert."""

    alert_id: Key


class RevisionPath(AlertPath):
    """Which text of it."""

    revision: Number


class ClusterPath(AlertPath):
    """Which cluster of an alert."""

    cluster_id: Key


class AlertQuery(PageQuery):
    """Which alerts."""

    state: StateName | None = None
    status: StatusName | None = None
    area_id: Key | None = None


class CircleBody(Asked):
    """A circle on the map."""

    shape: Literal["circle"]
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    radius_m: float = Field(gt=0, le=2_000_000)


class PolygonBody(Asked):
    """A closed ring of (latitude, longitude)."""

    shape: Literal["polygon"]
    points: list[
        tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
    ] = Field(min_length=4, max_length=2000)


class RepeatBody(Asked):
    """How often it is spoken."""

    count: int = Field(3, ge=1, le=1000)
    gap_s: int = Field(10, ge=0, le=86_400)
    every_s: int = Field(0, ge=0, le=86_400)


class DraftBody(Asked):
    """What an alert says, to whom; empty areas and shapes mean all of `area_id`."""

    area_id: Key
    status: StatusName
    hazard: Key
    level: int = Field(ge=1, le=5)
    texts: dict[LanguageName, TextBody] = Field({}, max_length=10)
    areas: list[Key] = Field([], max_length=500)
    shapes: list[Annotated[CircleBody | PolygonBody, Field(discriminator="shape")]] = Field(
        [], max_length=20
    )
    exceptions: list[Key] = Field([], max_length=500)
    recordings: dict[LanguageName, Hash] = Field({}, max_length=10)
    siren: Key | None = None
    siren_ms: int = Field(6000, ge=0, le=60_000)
    repeat: RepeatBody | None = None
    minutes: int | None = Field(None, ge=1, le=LONGEST_MINUTES)
    starts_at: AwareDatetime | None = None
    template_id: Key | None = None


class HeardBody(Asked):
    """The hash of the sound that was listened to."""

    sha256: Hash


class ConfirmBody(Asked):
    """The code of the second factor, where one is needed."""

    code: Words = Field("", max_length=40)


class StopBody(Asked):
    """Whether the horns say that it is over, and a note for the record."""

    all_clear: bool = True
    note: Words = Field("", max_length=2000)
