"""The emergency pack: what a device must have at hand before any alert, named by its SHA-256.

One JSON file, fetched as `GET /audio/{sha256}`; its hash stands in the signed `desired`, so that
what it names is as good as signed. The phrases are files of their own, fetched the same way.
"""

from enum import StrEnum

from pydantic import Field, ValidationError

from wire.alert import Language
from wire.encoding import json_object
from wire.errors import Malformed
from wire.message import Name, Value
from wire.plan import Asset


class Wording(StrEnum):
    """How a phrase is meant: a drill is never worded as real."""

    REAL = "real"
    DRILL = "drill"


class Sweep(Value):
    """A tone that glides from one frequency to another; equal ones hold, 0 Hz is silence."""

    from_hz: int = Field(ge=0, le=4000)
    to_hz: int = Field(ge=0, le=4000)
    for_ms: int = Field(ge=10, le=60_000)


class SirenPattern(Value):
    """A siren by name: its sweeps, over and over."""

    name: Name
    sweeps: tuple[Sweep, ...] = Field(min_length=1, max_length=32)


class Phrase(Value):
    """A spoken sentence. `about` is a hazard of `wire.alert`, or `any`, `all_clear` or `drill`."""

    about: Name
    wording: Wording
    language: Language
    text: str = Field(max_length=500)
    audio: Asset


class EmergencyPack(Value):
    """Sirens and phrases, at most a few hundred."""

    sirens: tuple[SirenPattern, ...] = Field(default=(), max_length=32)
    phrases: tuple[Phrase, ...] = Field(default=(), max_length=500)


def pack_bytes(pack: EmergencyPack) -> bytes:
    """Return the file of a pack; the same pack is always the same bytes."""
    return pack.model_dump_json(exclude_none=True).encode()


def read_pack(file: bytes) -> EmergencyPack:
    """Read the file of a pack, else `Malformed`."""
    try:
        return EmergencyPack.model_validate(json_object(file))
    except ValidationError as error:
        raise Malformed("emergency pack") from error
