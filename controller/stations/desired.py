"""The desired state of a device, made from its rows, and the trust list: signed and enqueued.

Publishing says nothing when nothing changed; the caller commits.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.config import Config
from controller.errors import Missing
from controller.keys import Keyring
from controller.outbox import enqueue, retained
from controller.stations.models import Cluster, Device, DeviceState, Output, Station
from wire import topics
from wire.down import Cluster as WireCluster
from wire.down import Desired, OutputState, Trust
from wire.errors import WireError
from wire.message import Message, next_revision
from wire.signing import open_signed, public_key, sign
from wire.trust import judge_trust

CLAIMS = {"iss", "iat", "exp", "jti", "rev"}
REFRESH_BEFORE = timedelta(days=60)
URGENCY = 2
TRUST_URGENCY = 1


def build_desired(
    session: Session, device: Device, keyring: Keyring, config: Config, now: datetime, *, rev: int
) -> Desired:
    """Return what a device shall be, from its rows; valid as long as the issuing certificate."""
    chains = _chains(session, device)
    return Desired(
        iss=keyring.subtree,
        iat=now,
        exp=keyring.issuing.certificate.exp,
        jti=uuid.uuid4().hex,
        rev=rev,
        device=device.id,
        station=device.station.name,
        areas=chains[device.station.area_id],
        profile=device.profile,
        outputs=tuple(_output(output, chains) for output in device.outputs),
        audio_url=config.device_url,
    )


def publish_desired(
    session: Session, device_id: str, keyring: Keyring, config: Config, now: datetime
) -> str:
    """Sign and enqueue the desired state of a device if it says something new; return its token.

    A state signed by an older issuing key is signed again. Raises `Missing`.
    """
    device = find_device(session, device_id)
    topic = topics.down(device_id, "desired")
    held = retained(session, topic)
    rev = next_revision(held.rev if held else 0, now)
    wanted = build_desired(session, device, keyring, config, now, rev=rev)
    if held and _still_says(held.token, wanted, keyring):
        return held.token
    token = sign(wanted, keyring.signer())
    enqueue(
        session,
        topic=topic,
        kind="desired",
        owner=device_id,
        token=token,
        rev=wanted.rev,
        retain=True,
        urgency=URGENCY,
        now=now,
    )
    return token


def devices_of(
    session: Session, areas: Iterable[str] = (), clusters: Iterable[str] = ()
) -> list[str]:
    """Return the enrolled devices with their station or a cluster below `areas`, or in `clusters`.

    Takes what `replan.take_requests` gives: these are the devices to publish anew.
    """
    paths = session.scalars(select(Area.path).where(Area.id.in_(list(areas))))
    below = [Area.path.startswith(path, autoescape=True) for path in paths]
    is_below = or_(false(), *below)
    is_enrolled = Device.state == DeviceState.ENROLLED
    by_station = (
        select(Device.id)
        .join(Station)
        .join(Area, Area.id == Station.area_id)
        .where(is_enrolled, is_below)
    )
    by_cluster = (
        select(Device.id)
        .join(Output)
        .join(Cluster)
        .join(Area, Area.id == Cluster.area_id)
        .where(is_enrolled, is_below | Cluster.id.in_(list(clusters)))
    )
    return sorted({*session.scalars(by_station), *session.scalars(by_cluster)})


def publish_trust(session: Session, keyring: Keyring, now: datetime) -> str:
    """Sign and enqueue the trust list if it says something new or grows old; return its token."""
    held = retained(session, topics.TRUST)
    rev = next_revision(held.rev if held else 0, now)
    token = keyring.trust_token(now, rev, revoked_devices(session))
    if held and _same_trust(held.token, token, keyring, now):
        return held.token
    enqueue(
        session,
        topic=topics.TRUST,
        kind="trust",
        owner="",
        token=token,
        rev=rev,
        retain=True,
        urgency=TRUST_URGENCY,
        now=now,
    )
    return token


def revoked_devices(session: Session) -> tuple[str, ...]:
    """Return the ids of revoked devices: the trust list's, and the deny lines of the broker."""
    revoked = select(Device.id).where(Device.state == DeviceState.REVOKED).order_by(Device.id)
    return tuple(session.scalars(revoked))


def find_device(session: Session, device_id: str) -> Device:
    """Return a device, or raise `Missing`."""
    device = session.get(Device, device_id)
    if device is None:
        raise Missing(what="thiết bị | device", id=device_id)
    return device


def _output(output: Output, chains: dict[str, tuple[str, ...]]) -> OutputState:
    return OutputState(
        id=output.name,
        volume_db=output.volume_db,
        delay_ms=output.delay_ms,
        clusters=tuple(_cluster(cluster, chains[cluster.area_id]) for cluster in output.clusters),
    )


def _cluster(cluster: Cluster, areas: tuple[str, ...]) -> WireCluster:
    return WireCluster.model_validate(
        {
            "id": cluster.id,
            "name": cluster.name,
            "kind": cluster.kind,
            "areas": areas,
            "latitude": cluster.latitude,
            "longitude": cluster.longitude,
            "address": cluster.address,
        }
    )


def _chains(session: Session, device: Device) -> dict[str, tuple[str, ...]]:
    ids = {device.station.area_id} | {
        cluster.area_id for output in device.outputs for cluster in output.clusters
    }
    areas: Iterable[Area] = session.scalars(select(Area).where(Area.id.in_(ids)))
    return {area.id: area.chain for area in areas}


def _content(message: Message) -> dict[str, Any]:
    return message.model_dump(exclude=CLAIMS)


def _still_says(token: str, wanted: Desired, keyring: Keyring) -> bool:
    try:
        held = open_signed(token, public_key(keyring.issuing.certificate.x), Desired)
    except WireError:
        return False
    return _content(held) == _content(wanted)


def _same_trust(token: str, wanted: str, keyring: Keyring, now: datetime) -> bool:
    try:
        held = judge_trust(token, keyring.pinned(), now + REFRESH_BEFORE)
    except WireError:
        return False
    new: Trust = judge_trust(wanted, keyring.pinned(), now)
    return _content(held) == _content(new)
