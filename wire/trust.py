"""Who may say what to whom: pinned roots, issuing certificates, and the judging of a message.

Pure: the caller brings the roots, the revocations, the device's place and `now`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from joserfc.jwk import OKPKey
from pydantic import Field, model_validator

from wire.alert import Alert, AlertStatus, Live
from wire.down import Command, Desired, Sync, Trust
from wire.errors import (
    Expired,
    Malformed,
    OutOfScope,
    Revoked,
    RolledBack,
    UntrustedIssuer,
    WrongTarget,
)
from wire.message import Area, Message
from wire.plan import Plan
from wire.signing import (
    AnyMessage,
    digest,
    open_payload,
    open_signed,
    public_key,
    read,
    take_apart,
)
from wire.topics import Topic

LONGEST_CERTIFICATE = timedelta(days=400)
CLOCK_TOLERANCE = timedelta(seconds=60)
LONGEST_COMMAND = timedelta(minutes=5)

May = Literal["programme", "drill", "alert"]
CONTROLLER_SAYS = (Plan, Desired, Command, Sync, Alert, Live)


class IssuingCertificate(Message):
    """Root-signed leave for one controller key: the subtree it serves and what it may say."""

    kind: ClassVar[str] = "cert"

    name: str = Field(max_length=200)
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
        default_factory=dict, init=False, compare=False, repr=False
    )

    def certificate(self, text: str) -> tuple[IssuingCertificate, OKPKey]:
        """Return a root-signed certificate and its key; remembers the few it has checked."""
        checked = self._read.get(text)
        if checked is None:
            certificate = open_signed(text, self.root(take_apart(text).kid), IssuingCertificate)
            key = public_key(certificate.x)
            if key.thumbprint() in self.revoked:
                raise Revoked(certificate.name)
            if len(self._read) >= 64:
                self._read.clear()
            checked = self._read[text] = certificate, key
        return checked

    def root(self, kid: str) -> OKPKey:
        """Return a pinned root; `UntrustedIssuer` for a stranger, `Revoked` for one revoked."""
        if kid not in self.roots:
            raise UntrustedIssuer(kid)
        if kid in self.revoked:
            raise Revoked(kid)
        return self.roots[kid]


def pin(roots: Iterable[str], revoked: Iterable[str] = ()) -> Pinned:
    """Return what trusts these roots (`x` values) but none of the revoked thumbprints."""
    keys = [public_key(x) for x in roots]
    return Pinned({key.thumbprint(): key for key in keys}, frozenset(revoked))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receiver stands: its id, and the area chains (top first) of it and its clusters.

    No chains means not placed yet: such a receiver believes only a `desired`, which places it.
    """

    device: str
    chains: tuple[tuple[str, ...], ...]


def judge(
    text: str | bytes, model: type[AnyMessage], pinned: Pinned, place: Place, now: datetime | None
) -> AnyMessage:
    """Return the message of a controller if this receiver must believe it, else raise why not.

    Checks signature, root, revocation, what the certificate may say, that its subtree holds the
    target, the addressee, and time. With `now` None (no time known yet) instants are not judged:
    hold such a message back and judge it again. A `sync` is judged by the time it brings: only the
    caller's nonce tells a fresh one from a replay, and only the newest signed instant that the
    caller has seen stops one from the past. The revision is judged by `judge_revision`.
    """
    token = take_apart(text)
    if token.kind != model.kind:
        raise Malformed(f"{token.kind!r}, not {model.kind!r}")
    certificate, key = pinned.certificate(str(token.header.get("cert", "")))
    message = read(open_payload(token, key), model)
    _require_leave(message, certificate)
    _require_scope(message, certificate.subtree, place)
    at = message.now if isinstance(message, Sync) else now
    if at is not None:
        _require_valid_at(at, certificate)
        _require_valid_at(at, message)
    return message


def judge_trust(text: str | bytes, pinned: Pinned, now: datetime | None) -> Trust:
    """Return a trust list if a pinned root signed it, else raise why not.

    A root may revoke the other but not itself, so that one is always left.
    """
    kid = take_apart(text).kid
    trust = open_signed(text, pinned.root(kid), Trust)
    if kid in trust.revoked:
        raise Malformed("a root revokes itself")
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


def require_topic(message: Message, topic: Topic) -> None:
    """Raise `WrongTarget` when a message arrives on a topic that is not its own."""
    owner = getattr(message, "device", getattr(message, "area", ""))
    object_id = getattr(message, "id", getattr(message, "session", ""))
    if (message.kind, owner, object_id) != (topic.kind, topic.owner, topic.object_id):
        raise WrongTarget(f"{message.kind} {owner} {object_id}")


def require_continues(held: Alert, new: Alert) -> None:
    """Let a revision of an alert change neither its status nor whose it is: no drill ends a real.

    Raises `OutOfScope`.
    """
    if (held.area, held.id, held.status) != (new.area, new.id, new.status):
        raise OutOfScope(f"{new.id}: {new.status} in {new.area}")


def _require_leave(message: Message, certificate: IssuingCertificate) -> None:
    if not isinstance(message, CONTROLLER_SAYS):
        raise OutOfScope(message.kind)
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
    if isinstance(message, Alert | Live):
        if not any(_holds(chain, subtree, message.area) for chain in place.chains):
            raise OutOfScope(f"{subtree} > {message.area}")
    else:
        _require_one_trunk(subtree, (*place.chains, *_chains_of(message)))


def _chains_of(message: Message) -> tuple[tuple[str, ...], ...]:
    """Return where a desired state would place the device and its clusters."""
    if not isinstance(message, Desired):
        return ()
    clusters = (cluster for output in message.outputs for cluster in output.clusters)
    return (message.areas, *(cluster.areas for cluster in clusters))


def _require_one_trunk(subtree: str, chains: tuple[tuple[str, ...], ...]) -> None:
    """Require every chain, old and new, to pass through the subtree by the same way from the top.

    So a key moves a device only within its own subtree, and nobody speaks to an unplaced one.
    """
    trunks = {chain[: chain.index(subtree)] if subtree in chain else None for chain in chains}
    if len(trunks) != 1 or None in trunks:
        raise OutOfScope(subtree)


def _holds(chain: tuple[str, ...], subtree: str, area: str) -> bool:
    return subtree in chain and area in chain and chain.index(subtree) <= chain.index(area)


def _require_valid_at(now: datetime, message: Message) -> None:
    if message.iat > now + CLOCK_TOLERANCE:
        raise Expired(f"iat {message.iat.isoformat()}")
    if message.exp <= now:
        raise Expired(f"exp {message.exp.isoformat()}")
