"""The trust list as published: issuing certificates, revoked keys and revoked devices."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.keys import Keyring
from controller.outbox import enqueue, retained
from controller.stations.models import Device, DeviceState
from wire import topics
from wire.down import Trust
from wire.errors import WireError
from wire.message import next_revision
from wire.trust import judge_trust

CLAIMS = {"iss", "iat", "exp", "jti", "rev"}
REFRESH_BEFORE = timedelta(days=60)
URGENCY = 1


def publish_trust(session: Session, keyring: Keyring, now: datetime) -> str:
    """Sign and enqueue the trust list if it says something new or grows old; return its token.

    Only then is the root needed; raises `KeyClosed` where this process may not read it.
    """
    held = retained(session, topics.TRUST)
    rev = next_revision(held.rev if held else 0, now)
    wanted = keyring.trust(now, rev, revoked_devices(session))
    if held and _still_says(held.token, wanted, keyring, now):
        return held.token
    token = keyring.sign_trust(wanted)
    enqueue(
        session,
        topic=topics.TRUST,
        kind="trust",
        owner="",
        token=token,
        rev=rev,
        retain=True,
        urgency=URGENCY,
        now=now,
    )
    return token


def revoked_devices(session: Session) -> tuple[str, ...]:
    """Return the ids of revoked devices: the trust list's, and the deny lines of the broker."""
    revoked = select(Device.id).where(Device.state == DeviceState.REVOKED).order_by(Device.id)
    return tuple(session.scalars(revoked))


def _still_says(token: str, wanted: Trust, keyring: Keyring, now: datetime) -> bool:
    try:
        held = judge_trust(token, keyring.pinned(), now + REFRESH_BEFORE)
    except WireError:
        return False
    return held.model_dump(exclude=CLAIMS) == wanted.model_dump(exclude=CLAIMS)
