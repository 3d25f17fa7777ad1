"""The answer that heals everything else: made fresh for one nonce, signed, never queued."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.health.models import Presence
from controller.outbox_models import Retained
from controller.people import audit
from controller.stations.models import Cluster, Output
from wire import topics
from wire.alert import AlertRevision
from wire.down import Sync

SYNC_LIVES = timedelta(minutes=2)


def sync_of(
    session: Session, device_id: str, nonce: str, asked_at: datetime, now: datetime
) -> Sync:
    """Return the answer to a device that asked with `nonce`; sign it with a fresh `now`."""
    revisions = _revisions(session, device_id)
    presence = session.get(Presence, device_id)
    return Sync(
        iss="controller",
        iat=now,
        exp=now + SYNC_LIVES,
        jti=uuid.uuid4().hex,
        rev=int(now.timestamp() * 1000),
        device=device_id,
        nonce=nonce,
        asked_at=asked_at,
        now=now,
        plan_rev=revisions.get(topics.down(device_id, "plan"), 0),
        desired_rev=revisions.get(topics.down(device_id, "desired"), 0),
        trust_rev=revisions.get(topics.TRUST, 0),
        alerts=_alerts(session, device_id, now),
        receipts_upto=presence.receipts_upto if presence else 0,
        audit_head=audit.head(session),
    )


def _revisions(session: Session, device_id: str) -> dict[str, int]:
    wanted = (topics.down(device_id, "plan"), topics.down(device_id, "desired"), topics.TRUST)
    rows = session.execute(select(Retained.topic, Retained.rev).where(Retained.topic.in_(wanted)))
    return {row.topic: row.rev for row in rows}


def _alerts(session: Session, device_id: str, now: datetime) -> tuple[AlertRevision, ...]:
    """Return the alerts on any area above one of the device's clusters."""
    paths = session.scalars(
        select(Area.path)
        .join(Cluster, Cluster.area_id == Area.id)
        .join(Output, Output.id == Cluster.output_id)
        .where(Output.device_id == device_id)
        .distinct()
    )
    areas = {area for path in paths for area in path.strip("/").split("/")}
    rows = session.scalars(
        select(Retained).where(
            Retained.kind == "alert", Retained.owner.in_(areas), Retained.expires_at > now
        )
    )
    return tuple(
        AlertRevision(area=row.owner, id=topics.parse(row.topic).object_id, rev=row.rev)
        for row in rows
    )
