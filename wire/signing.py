"""JWS compact tokens (RFC 7515) with Ed25519 (RFC 8037, algorithm name of RFC 9864).

Header: `typ` `tt-<kind>`, `kid` the RFC 7638 thumbprint, `cert` the issuing certificate where the
controller speaks, `zip` `DEF` where the payload is a raw DEFLATE stream (RFC 1951).
"""

import hashlib
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter
from pydantic import ValidationError

from wire.errors import Forged, Malformed
from wire.message import Message, require_understood

ALGORITHM: Final = "Ed25519"
MAX_TOKEN_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 1024 * 1024
DEFLATED_KINDS = frozenset({"plan", "desired", "trust"})

AnyMessage = TypeVar("AnyMessage", bound=Message)


class _Registry(jws.JWSRegistry):
    max_header_length = 4096


_REGISTRY = _Registry(
    header_registry={
        "cert": HeaderParameter("Issuing certificate", "str"),
        "zip": HeaderParameter("Compression of the payload", "str"),
    },
    algorithms=[ALGORITHM],
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its thumbprint, and for a controller its issuing certificate."""

    key: OKPKey
    kid: str
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart, its signature not yet checked."""

    text: str
    header: dict[str, Any]
    signed: jws.CompactSignature

    @property
    def kind(self) -> str:
        """Return the kind of message that the header claims."""
        return str(self.header.get("typ", "")).removeprefix("tt-")

    @property
    def kid(self) -> str:
        """Return the thumbprint of the key that the header claims."""
        return str(self.header.get("kid", ""))


def new_key() -> OKPKey:
    """Make a fresh Ed25519 key."""
    return OKPKey.generate_key(ALGORITHM)


def signer(key: OKPKey, certificate: str | None = None) -> Signer:
    """Return a signer for a private key, with the certificate that every message shall carry."""
    return Signer(key, key.thumbprint(), certificate)


def public_key(x: str) -> OKPKey:
    """Return the public key of an RFC 8037 `x` value; `Malformed` when it is none."""
    try:
        return OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": x})
    except (JoseError, ValueError) as error:
        raise Malformed("public key") from error


def public_x(key: OKPKey) -> str:
    """Return the RFC 8037 `x` value of a key."""
    return str(key.as_dict(private=False)["x"])


def sign(message: Message, by: Signer) -> str:
    """Return the compact token of a message."""
    return sign_payload(message.kind, payload_of(message), by)


def payload_of(message: Message) -> bytes:
    """Return the JSON of a message as it is signed: UTF-8, absent values left out."""
    return message.model_dump_json(exclude_none=True, by_alias=True).encode()


def sign_payload(kind: str, payload: bytes, by: Signer) -> str:
    """Return the compact token of a payload that is already JSON."""
    header: dict[str, Any] = {"alg": ALGORITHM, "typ": f"tt-{kind}", "kid": by.kid}
    if by.certificate:
        header["cert"] = by.certificate
    if kind in DEFLATED_KINDS:
        header |= {"zip": "DEF", "crit": ["zip"]}
        payload = _deflate(payload)
    return jws.serialize_compact(header, payload, by.key, registry=_REGISTRY)


def digest(token: str) -> str:
    """Return the SHA-256 of a token, in hex: the identity of exactly these bytes."""
    return hashlib.sha256(token.encode()).hexdigest()


def take_apart(token: str | bytes, *, max_bytes: int = MAX_TOKEN_BYTES) -> Token:
    """Parse a token without believing it; `Malformed` when it is none or too long."""
    raw = token.encode() if isinstance(token, str) else token
    if len(raw) > max_bytes:
        raise Malformed(f"{len(raw)} bytes")
    _require_canonical(raw)
    try:
        signed = jws.extract_compact(raw, registry=_REGISTRY)
        _REGISTRY.check_header(signed.headers())
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Malformed(type(error).__name__) from error
    return Token(raw.decode("ascii"), dict(signed.headers()), signed)


def open_payload(token: Token, key: OKPKey) -> bytes:
    """Return the JSON payload once the signature holds for `key`; `Forged` when it does not."""
    try:
        holds = jws.validate_compact(token.signed, key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:
        raise Forged(type(error).__name__) from error
    if not holds:
        raise Forged(token.kid)
    payload = bytes(token.signed.payload or b"")
    return _inflate(payload) if token.header.get("zip") == "DEF" else payload


def read(payload: bytes, model: type[AnyMessage]) -> AnyMessage:
    """Read a payload as `model`; `Malformed` or, for an unknown critical field, `NotUnderstood`."""
    try:
        claimed = json.loads(payload)
        crit = claimed.get("crit", []) if isinstance(claimed, dict) else None
        if not isinstance(crit, list) or not all(isinstance(name, str) for name in crit):
            raise Malformed("crit")
        require_understood(model, crit)
        return model.model_validate_json(payload)
    except ValidationError as error:
        raise Malformed(_first_problem(error)) from error
    except (ValueError, RecursionError) as error:
        raise Malformed("JSON") from error


def open_signed(token: str | bytes, key: OKPKey, model: type[AnyMessage]) -> AnyMessage:
    """Parse, check and read a token whose signing key is already known (a device, a root)."""
    parsed = take_apart(token)
    if parsed.kind != model.kind:
        raise Malformed(f"{parsed.kind!r}, not {model.kind!r}")
    return read(open_payload(parsed, key), model)


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _require_canonical(raw: bytes) -> None:
    """Refuse any second spelling of the same bytes (padding, spare bits, white space)."""
    parts = raw.split(b".")
    if len(parts) != 3:
        raise Malformed("not a compact JWS")
    for part in parts:
        try:
            decoded = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
        except ValueError as error:
            raise Malformed("base64url") from error
        if urlsafe_b64encode(decoded).rstrip(b"=") != part:
            raise Malformed("base64url")


def _deflate(payload: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(payload) + packer.flush()


def _inflate(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = unpacker.decompress(packed, MAX_PAYLOAD_BYTES)
    except zlib.error as error:
        raise Malformed("deflate") from error
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed(f"more than {MAX_PAYLOAD_BYTES} bytes")
    return payload
