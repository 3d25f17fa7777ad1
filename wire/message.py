"""What every message has: a type, frozen fields, aware instants, and the claims that are checked.

Unknown fields are ignored, unless the message lists them in `crit`.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from wire.errors import NotUnderstood
from wire.topics import AREA_PATTERN, DEVICE_PATTERN, OBJECT_PATTERN

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _in_utc(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise ValueError("an instant lies between 1970 and 2200")
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with an offset (RFC 3339), kept in UTC; 1970 to 2200, so that sums are safe."""
Device = Annotated[str, Field(pattern=f"^{DEVICE_PATTERN}$")]
Area = Annotated[str, Field(pattern=f"^{AREA_PATTERN}$")]
ObjectId = Annotated[str, Field(pattern=f"^{OBJECT_PATTERN}$")]
"""An alert or a live session: it is a part of its topic."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An identifier made by us: an output, a cluster, a slot."""
Text = Annotated[str, Field(max_length=4000), AfterValidator(lambda text: text.replace("\0", " "))]
"""Words for people; a NUL, which PostgreSQL cannot store, becomes a space."""
Revision = Annotated[int, Field(ge=0, lt=2**53)]
"""Exact also where numbers are doubles; 0 where there is none."""
LONGEST_SPAN_MS = 2**31 - 1
Span = Annotated[int, AfterValidator(lambda ms: max(-LONGEST_SPAN_MS, min(ms, LONGEST_SPAN_MS)))]
"""Measured milliseconds; what exceeds 32 bits (24.8 days, a clock gone mad) stays at the limit."""
Decibel = Annotated[float, Field(ge=-120.0, le=24.0)]


class Origin(StrEnum):
    """The area level that speaks (nguồn tin), highest first."""

    CENTRAL = "central"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    VILLAGE = "village"


class BroadcastClass(StrEnum):
    """Mức ưu tiên, highest first."""

    EMERGENCY = "emergency"
    PRIORITY = "priority"
    NORMAL = "normal"


class Value(BaseModel):
    """A part of a message: frozen, unknown fields ignored, no number without a JSON spelling."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, allow_inf_nan=False
    )


class Message(Value):
    """A signed message with its claims (the words of RFC 7519 where it has one).

    `iss` is the area (controller) or device that speaks, `jti` a unique id, `rev` the revision of
    the object: max(last + 1, unix milliseconds). `crit` names fields, dotted into parts, that a
    receiver must know or else refuse the message.
    """

    kind: ClassVar[str] = ""

    iss: str = Field(max_length=64)
    iat: Instant
    exp: Instant
    jti: Name
    rev: Revision
    crit: tuple[str, ...] = ()


def require_understood(model: type[BaseModel], crit: tuple[str, ...] | list[str]) -> None:
    """Raise `NotUnderstood` when a dotted name of `crit` is no field of `model`."""
    for dotted in crit:
        known: tuple[type[BaseModel], ...] = (model,)
        for name in dotted.split("."):
            annotations = [field for part in known if (field := _annotation_of(part, name))]
            if not annotations:
                raise NotUnderstood(dotted)
            known = tuple(part for annotation in annotations for part in _models_in(annotation))


def _annotation_of(model: type[BaseModel], name: str) -> object | None:
    for own, field in model.model_fields.items():
        if name in {own, field.alias}:
            return field.annotation
    return None


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    parts: tuple[Any, ...] = get_args(annotation)
    return [model for part in parts for model in _models_in(part)]


def next_revision(last: int, now: datetime) -> int:
    """Return the revision after `last`: max(last + 1, unix milliseconds of `now`)."""
    return max(last + 1, int(now.timestamp() * 1000))
