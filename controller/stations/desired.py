"""The desired state of devices, made from their rows: signed and enqueued where it says news.

Devices are read by the hundred, so that a change of a whole province stays seconds. The caller
commits.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from controller.areas.models import Area
from controller.config import Config
from controller.errors import Missing
from controller.keys import Keyring
from controller.outbox import Publish, enqueue_all
from controller.outbox_models import Retained
from controller.stations.models import Cluster, Device, DeviceState, Output, Station
from controller.stations.packs import Wanted, wanted_packs
from wire import topics
from wire.down import Cluster as WireCluster
from wire.down import Desired, Intervals, OutputState
from wire.errors import WireError
from wire.message import next_revision
from wire.signing import open_signed, public_key, sign

CLAIMS = {"iss", "iat", "exp", "jti", "rev"}
URGENCY = 2
CHUNK = 500

Chains = Mapping[str, tuple[str, ...]]


def publish_desired(
    session: Session, device_id: str, keyring: Keyring, config: Config, now: datetime
) -> str:
    """Publish the desired state of one device if it says something new; return its token.

    A state signed by an older issuing key is signed again. Raises `Missing`.
    """
    find_device(session, device_id)
    return publish_all_desired(session, [device_id], keyring, config, now)[device_id]


def publish_all_desired(
    session: Session,
    device_ids: Iterable[str],
    keyring: Keyring,
    config: Config,
    now: datetime,
) -> dict[str, str]:
    """Publish the desired state of devices where it says something new; return device > token."""
    ids, tokens = sorted(set(device_ids)), dict[str, str]()
    for at in range(0, len(ids), CHUNK):
        tokens |= _publish_chunk(session, ids[at : at + CHUNK], keyring, config, now)
    return tokens


def devices_of(
    session: Session, areas: Iterable[str] = (), clusters: Iterable[str] = ()
) -> list[str]:
    """Return the enrolled devices with their station or a cluster below `areas`, or in `clusters`.

    Takes what `replan.take_requests` gives: these are the devices to publish anew.
    """
    paths = session.scalars(select(Area.path).where(Area.id.in_(list(areas))))
    is_below = or_(false(), *(Area.path.startswith(path, autoescape=True) for path in paths))
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


def find_device(session: Session, device_id: str) -> Device:
    """Return a device, or raise `Missing`."""
    device = session.get(Device, device_id)
    if device is None:
        raise Missing(what="thiết bị | device", id=device_id)
    return device


def _publish_chunk(
    session: Session, ids: Sequence[str], keyring: Keyring, config: Config, now: datetime
) -> dict[str, str]:
    devices = _load(session, ids)
    chains = _chains(session, devices)
    packs = wanted_packs(session, {device.station.area_id for device in devices})
    topic_of = {device.id: topics.down(device.id, "desired") for device in devices}
    rows = session.scalars(select(Retained).where(Retained.topic.in_(topic_of.values())))
    held = {row.owner: row for row in rows}
    tokens: dict[str, str] = {}
    publishes: list[Publish] = []
    for device in devices:
        before = held.get(device.id)
        rev = next_revision(before.rev if before else 0, now)
        pack = packs[device.station.area_id]
        wanted = _build(device, chains, pack, keyring, config, now, rev=rev)
        if before and _still_says(before.token, wanted, keyring):
            tokens[device.id] = before.token
            continue
        token = tokens[device.id] = sign(wanted, keyring.signer())
        publishes.append(_publish_of(device.id, topic_of[device.id], token, rev))
    enqueue_all(session, publishes, now)
    return tokens


def _build(
    device: Device,
    chains: Chains,
    pack: Wanted,
    keyring: Keyring,
    config: Config,
    now: datetime,
    *,
    rev: int,
) -> Desired:
    """Return what a device shall be; valid as long as the issuing certificate."""
    issuing = keyring.issuing.certificate
    return Desired(
        iss=issuing.subtree,
        iat=now,
        exp=issuing.exp,
        jti=uuid.uuid4().hex,
        rev=rev,
        device=device.id,
        station=device.station.name,
        areas=chains[device.station.area_id],
        profile=device.profile,
        outputs=tuple(_output(output, chains) for output in device.outputs),
        audio_url=config.device_url,
        intervals=Intervals(health_s=config.health_s, sync_s=config.sync_s),
        emergency_pack=pack.sha256,
        emergency_pack_bytes=pack.bytes,
        languages=pack.languages,
    )


def _output(output: Output, chains: Chains) -> OutputState:
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


def _publish_of(device_id: str, topic: str, token: str, rev: int) -> Publish:
    return Publish(
        topic=topic,
        kind="desired",
        owner=device_id,
        token=token,
        rev=rev,
        retain=True,
        urgency=URGENCY,
    )


def _load(session: Session, ids: Sequence[str]) -> Sequence[Device]:
    return session.scalars(
        select(Device)
        .where(Device.id.in_(ids))
        .options(
            joinedload(Device.station),
            selectinload(Device.outputs).selectinload(Output.clusters),
        )
    ).all()


def _chains(session: Session, devices: Iterable[Device]) -> Chains:
    ids = {device.station.area_id for device in devices} | {
        cluster.area_id
        for device in devices
        for output in device.outputs
        for cluster in output.clusters
    }
    rows = session.execute(select(Area.id, Area.path).where(Area.id.in_(ids)))
    return {row.id: tuple(row.path.strip("/").split("/")) for row in rows}


def _still_says(token: str, wanted: Desired, keyring: Keyring) -> bool:
    try:
        held = open_signed(token, public_key(keyring.issuing.certificate.x), Desired)
    except WireError:
        return False
    return held.model_dump(exclude=CLAIMS) == wanted.model_dump(exclude=CLAIMS)
