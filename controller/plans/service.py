"""Use cases of plans: compile and publish what changed, say what changed, show what comes."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller import outbox
from controller.config import Config
from controller.db import upsert
from controller.keys import Keyring
from controller.outbox import Publish
from controller.plans.compile import Compiler, Content, window
from controller.plans.models import CompiledPlan
from controller.plans.network import Refused, Scope, load_network
from controller.replan import take_requests
from controller.stations.desired import devices_of, publish_all_desired
from wire import topics
from wire.errors import Malformed
from wire.message import next_revision
from wire.plan import Plan, Slot
from wire.signing import Signer, digest, payload_of, sign_payload

CHUNK = 500
GRACE = timedelta(days=1)
"""A plan lives a day longer than its slots, so that a device never doubts its last day."""


@dataclass(frozen=True, slots=True)
class Published:
    """What one compile did: devices looked at, revisions that went out, rules left out or not.

    Devices in `too_large` keep their old plan: the new one exceeds what a message may carry.
    """

    looked_at: int
    revisions: dict[str, int]
    refused: tuple[Refused, ...] = ()
    planned: frozenset[str] = frozenset()
    too_large: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a new plan changes for people: slots that came, went, or play something else."""

    added: tuple[Slot, ...]
    removed: tuple[Slot, ...]
    changed: tuple[Slot, ...]


def publish_requested(
    session: Session, keyring: Keyring, config: Config, now: datetime
) -> Published:
    """Publish what changes asked for, desired states and plans; the requests go with the commit."""
    asked = take_requests(session)
    if asked.desired_areas:
        devices = devices_of(session, asked.desired_areas)
        publish_all_desired(session, devices, keyring, config, now)
    if not asked.areas and not asked.clusters:
        return Published(0, {})
    scope = Scope(areas=asked.areas, clusters=asked.clusters)
    signer = keyring.signer()
    return publish_plans(session, signer, now, days=config.plan_days, zone=config.zone, scope=scope)


def roll_plans(
    session: Session, signer: Signer, now: datetime, *, days: int, zone: str, limit: int
) -> Published:
    """Give a new day to the devices whose plan began before today, at most `limit` of them."""
    today, _ = window(now, days, zone)
    behind = select(CompiledPlan.device_id).where(CompiledPlan.from_at < today)
    devices = frozenset(session.scalars(behind.order_by(CompiledPlan.digest).limit(limit)))
    if not devices:
        return Published(0, {})
    return publish_plans(session, signer, now, days=days, zone=zone, scope=Scope(devices=devices))


def publish_plans(
    session: Session,
    signer: Signer,
    now: datetime,
    *,
    days: int,
    zone: str,
    scope: Scope | None = None,
) -> Published:
    """Compile the devices of a scope (all when None) and publish what is new.

    A device whose content did not change gets nothing. The caller commits.
    """
    network = load_network(session, zone, scope)
    compiler = Compiler(network, now, days, zone)
    held = _held(session, None if scope is None else [device.id for device in network.devices])
    revisions: dict[str, int] = {}
    too_large: list[str] = []
    fresh: list[tuple[Content, int]] = []
    for content in compiler.compile_all():
        last = held.get(content.device_id)
        if last is None or last[1] != _fingerprint(content, signer):
            rev = next_revision(last[0] if last else 0, now)
            revisions[content.device_id] = rev
            fresh.append((content, rev))
        if len(fresh) >= CHUNK:
            too_large += _publish(session, fresh, signer, now)
            fresh = []
    too_large += _publish(session, fresh, signer, now)
    for device in too_large:
        del revisions[device]
    refused = tuple(compiler.refused)
    planned = {view.rule.id for view in network.rules} - {rule.rule_id for rule in refused}
    return Published(len(network.devices), revisions, refused, frozenset(planned), tuple(too_large))


def plan_of(session: Session, device_id: str) -> Plan | None:
    """Return the plan that was last published for a device."""
    row = session.get(CompiledPlan, device_id)
    return Plan.model_validate_json(row.payload) if row else None


def difference(old: Plan | None, new: Plan) -> Change:
    """Compare two plans of one device, slot by slot; what ended before the new one is no change."""
    before = {slot.id: slot for slot in old.slots if slot.ends_at > new.iat} if old else {}
    after = {slot.id: slot for slot in new.slots}
    return Change(
        added=tuple(slot for name, slot in after.items() if name not in before),
        removed=tuple(slot for name, slot in before.items() if name not in after),
        changed=tuple(s for name, s in after.items() if name in before and before[name] != s),
    )


def message_of(content: Content, rev: int, now: datetime) -> Plan:
    """Return the plan message of a content; its slots are shared, not copied."""
    return Plan(
        iss=content.chain[-1],
        iat=now,
        exp=content.until_at + GRACE,
        jti=uuid.uuid4().hex,
        rev=rev,
        crit=("slots.clusters", "slots.offset_ms", "programmes.items"),
        device=content.device_id,
        from_at=content.from_at,
        until_at=content.until_at,
        assets=content.assets,
        programmes=content.programmes,
        slots=content.slots,
    )


def _publish(
    session: Session, fresh: list[tuple[Content, int]], signer: Signer, now: datetime
) -> list[str]:
    """Sign and enqueue; return the devices whose plan is too large to be sent to them."""
    rows: list[dict[str, Any]] = []
    publishes: list[Publish] = []
    too_large: list[str] = []
    for content, rev in fresh:
        payload = payload_of(message_of(content, rev, now))
        try:
            token = sign_payload(Plan.kind, payload, signer)
        except Malformed:
            too_large.append(content.device_id)
            continue
        rows.append(_row(content, rev, payload, token, _fingerprint(content, signer), now))
        publishes.append(_publish_of(content, rev, token))
    upsert(session, CompiledPlan, rows)
    outbox.enqueue_all(session, publishes, now)
    return too_large


def _row(
    content: Content, rev: int, payload: bytes, token: str, fingerprint: str, now: datetime
) -> dict[str, Any]:
    return {
        "device_id": content.device_id,
        "rev": rev,
        "digest": digest(token),
        "content_hash": fingerprint,
        "payload": payload,
        "next_start_at": min((slot.starts_at for slot in content.slots), default=None),
        "from_at": content.from_at,
        "until_at": content.until_at,
        "compiled_at": now,
    }


def _fingerprint(content: Content, signer: Signer) -> str:
    """Return what changes when a plan says something else or another key must sign it (R17)."""
    return hashlib.sha256(f"{content.hash} {signer.kid}".encode()).hexdigest()


def _publish_of(content: Content, rev: int, token: str) -> Publish:
    return Publish(
        topic=topics.down(content.device_id, "plan"),
        kind="plan",
        owner=content.device_id,
        token=token,
        rev=rev,
        retain=True,
        urgency=2,
        expires_at=content.until_at + GRACE,
    )


def _held(session: Session, devices: list[str] | None) -> dict[str, tuple[int, str]]:
    rows = select(CompiledPlan.device_id, CompiledPlan.rev, CompiledPlan.content_hash)
    if devices is not None:
        rows = rows.where(CompiledPlan.device_id.in_(devices))
    return {device: (rev, content) for device, rev, content in session.execute(rows)}
