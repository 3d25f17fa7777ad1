"""A fixed cast for the wire: two roots, controllers of two communes, one device, one day."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from wire.kinds import MESSAGES
from wire.message import Message
from wire.signing import Signer, open_signed, public_x, read, sign, signer
from wire.trust import IssuingCertificate, May, Pinned, Place, judge, judge_trust, pin

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EVERYTHING: tuple[May, ...] = ("programme", "drill", "alert")
AN_BINH = ("vn", "lam-dong", "an-binh")
TAN_LAP = ("vn", "lam-dong", "tan-lap")


def key(number: int) -> OKPKey:
    """Return a fixed key: its private part is 32 times the same byte."""
    return OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def issue(
    subtree: str, may: tuple[May, ...] = EVERYTHING, number: int = 3, root_number: int = 1
) -> Signer:
    """Return a controller's signer: its key, and a certificate from a root."""
    own, root = key(number), key(root_number)
    certificate = IssuingCertificate(
        iss="root",
        iat=NOW - timedelta(days=10),
        exp=NOW + timedelta(days=300),
        jti=f"cert-{subtree}-{number}",
        rev=1,
        name=f"Máy chủ {subtree}",
        x=public_x(own),
        subtree=subtree,
        may=may,
    )
    return signer(own, sign(certificate, signer(root)))


@dataclass(frozen=True)
class Cast:
    """Who is who in these tests."""

    an_binh: Signer
    tan_lap: Signer
    device: Signer
    pinned: Pinned
    place: Place
    now: datetime


@pytest.fixture(scope="session")
def cast() -> Cast:
    return Cast(
        an_binh=issue("an-binh", number=3),
        tan_lap=issue("tan-lap", number=4),
        device=signer(key(6)),
        pinned=pin([public_x(key(1)), public_x(key(2))]),
        place=Place("d-anbinh01", (AN_BINH,)),
        now=NOW,
    )


@pytest.fixture(scope="session", name="issue")
def issue_fixture() -> Callable[..., Signer]:
    return issue


@pytest.fixture(scope="session", name="key")
def key_fixture() -> Callable[[int], OKPKey]:
    return key


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, Any]]:
    """Return the newest golden file of a kind."""

    def load(kind: str) -> dict[str, Any]:
        newest = max(GOLDEN.glob(f"{kind}-*.json"), key=lambda path: int(path.stem.split("-")[-1]))
        loaded: dict[str, Any] = json.loads(newest.read_text(encoding="utf-8"))
        return loaded

    return load


@pytest.fixture(scope="session")
def example(golden: Callable[[str], dict[str, Any]]) -> Callable[..., Any]:
    """Return the golden message of a kind, with some fields changed and checked again."""

    def build(kind: str, **changes: Any) -> Message:
        payload = golden(kind)["payload"] | changes
        text = json.dumps(payload, default=lambda value: value.isoformat())
        return read(text.encode(), MESSAGES[kind])

    return build


@pytest.fixture(scope="session")
def receive(cast: Cast) -> Callable[[str | bytes, str], Message]:
    """Judge a token of some kind as its proper receiver does."""

    def judged(token: str | bytes, kind: str) -> Message:
        model = MESSAGES[kind]
        if kind == "trust":
            return judge_trust(token, cast.pinned, cast.now)
        if kind == "cert":
            text = token if isinstance(token, str) else token.decode("utf-8", "replace")
            return cast.pinned.certificate(text)[0]
        if kind in {"status", "health", "receipts", "panic", "renew", "pull"}:
            return open_signed(token, cast.device.key, model)
        return judge(token, model, cast.pinned, cast.place, cast.now)

    return judged
