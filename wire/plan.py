"""The compiled plan of one device: what each output plays, from and until when, and why."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from wire.message import (
    BroadcastClass,
    Decibel,
    Device,
    Instant,
    Message,
    Name,
    Origin,
    Sha256,
    Text,
    Value,
)

Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]


class Asset(Value):
    """A piece of audio to hold before it is needed; fetched as `GET /audio/{sha256}`."""

    sha256: Sha256
    bytes: int = Field(gt=0, le=2**31)
    duration_ms: Milliseconds


class AssetItem(Value):
    """Plays a whole asset."""

    kind: Literal["asset"] = "asset"
    sha256: Sha256
    duration_ms: Milliseconds
    gain_db: Decibel = 0.0


class RelayItem(Value):
    """Carries another station's stream (tiếp sóng) for a time; the fallback asset fills gaps."""

    kind: Literal["relay"] = "relay"
    url: Annotated[str, Field(pattern="^https?://", max_length=500)]
    source: Literal["http", "icecast", "hls"] = "http"
    for_ms: Milliseconds
    fallback: Sha256 | None = None
    fallback_duration_ms: Milliseconds = 0
    gain_db: Decibel = 0.0


class ToneItem(Value):
    """A sound that the device makes itself."""

    kind: Literal["tone"] = "tone"
    tone: Literal["chime", "test"]
    for_ms: Milliseconds


Item = Annotated[AssetItem | RelayItem | ToneItem, Field(discriminator="kind")]


class Programme(Value):
    """The items of a programme in order; slots refer to it, so a daily programme travels once."""

    id: Name
    title: Text
    items: tuple[Item, ...]


class Slot(Value):
    """One interval `[starts_at, ends_at)` of one output, and the reason it won.

    `offset_ms` is the place in the programme where the slot begins (not 0 when a higher one came
    first). Empty `clusters` means all of the output; `ceiling_db` is the night or zone limit.
    """

    id: Name
    output: Name
    programme: Name
    starts_at: Instant
    ends_at: Instant
    offset_ms: Milliseconds = 0
    origin: Origin
    broadcast_class: BroadcastClass = BroadcastClass.NORMAL
    clusters: tuple[Name, ...] = ()
    ceiling_db: Decibel | None = None
    resume: Literal["clock", "skip"] = "clock"
    reason: Text = ""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Slot":
        if self.ends_at <= self.starts_at:
            raise ValueError("a slot must end after it starts")
        return self


class Plan(Message):
    """All slots of a device in `[from_at, until_at)`, per output sorted and disjoint."""

    kind: ClassVar[str] = "plan"

    device: Device
    from_at: Instant
    until_at: Instant
    assets: tuple[Asset, ...] = ()
    programmes: tuple[Programme, ...] = ()
    slots: tuple[Slot, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> "Plan":
        known = {programme.id for programme in self.programmes}
        ends: dict[str, Instant] = {}
        for slot in self.slots:
            if slot.programme not in known:
                raise ValueError(f"slot {slot.id} names an unknown programme")
            if slot.output in ends and slot.starts_at < ends[slot.output]:
                raise ValueError(f"slot {slot.id} overlaps the one before it")
            ends[slot.output] = slot.ends_at
        return self
