"""JWS compact tokens (RFC 7515) with Ed25519 (RFC 8037, algorithm name of RFC 9864).

Header: `typ` `tt-<kind>`, `kid` the RFC 7638 thumbprint, `cert` the issuing certificate where the
controller speaks, `zip` `DEF` where the payload is a raw DEFLATE stream (RFC 1951), nothing else.
There is one spelling of everything: no padding, no duplicate JSON name, no number in quotes.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter, HeaderRegistryDict, in_choices
from pydantic import ValidationError

from wire.encoding import MAX_PAYLOAD_BYTES, deflate, from_base64url, inflate, json_object
from wire.errors import Forged, Malformed
from wire.message import Message, require_understood

ALGORITHM: Final = "Ed25519"
MAX_TOKEN_BYTES = 128 * 1024
DEFLATED_KINDS = frozenset({"plan", "desired", "trust"})

HEADERS_KNOWN: Final = 20_000
SHORT_HEADER_BYTES: Final = 256
"""Headers of devices are short; so many are remembered, some 15 MB, whoever sends them."""

AnyMessage = TypeVar("AnyMessage", bound=Message)
Holds = Callable[[OKPKey, bytes, bytes], bool]
"""Whether a key signed some bytes: (public key, what is signed, signature)."""

_HEADER: HeaderRegistryDict = {
    "alg": HeaderParameter("Algorithm", "str", required=True),
    "typ": HeaderParameter("Kind of message", "str", required=True),
    "kid": HeaderParameter("Thumbprint of the key", "str", required=True),
    "cert": HeaderParameter("Issuing certificate", "str"),
    "zip": HeaderParameter("Compression of the payload", in_choices(["DEF"])),
    "crit": HeaderParameter("Critical header parameters", "list[str]"),
}


class _Registry(jws.JWSRegistry):
    default_header_registry = _HEADER
    max_header_length = 4096
    max_payload_length = MAX_TOKEN_BYTES


_REGISTRY = _Registry(algorithms=[ALGORITHM])


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
    header: Mapping[str, Any]
    payload: bytes
    signature: bytes

    @property
    def kind(self) -> str:
        """Return the kind of message that the header claims; empty for a foreign `typ`."""
        before, _, kind = str(self.header["typ"]).partition("tt-")
        return "" if before else kind

    @property
    def kid(self) -> str:
        """Return the thumbprint of the key that the header claims."""
        return str(self.header["kid"])

    @property
    def signed(self) -> bytes:
        """Return what the signature is over: header and payload as they came (RFC 7515 5.2)."""
        return self.text[: self.text.rindex(".")].encode()


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
    """Return the compact token of a payload that is already JSON; `Malformed` when too long."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Malformed(f"{len(payload)} bytes")
    header: dict[str, Any] = {"alg": ALGORITHM, "typ": f"tt-{kind}", "kid": by.kid}
    if by.certificate:
        header["cert"] = by.certificate
    if kind in DEFLATED_KINDS:
        header |= {"zip": "DEF", "crit": ["zip"]}
        payload = deflate(payload)
    token = jws.serialize_compact(header, payload, by.key, registry=_REGISTRY)
    if len(token) > MAX_TOKEN_BYTES or token.index(".") > _Registry.max_header_length:
        raise Malformed(f"{len(token)} bytes")
    return token


def digest(token: str) -> str:
    """Return the SHA-256 of a token, in hex: the identity of exactly these bytes."""
    return hashlib.sha256(token.encode()).hexdigest()


def take_apart(token: str | bytes, *, max_bytes: int = MAX_TOKEN_BYTES) -> Token:
    """Parse a token without believing it; `Malformed` when it is none or too long."""
    raw = token.encode("utf-8", "replace") if isinstance(token, str) else bytes(token)
    if len(raw) > max_bytes:
        raise Malformed(f"{len(raw)} bytes")
    parts = raw.split(b".", 3)
    if len(parts) != 3:
        raise Malformed("not a compact JWS")
    header, payload, signature = parts
    return Token(
        raw.decode("ascii", "replace"),
        _known_header(header) if len(header) <= SHORT_HEADER_BYTES else _header(header),
        from_base64url(payload),
        from_base64url(signature),
    )


def open_payload(
    token: Token, key: OKPKey, kid: str | None = None, holds: Holds | None = None
) -> bytes:
    """Return the JSON payload once the signature holds for `key`; `Forged` when it does not.

    `kid` is the key's thumbprint, for who knows it already; `holds` checks instead of OpenSSL.
    """
    if token.kid != (kid or key.thumbprint()):
        raise Forged(token.kid)
    try:
        is_signed = (holds or _holds)(key, token.signed, token.signature)
    except (JoseError, ValueError, TypeError) as error:
        raise Forged(type(error).__name__) from error
    if not is_signed:
        raise Forged(token.kid)
    return inflated(token)


def inflated(token: Token) -> bytes:
    """Return the JSON payload of a token, whoever signed it."""
    return inflate(token.payload) if token.header.get("zip") == "DEF" else token.payload


def read(payload: bytes, model: type[AnyMessage]) -> AnyMessage:
    """Read a payload as `model`; `Malformed` or, for an unknown critical field, `NotUnderstood`."""
    try:
        crit = json_object(payload).get("crit", [])
        if not isinstance(crit, list) or not all(isinstance(name, str) for name in crit):
            raise Malformed("crit")
        require_understood(model, crit)
        return model.model_validate_json(payload, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise Malformed(_first_problem(error)) from error


def open_signed(token: str | bytes, key: OKPKey, model: type[AnyMessage]) -> AnyMessage:
    """Parse, check and read a token whose signing key is already known (a device, a root)."""
    parsed = take_apart(token)
    if parsed.kind != model.kind:
        raise Malformed(f"{parsed.kind!r}, not {model.kind!r}")
    return read(open_payload(parsed, key), model)


def _header(part: bytes) -> Mapping[str, Any]:
    if len(part) > _Registry.max_header_length:
        raise Malformed(f"{len(part)} bytes of header")
    header = json_object(from_base64url(part))
    try:
        _REGISTRY.check_header(header)
        _REGISTRY.get_alg(header["alg"])
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Malformed(type(error).__name__) from error
    return MappingProxyType(header)


_known_header = lru_cache(HEADERS_KNOWN)(_header)
"""Whoever signs much says the same in the header each time."""


def _holds(key: OKPKey, signed: bytes, signature: bytes) -> bool:
    algorithm = _REGISTRY.get_alg(ALGORITHM)
    algorithm.check_key(key)
    return algorithm.verify(signed, signature, key)


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
