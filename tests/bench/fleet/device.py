"""One simulated device: a real mutual-TLS connection, and receipts signed by its own key."""

import base64
import hashlib
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.signing import SigningKey

from controller.keys.authority import Authority
from wire.signing import public_key

KEEPALIVE_S = 120
_JSON = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a device is: its id, its keys in one PEM file, and what it listens to."""

    id: str
    key: Ed25519PrivateKey
    pem: Path
    filters: tuple[str, ...]
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What a receipt is about: an alert's revision in the area where it was published."""

    alert: str
    area: str
    rev: int


def said_of(token: bytes) -> Said:
    """Return what receipts about an alert must name; the simulated believe it as it came."""
    part = token.split(b".")[1]
    alert = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    return Said(alert["id"], alert["area"], alert["rev"])


def device_id(number: int) -> str:
    """Return the id that the seeded database has for a device."""
    return f"d-{number:06d}"


def key_of(number: int) -> Ed25519PrivateKey:
    """Return a device's own key: from its number, so that two processes know it."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"bench {number}".encode()).digest())


def public_x_of(number: int) -> str:
    """Return the RFC 8037 `x` of a device's key."""
    return _encoded(key_of(number).public_key().public_bytes_raw())


def certify(authority: Authority, key: Ed25519PrivateKey, name: str, file: Path) -> None:
    """Write a client certificate of our CA and its key into one file."""
    certificate = authority.issue_client(key.public_key(), name, datetime.now(UTC))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)


def authority_in(folder: Path) -> Authority:
    """Return the CA in a controller's folder of keys."""
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()), key)


def tls_of(authority: Path, pem: Path) -> ssl.SSLContext:
    """Return the context of one device: it knows the broker by our CA, the broker knows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(authority)
    context.load_cert_chain(pem)
    return context


class Scribe:
    """Signs a device's receipts about an alert, numbered without gaps."""

    def __init__(self, device: Simulated, number: int) -> None:
        self._device = device
        self._key = SigningKey(device.key.private_bytes_raw())  # half of what OpenSSL takes
        self._last = 0
        header = {"alg": "Ed25519", "typ": "tt-receipts", "kid": _thumbprint(number)}
        self._header = _encoded(_JSON.encode(header).encode())

    def batch(self, kinds: Sequence[str], said: Said) -> bytes:
        """Return a signed batch with one receipt of each kind."""
        now = datetime.now(UTC)
        first = self._last + 1
        self._last += len(kinds)
        facts = {
            "at": now.isoformat(),
            "output": "main",
            "object_id": said.alert,
            "rev": said.rev,
            "area": said.area,
            "clusters": self._device.clusters,
            "clock": "trusted",
        }
        message = {
            "iss": self._device.id,
            "iat": now.isoformat(),
            "exp": (now + timedelta(days=60)).isoformat(),
            "jti": f"{self._device.id}-{first}",
            "rev": first,
            "device": self._device.id,
            "receipts": [
                {"number": first + n, "kind": kind} | facts for n, kind in enumerate(kinds)
            ],
        }
        signed = f"{self._header}.{_encoded(_JSON.encode(message).encode())}"
        return f"{signed}.{_encoded(self._key.sign(signed.encode()).signature)}".encode()


def _thumbprint(number: int) -> str:
    return str(public_key(public_x_of(number)).thumbprint())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
