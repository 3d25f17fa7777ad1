"""How a new device joins over HTTPS: the claim code, the bundle that it pins, request and answer.

`GET /device/v1/bundle` (TLS unchecked) -> fingerprint compared with the claim code -> `POST
/device/v1/enrol` (TLS checked against the bundle's CA). Later `POST /device/v1/pull` with a
token signed by the device key, and `GET /audio/{sha256}` with Range.
"""

import hashlib
import json
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from wire.errors import Malformed
from wire.message import Device, Message, Text, Value

BUNDLE_PATH = "/device/v1/bundle"
ENROL_PATH = "/device/v1/enrol"
PULL_PATH = "/device/v1/pull"
RENEW_PATH = "/device/v1/renew"
AUDIO_PATH = "/audio/"

SECRET_BYTES = 10
FINGERPRINT_BYTES = 16
_LOOK_ALIKES = str.maketrans("018", "OIB")


class Bundle(Value):
    """What a device pins for life: the `x` values of the roots, and the CAs (PEM)."""

    roots: tuple[str, ...] = Field(min_length=1, max_length=2)
    authorities: tuple[str, ...] = Field(min_length=1, max_length=2)

    def fingerprint(self) -> bytes:
        """Return the first 128 bits of the SHA-256 of the bundle's canonical JSON."""
        canonical = json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).digest()[:FINGERPRINT_BYTES]


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """80 random bits that the controller knows by hash, and the fingerprint of its bundle."""

    secret: bytes
    fingerprint: bytes

    def __str__(self) -> str:
        """Return the code as a technician types it: base32 in groups of six."""
        text = b32encode(self.secret + self.fingerprint).decode().rstrip("=")
        return "-".join(text[at : at + 6] for at in range(0, len(text), 6))

    @property
    def secret_hash(self) -> str:
        """Return what the controller stores: the SHA-256 of the secret, in hex."""
        return hashlib.sha256(self.secret).hexdigest()


def parse_claim_code(text: str) -> ClaimCode:
    """Read a typed claim code; `Malformed` when wrong.

    Case, spaces and dashes do not matter, and 0, 1, 8 are read as O, I, B.
    """
    letters = re.sub(r"[\s-]", "", text).upper().translate(_LOOK_ALIKES)
    try:
        raw = b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise Malformed("claim code") from error
    code = ClaimCode(raw[:SECRET_BYTES], raw[SECRET_BYTES:])
    if len(code.fingerprint) != FINGERPRINT_BYTES or str(code).replace("-", "") != letters:
        raise Malformed("claim code")
    return code


class EnrolRequest(Value):
    """`secret` is the claim's secret in hex; the certificate request is PEM (PKCS #10)."""

    secret: str = Field(pattern="^[0-9a-f]{20}$")
    csr: str = Field(max_length=4000)
    agent_version: str = Field(default="", max_length=64)
    hardware: Text = ""


class EnrolAnswer(Value):
    """Everything a new device needs. `desired` and `trust` are signed tokens."""

    device: Device
    certificate: str
    mqtt_host: str
    mqtt_port: int
    desired: str
    trust: str


class RenewRequest(Message):
    """A new certificate request for the same device, signed by its present key."""

    kind: ClassVar[str] = "renew"

    device: Device
    csr: str = Field(max_length=4000)


class RenewAnswer(Value):
    """The renewed client certificate (PEM)."""

    certificate: str


class Pull(Message):
    """A device asks for its retained messages over HTTPS, signed by its own key."""

    kind: ClassVar[str] = "pull"

    device: Device


class Pulled(Value):
    """The signed tokens that a device would find retained, by topic."""

    retained: dict[str, str]
