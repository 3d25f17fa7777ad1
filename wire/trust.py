"""Who may say what to whom: pinned roots, issuing certificates, and the judging of a message.

Pure: the caller brings the roots, the revocations, the device's place and `now`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from joserfc.jwk import OKPKey
from pydantic import Field, model_validator

from wire.alert import Alert, AlertStatus
from wire.down import Command, Sync, Trust
from wire.errors import (
    Expired,
    Malformed,
    OutOfScope,
    Revoked,
    RolledBack,
    UntrustedIssuer,
    WrongTarget,
)
from wire.message import Area, Message, Text
from wire.signing import (
    AnyMessage,
    digest,
    open_payload,
    open_signed,
    public_key,
    read,
    take_apart,
)

LONGEST_CERTIFICATE = timedelta(days=400)
CLOCK_TOLERANCE = timedelta(seconds=60)
LONGEST_COMMAND = timedelta(minutes=5)

May = Literal["programme", "drill", "alert"]


class IssuingCertificate(Message):
    """Root-signed leave for one controller key: the subtree it serves and what it may say."""

    kind: ClassVar[str] = "cert"

    name: Text
    x: str = Field(min_length=43, max_length=43)
    subtree: Area
    may: tuple[May, ...]

    @model_validator(mode="after")
    def _is_short_lived(self) -> "IssuingCertificate":
        if not timedelta(0) < self.exp - self.iat <= LONGEST_CERTIFICATE:
            raise ValueError("an issuing certificate is valid for at most 400 days")
        return self


@dataclass(frozen=True)
class Pinned:
    """What a receiver trusts: root keys by thumbprint, and what has been revoked since."""

    roots: Mapping[str, OKPKey]
    revoked: frozenset[str] = frozenset()
    _read: dict[str, tuple[IssuingCertificate, OKPKey]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def certificate(self, text: str) -> tuple[IssuingCertificate, OKPKey]:
        """Return a root-signed certificate and its key; remembers the few it has checked."""
        if text not in self._read:
            token = take_apart(text)
            root = self.roots.get(token.kid)
            if root is None or token.kid in self.revoked:
                raise UntrustedIssuer(token.kid)
            certificate = open_signed(text, root, IssuingCertificate)
            if len(self._read) >= 64:
                self._read.clear()
            self._read[text] = certificate, public_key(certificate.x)
        return self._read[text]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receiver stands: its id, and the area chains (top first) of it and its clusters."""

    device: str
    chains: tuple[tuple[str, ...], ...]


def judge(
    text: str | bytes, model: type[AnyMessage], pinned: Pinned, place: Place, now: datetime | None
) -> AnyMessage:
    """Return the message of a controller if this receiver must believe it, else raise why not.

    Checks signature, root, revocation, what the certificate may say, that its subtree holds the
    target, the addressee, and time. With `now` None (no time known yet) instants are not judged:
    hold such a message back and judge it again; a `sync` is judged by the time it brings, and its
    freshness is its nonce. The revision is judged by `judge_revision`, against what is held.
    """
    token = take_apart(text)
    if token.kind != model.kind:
        raise Malformed(f"{token.kind!r}, not {model.kind!r}")
    certificate, key = pinned.certificate(str(token.header.get("cert", "")))
    if key.thumbprint() in pinned.revoked:
        raise Revoked(token.kid)
    message = read(open_payload(token, key), model)
    _require_leave(message, certificate)
    _require_scope(message, certificate.subtree, place)
    at = message.now if isinstance(message, Sync) else now
    if at is not None:
        _require_valid_at(at, certificate)
        _require_valid_at(at, message)
    return message


def judge_trust(text: str | bytes, pinned: Pinned, now: datetime | None) -> Trust:
    """Return a trust list if a pinned root signed it, else raise why not."""
    token = take_apart(text)
    root = pinned.roots.get(token.kid)
    if root is None or token.kid in pinned.revoked:
        raise UntrustedIssuer(token.kid)
    trust = open_signed(text, root, Trust)
    if now is not None:
        _require_valid_at(now, trust)
    return trust


def judge_revision(held: tuple[int, str] | None, rev: int, text: str) -> bool:
    """Return whether a revision is news; `held` is the revision and digest of what is held.

    The same revision with the same bytes is a quiet no-op (False); lower, or the same with other
    bytes, raises `RolledBack`.
    """
    if held is None or rev > held[0]:
        return True
    if rev == held[0] and digest(text) == held[1]:
        return False
    raise RolledBack(f"rev {rev}, held {held[0]}")


def require_same_trunk(
    old: tuple[str, ...], new: tuple[str, ...], certificate: IssuingCertificate
) -> None:
    """Let a key move a device only within its own subtree: the part above must not change."""
    if certificate.subtree not in old or certificate.subtree not in new:
        raise OutOfScope(certificate.subtree)
    depth = old.index(certificate.subtree) + 1
    if old[:depth] != new[:depth]:
        raise OutOfScope(certificate.subtree)


def _require_leave(message: Message, certificate: IssuingCertificate) -> None:
    needed: May = "programme"
    if isinstance(message, Alert):
        needed = "alert" if message.status is AlertStatus.REAL else "drill"
    if needed not in certificate.may:
        raise OutOfScope(f"{certificate.name}: {needed}")
    if isinstance(message, Command) and message.exp - message.iat > LONGEST_COMMAND:
        raise Malformed("a command lives at most 5 minutes")


def _require_scope(message: Message, subtree: str, place: Place) -> None:
    device = getattr(message, "device", place.device)
    if device != place.device:
        raise WrongTarget(str(device))
    area = getattr(message, "area", None)
    if area is None:
        if any(subtree not in chain for chain in place.chains):
            raise OutOfScope(subtree)
    elif not any(_holds(chain, subtree, area) for chain in place.chains):
        raise OutOfScope(f"{subtree} > {area}")


def _holds(chain: tuple[str, ...], subtree: str, area: str) -> bool:
    return subtree in chain and area in chain and chain.index(subtree) <= chain.index(area)


def _require_valid_at(now: datetime, message: Message) -> None:
    if message.iat > now + CLOCK_TOLERANCE:
        raise Expired(f"iat {message.iat.isoformat()}")
    if message.exp <= now:
        raise Expired(f"exp {message.exp.isoformat()}")
