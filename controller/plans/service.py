"""Use cases of plans: compile and publish what changed, say what changed, show what comes.

A compile of a whole country takes seconds, so it writes in small transactions: an alert that is
released meanwhile waits for one of them at most. Nothing is signed while the database is locked.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller import outbox
from controller.config import Config
from controller.db import Sessions, upsert
from controller.keys import Keyring
from controller.outbox import Publish
from controller.plans.compile import Compiler, Content, window
from controller.plans.models import CompiledPlan
from controller.plans.network import Refused, Scope, load_network
from controller.replan import forget_requests, look_at_requests
from controller.stations.desired import devices_of, publish_all_desired
from wire import topics
from wire.errors import Malformed
from wire.message import next_revision
from wire.plan import Plan, Slot
from wire.signing import Signer, digest, payload_of, sign_payload

CHUNK = 100
"""So many devices a transaction: some 20 ms of SQLite's one writer."""
GRACE = timedelta(days=1)
"""A plan lives a day longer than its slots, so that a device never doubts its last day."""


@dataclass(frozen=True, slots=True)
class Published:
    """What one compile did: devices looked at, revisions that went out, rules left out or not.

    Devices in `too_large` keep their old plan: the new one exceeds what a message may carry.
    Somebody else published for those in `overtaken` meanwhile: they want another compile.
    """

    looked_at: int
    revisions: dict[str, int]
    refused: tuple[Refused, ...] = ()
    planned: frozenset[str] = frozenset()
    too_large: tuple[str, ...] = ()
    overtaken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Database:
    """How a long work reads and writes: `reading` waits for no writer, `writing` is patient.

    `pause` is called between devices: there an alert that is on its way gets the processor.
    """

    reading: Sessions
    writing: Sessions
    pause: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class _Signed:
    """Plans that were signed and not yet written; `held` is the revision that each follows."""

    rows: list[dict[str, Any]]
    publishes: list[Publish]
    held: dict[str, int]


@dataclass(slots=True)
class _Compile:
    """One compile under way: what it looked at, and what came of it so far."""

    compiler: Compiler
    devices: int
    rules: frozenset[str]
    held: dict[str, tuple[int, str]]
    signer: Signer
    now: datetime
    revisions: dict[str, int] = field(default_factory=dict)
    too_large: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    pause: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Change:
    """What a new plan changes for people: slots that came, went, or play something else."""

    added: tuple[Slot, ...]
    removed: tuple[Slot, ...]
    changed: tuple[Slot, ...]


def publish_requested(
    database: Database,
    keyring: Keyring,
    config: Config,
    now: datetime,
    note: Callable[[Session, Published], None] = lambda _session, _done: None,
) -> Published:
    """Publish what changes asked for, desired states and plans, in many small transactions.

    The requests go with the last one, to which `note` may add what the compile found. Killed
    before it, everything is asked for again, and what went out already is no news then.
    """
    with database.reading() as session:
        asked = look_at_requests(session)
        devices = devices_of(session, asked.desired_areas) if asked.desired_areas else []
    if not asked.ids:
        return Published(0, {})
    for some in _chunks(devices):
        database.pause()
        with database.writing.begin() as session:
            publish_all_desired(session, some, keyring, config, now)
    done = Published(0, {})
    if asked.areas or asked.clusters:
        scope = Scope(areas=asked.areas, clusters=asked.clusters)
        days, zone = config.plan_days, config.zone
        done = compile_plans(database, keyring.signer(), now, days=days, zone=zone, scope=scope)
    with database.writing.begin() as session:
        if not done.overtaken:
            forget_requests(session, asked.ids)
        note(session, done)
    return done


def roll_plans(
    database: Database, signer: Signer, now: datetime, *, days: int, zone: str, limit: int
) -> Published:
    """Give a new day to the devices whose plan began before today, at most `limit` of them."""
    today, _ = window(now, days, zone)
    behind = select(CompiledPlan.device_id).where(CompiledPlan.from_at < today)
    with database.reading() as session:
        found = session.scalars(behind.order_by(CompiledPlan.digest).limit(limit))
        devices = frozenset(found)
    if not devices:
        return Published(0, {})
    return compile_plans(database, signer, now, days=days, zone=zone, scope=Scope(devices=devices))


def compile_plans(
    database: Database,
    signer: Signer,
    now: datetime,
    *,
    days: int,
    zone: str,
    scope: Scope | None = None,
) -> Published:
    """Compile the devices of a scope (all when None) and publish what is new.

    A device whose content did not change gets nothing. Each small transaction commits.
    """
    with database.reading() as session:
        work = _begin(session, signer, now, days, zone, scope)
    work.pause = database.pause
    for fresh in _fresh(work):
        signed = _sign(work, fresh)
        with database.writing.begin() as session:
            _write(session, work, signed)
    return _result(work)


def publish_plans(
    session: Session,
    signer: Signer,
    now: datetime,
    *,
    days: int,
    zone: str,
    scope: Scope | None = None,
) -> Published:
    """Do the same in the caller's one transaction, for a few devices. The caller commits."""
    work = _begin(session, signer, now, days, zone, scope)
    for fresh in _fresh(work):
        _write(session, work, _sign(work, fresh))
    return _result(work)


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


def _begin(
    session: Session, signer: Signer, now: datetime, days: int, zone: str, scope: Scope | None
) -> _Compile:
    """Read all that a compile needs, as plain values."""
    network = load_network(session, zone, scope)
    held = _held(session, None if scope is None else [device.id for device in network.devices])
    rules = frozenset(view.rule.id for view in network.rules)
    compiler = Compiler(network, now, days, zone)
    return _Compile(compiler, len(network.devices), rules, held, signer, now)


def _fresh(work: _Compile) -> Iterator[list[Content]]:
    """Yield, in chunks, what says something else than the plan that a device has."""
    fresh: list[Content] = []
    for content in work.compiler.compile_all():
        work.pause()
        last = work.held.get(content.device_id)
        if last is None or last[1] != _fingerprint(content, work.signer):
            fresh.append(content)
        if len(fresh) >= CHUNK:
            yield fresh
            fresh = []
    if fresh:
        yield fresh


def _sign(work: _Compile, fresh: list[Content]) -> _Signed:
    """Make the messages; a device whose plan is too large to be sent to it gets none."""
    signed = _Signed([], [], {})
    for content in fresh:
        work.pause()
        last, _ = work.held.get(content.device_id, (0, ""))
        rev = next_revision(last, work.now)
        payload = payload_of(message_of(content, rev, work.now))
        try:
            token = sign_payload(Plan.kind, payload, work.signer)
        except Malformed:
            work.too_large.append(content.device_id)
            continue
        fingerprint = _fingerprint(content, work.signer)
        signed.rows.append(_row(content, rev, payload, token, fingerprint, work.now))
        signed.publishes.append(_publish_of(content, rev, token))
        signed.held[content.device_id] = last
    return signed


def _write(session: Session, work: _Compile, signed: _Signed) -> None:
    """Write and enqueue, but for a device that somebody else published for since we looked."""
    held = _held(session, list(signed.held))
    overtaken = {one for one, rev in signed.held.items() if held.get(one, (0, ""))[0] != rev}
    rows = [row for row in signed.rows if row["device_id"] not in overtaken]
    publishes = [one for one in signed.publishes if one.owner not in overtaken]
    upsert(session, CompiledPlan, rows)
    outbox.enqueue_all(session, publishes, work.now)
    work.overtaken += sorted(overtaken)
    work.revisions |= {one.owner: one.rev for one in publishes}


def _result(work: _Compile) -> Published:
    refused = tuple(work.compiler.refused)
    planned = work.rules - {rule.rule_id for rule in refused}
    too_large, overtaken = tuple(work.too_large), tuple(work.overtaken)
    return Published(work.devices, work.revisions, refused, planned, too_large, overtaken)


def _chunks(devices: list[str]) -> Iterable[list[str]]:
    return (devices[at : at + CHUNK] for at in range(0, len(devices), CHUNK))


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
