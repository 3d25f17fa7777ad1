"""The logbook (nhật ký phát sóng): every planned slot is expected, checked, and accounted for.

A slot without a receipt is never shown as played.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, true, update
from sqlalchemy.orm import Session

from controller.health import incidents
from controller.health.models import Incident, Presence
from controller.plans.models import CompiledPlan
from controller.plans.service import plan_of
from controller.records.models import Broadcast, BroadcastState
from wire.plan import Plan, Slot
from wire.up import Receipt, ReceiptKind, Status

EXPECT_AHEAD = timedelta(minutes=10)
CHECK_AHEAD = timedelta(minutes=5)
TAKEN_WITHIN = timedelta(seconds=20)
"""So long a device may take for a new plan and its audio before anybody is told."""
REPORT_WITHIN = timedelta(seconds=90)
WHOLE_WITHIN_MS = 2000
_OPEN = (BroadcastState.EXPECTED, BroadcastState.AT_RISK)


def devices_due(session: Session, now: datetime) -> list[str]:
    """Return the devices with a slot that starts within ten minutes, or a line that waits for one.

    At five in the morning that is a whole country: take some at a time.
    """
    soon = select(CompiledPlan.device_id).where(CompiledPlan.next_start_at <= now + EXPECT_AHEAD)
    waiting = select(Broadcast.device_id).where(
        Broadcast.state.in_(_OPEN), Broadcast.planned_start_at > now
    )
    return sorted({*session.scalars(soon), *session.scalars(waiting.distinct())})


def expect_broadcasts(
    session: Session, now: datetime, devices: Collection[str] | None = None
) -> int:
    """Enter the slots that start within ten minutes; return how many lines are new.

    Lines whose slot has left the plan become `withdrawn`. Of all devices that are due, or of some.
    """
    due = devices_due(session, now) if devices is None else devices
    rows = session.scalars(select(CompiledPlan).where(CompiledPlan.device_id.in_(due)))
    return sum(_expect(session, row, now) for row in rows.all())


def note_receipt(session: Session, device_id: str, receipt: Receipt) -> None:
    """Account for a slot with what its device signed."""
    if receipt.slot is None:
        return
    line = _line(session, device_id, receipt.slot)
    if line is None:
        line = _line_from_plan(session, device_id, receipt)
    match receipt.kind:
        case ReceiptKind.STARTED:
            line.state = BroadcastState.PLAYING
            line.started_at, line.late_ms = receipt.at, receipt.late_ms
        case ReceiptKind.FINISHED:
            line.finished_at, line.played_ms = receipt.at, receipt.played_ms
            line.state = _finished_state(line)
            line.why = receipt.code if line.state == BroadcastState.PARTLY else line.why
        case ReceiptKind.MISSED | ReceiptKind.SKIPPED:
            line.state = BroadcastState.MISSED
            line.why = receipt.code or receipt.detail
        case ReceiptKind.FELL_BACK | ReceiptKind.CAME_BACK:
            line.why = f"{line.why} {receipt.kind.value}:{receipt.code}".strip()[:2000]


def was_played(session: Session, device_id: str, slot: str | None) -> bool:
    """Return whether receipts account for the whole of a slot."""
    line = _line(session, device_id, slot) if slot else None
    return line is not None and line.state == BroadcastState.PLAYED


def check_ahead(
    session: Session, now: datetime, devices: Collection[str] | None = None
) -> list[Broadcast]:
    """Find what will not play, minutes before: return the lines that newly are at risk.

    Of all devices, or of some.
    """
    wanted = true() if devices is None else Broadcast.device_id.in_(devices)
    lines = session.scalars(
        select(Broadcast).where(
            wanted,
            Broadcast.state.in_(_OPEN),
            Broadcast.planned_start_at > now,
            Broadcast.planned_start_at <= now + CHECK_AHEAD,
        )
    ).all()
    newly: list[Broadcast] = []
    for line in lines:
        why = _risk(session, line, now)
        if why and line.state == BroadcastState.EXPECTED:
            line.state, line.why = BroadcastState.AT_RISK, why
            newly.append(line)
            incidents.open_incident(
                session,
                incidents.AT_RISK,
                line.device_id,
                now,
                subject=line.slot,
                facts={"why": why, "title": line.title},
            )
        elif not why and line.state == BroadcastState.AT_RISK:
            line.state, line.why = BroadcastState.EXPECTED, ""
            incidents.close_incident(
                session, incidents.AT_RISK, line.device_id, now, subject=line.slot
            )
    return newly


def check_overdue(session: Session, now: datetime) -> list[Broadcast]:
    """Return lines that nobody accounted for in time; they become `unreported`, with an incident.

    A later receipt still puts them right.
    """
    overdue = session.scalars(
        select(Broadcast).where(
            (Broadcast.state.in_(_OPEN) & (Broadcast.planned_start_at < now - REPORT_WITHIN))
            | (
                (Broadcast.state == BroadcastState.PLAYING)
                & (Broadcast.planned_end_at < now - REPORT_WITHIN)
            )
        )
    ).all()
    for line in overdue:
        line.state = BroadcastState.UNREPORTED
        line.why = line.why or "no_receipt"
        incidents.open_incident(
            session,
            incidents.MISSED,
            line.device_id,
            now,
            subject=line.slot,
            facts={"why": line.why, "title": line.title},
        )
    return list(overdue)


def close_past_risks(session: Session, now: datetime) -> None:
    """Close the risk of every line that is decided by now: it plays, was missed or withdrawn."""
    still = select(Broadcast.id).where(
        Broadcast.device_id == Incident.device_id,
        Broadcast.slot == Incident.subject,
        Broadcast.state == BroadcastState.AT_RISK,
    )
    session.execute(
        update(Incident)
        .where(Incident.closed_at.is_(None), Incident.kind == incidents.AT_RISK, ~still.exists())
        .values(closed_at=now)
    )


def broadcasts(
    session: Session,
    *,
    from_at: datetime,
    until_at: datetime,
    devices: Iterable[str] | None = None,
) -> Sequence[Broadcast]:
    """Return the lines that start in `[from_at, until_at)`, in order."""
    rows = select(Broadcast).where(
        Broadcast.planned_start_at >= from_at, Broadcast.planned_start_at < until_at
    )
    if devices is not None:
        rows = rows.where(Broadcast.device_id.in_(list(devices)))
    return session.scalars(rows.order_by(Broadcast.planned_start_at, Broadcast.id)).all()


def _expect(session: Session, row: CompiledPlan, now: datetime) -> int:
    plan = Plan.model_validate_json(row.payload)
    titles = {programme.id: programme.title for programme in plan.programmes}
    due = {s.id: s for s in plan.slots if s.ends_at > now and s.starts_at <= now + EXPECT_AHEAD}
    known = session.scalars(
        select(Broadcast).where(
            Broadcast.device_id == row.device_id,
            Broadcast.slot.in_(due) | Broadcast.state.in_(_OPEN),
        )
    ).all()
    slots = {slot.id for slot in plan.slots}
    for line in known:
        _follow(line, slots, due, now)
    held = {line.slot for line in known}
    fresh = [slot for name, slot in due.items() if name not in held]
    session.add_all(_new_line(row.device_id, slot, titles[slot.programme]) for slot in fresh)
    later = [slot.starts_at for slot in plan.slots if slot.starts_at > now + EXPECT_AHEAD]
    row.next_start_at = min(later, default=None)
    return len(fresh)


def _follow(line: Broadcast, slots: set[str], due: dict[str, Slot], now: datetime) -> None:
    """Keep a line that has not begun in step with the newest plan."""
    if line.slot in due and line.state in (*_OPEN, BroadcastState.WITHDRAWN):
        slot = due[line.slot]
        line.planned_start_at, line.planned_end_at = slot.starts_at, slot.ends_at
        if line.state == BroadcastState.WITHDRAWN:
            line.state = BroadcastState.EXPECTED
    elif line.slot not in slots and line.state in _OPEN and line.planned_start_at > now:
        line.state = BroadcastState.WITHDRAWN


def _new_line(device_id: str, slot: Slot, title: str) -> Broadcast:
    return Broadcast(
        device_id=device_id,
        slot=slot.id,
        output=slot.output,
        programme_id=slot.programme,
        title=title,
        planned_start_at=slot.starts_at,
        planned_end_at=slot.ends_at,
        state=BroadcastState.EXPECTED,
        why="",
    )


def _line(session: Session, device_id: str, slot: str) -> Broadcast | None:
    return session.scalars(
        select(Broadcast).where(Broadcast.device_id == device_id, Broadcast.slot == slot)
    ).first()


def _line_from_plan(session: Session, device_id: str, receipt: Receipt) -> Broadcast:
    """Enter a line that only the receipt told us of (we were away when it was due)."""
    plan = plan_of(session, device_id)
    slot = next((s for s in plan.slots if s.id == receipt.slot), None) if plan else None
    titles = {programme.id: programme.title for programme in plan.programmes} if plan else {}
    programme = receipt.programme or ""
    line = Broadcast(
        device_id=device_id,
        slot=receipt.slot or "",
        output=receipt.output or "",
        programme_id=programme,
        title=titles.get(programme, programme),
        planned_start_at=slot.starts_at if slot else receipt.at,
        planned_end_at=slot.ends_at if slot else receipt.at,
        state=BroadcastState.EXPECTED,
        why="",
    )
    session.add(line)
    session.flush()
    return line


def _finished_state(line: Broadcast) -> BroadcastState:
    planned_ms = (line.planned_end_at - line.planned_start_at) / timedelta(milliseconds=1)
    whole = line.played_ms is not None and line.played_ms >= planned_ms - WHOLE_WITHIN_MS
    return BroadcastState.PLAYED if whole else BroadcastState.PARTLY


def _risk(session: Session, line: Broadcast, now: datetime) -> str:
    """Return why a line may not play, or an empty text."""
    presence = session.get(Presence, line.device_id)
    plan = session.get(CompiledPlan, line.device_id)
    if presence is None or presence.state != "online":
        return "device_offline"
    status = Status.model_validate(presence.status)
    is_fresh = plan is not None and plan.compiled_at > now - TAKEN_WITHIN
    if plan is not None and not is_fresh and status.plan_digest != plan.digest:
        return "plan_not_taken"
    if status.clock == "none":
        return "clock_untrusted"
    output = next((o for o in status.outputs if o.id == line.output), None)
    if output is not None and not output.is_alive:
        return "output_dead"
    return "audio_missing" if not is_fresh and _is_missing(session, line, status) else ""


def _is_missing(session: Session, line: Broadcast, status: Status) -> bool:
    if not status.missing or (plan := plan_of(session, line.device_id)) is None:
        return False
    programme = next((p for p in plan.programmes if p.id == line.programme_id), None)
    needed = {item.sha256 for item in programme.items if item.kind == "asset"} if programme else ()
    return not set(status.missing).isdisjoint(needed)
