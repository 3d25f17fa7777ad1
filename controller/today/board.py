"""What the Today page shows, as values: outputs with their slots now, next and in a window.

Reads plans, the logbook and presence; decides nothing. What has no receipt is never called played.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from controller.areas.models import Area
from controller.health.models import Presence
from controller.listing import Listing, below, listing
from controller.people.rights import Actor, paths_for
from controller.plans.models import CompiledPlan
from controller.records.models import Broadcast, BroadcastState
from controller.stations.models import Device, DeviceState, Output, Station
from wire.plan import Plan

DEVICES_A_PAGE = 30
SHORT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """One slot as people see it; `left` and `width` are percent of the window."""

    title: str
    programme_id: str
    starts_at: datetime
    ends_at: datetime
    state: str
    why: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One output: where it is heard, how its device is, and its slots in order."""

    station: Station
    device: Device
    output: Output
    presence: str
    has_taken_plan: bool
    marks: tuple[Mark, ...]
    current: Mark | None
    following: Mark | None


@dataclass(frozen=True, slots=True)
class Board:
    """The lanes of one page of devices, over `[start_at, end_at)`."""

    start_at: datetime
    end_at: datetime
    now: datetime
    lanes: tuple[Lane, ...]
    devices: int

    @property
    def hours(self) -> tuple[tuple[datetime, float], ...]:
        """Return the instants to draw on the axis, with their place in percent."""
        step = timedelta(hours=1 if self.end_at - self.start_at <= timedelta(hours=9) else 3)
        count = int((self.end_at - self.start_at) / step)
        marks = [self.start_at + step * number for number in range(count)]
        return tuple((at, self.place(at)) for at in marks)

    def place(self, at: datetime) -> float:
        """Return where an instant is in the window, in percent from its start."""
        return _percent(at - self.start_at, self.end_at - self.start_at)


def board(
    session: Session, actor: Actor, now: datetime, window: tuple[datetime, datetime], page: int = 1
) -> Board:
    """Return the outputs of the actor's areas over a window, a page of devices at a time."""
    devices = _devices(session, actor, page)
    ids = [device.id for device in devices.rows]
    plans = {
        plan.device_id: plan
        for plan in session.scalars(select(CompiledPlan).where(CompiledPlan.device_id.in_(ids)))
    }
    presences = {
        presence.device_id: presence
        for presence in session.scalars(select(Presence).where(Presence.device_id.in_(ids)))
    }
    lines = _lines(session, ids, window)
    lanes: list[Lane] = []
    for device in devices.rows:
        marks = _marks(device.id, plans.get(device.id), lines, now, window)
        presence = presences.get(device.id)
        lanes += [
            _lane(output, marks.get(output.name, []), presence, plans.get(device.id), now)
            for output in device.outputs
        ]
    return Board(*window, now, tuple(lanes), devices.total)


def _devices(session: Session, actor: Actor, page: int) -> Listing[Device]:
    rows = (
        select(Device)
        .join(Device.station)
        .join(Area, Area.id == Station.area_id)
        .where(below(Area.path, paths_for(actor, "view")), Device.state == DeviceState.ENROLLED)
        .options(
            selectinload(Device.station),
            selectinload(Device.outputs).selectinload(Output.clusters),
        )
        .order_by(Area.path, Station.name, Device.name, Device.id)
    )
    return listing(session, rows, DEVICES_A_PAGE, (page - 1) * DEVICES_A_PAGE)


def _lines(
    session: Session, ids: Sequence[str], window: tuple[datetime, datetime]
) -> dict[tuple[str, str], Broadcast]:
    rows = session.scalars(
        select(Broadcast).where(
            Broadcast.device_id.in_(ids),
            Broadcast.planned_end_at > window[0],
            Broadcast.planned_start_at < window[1] + timedelta(days=1),
        )
    )
    return {(line.device_id, line.slot): line for line in rows}


def _marks(
    device_id: str,
    plan_row: CompiledPlan | None,
    lines: dict[tuple[str, str], Broadcast],
    now: datetime,
    window: tuple[datetime, datetime],
) -> dict[str, list[Mark]]:
    """Return the slots of a device by output: the logbook's lines, and what is only planned."""
    found: dict[str, dict[str, Mark]] = {}
    for (owner, name), line in lines.items():
        if owner == device_id and line.state != BroadcastState.WITHDRAWN:
            found.setdefault(line.output, {})[name] = _of_line(line, window)
    plan = Plan.model_validate_json(plan_row.payload) if plan_row else None
    titles = {programme.id: programme.title for programme in plan.programmes} if plan else {}
    for slot in plan.slots if plan else ():
        state = "planned" if slot.ends_at > now else BroadcastState.UNREPORTED
        at = (slot.starts_at, slot.ends_at)
        mark = _mark(titles[slot.programme], slot.programme, at, state, "", window)
        found.setdefault(slot.output, {}).setdefault(slot.id, mark)
    return {
        output: sorted(marks.values(), key=lambda mark: mark.starts_at)
        for output, marks in found.items()
    }


def _of_line(line: Broadcast, window: tuple[datetime, datetime]) -> Mark:
    at = (line.planned_start_at, line.planned_end_at)
    return _mark(line.title, line.programme_id, at, line.state, line.why, window)


def _mark(
    title: str,
    programme: str,
    at: tuple[datetime, datetime],
    state: str,
    why: str,
    window: tuple[datetime, datetime],
) -> Mark:
    whole = window[1] - window[0]
    left = max(0.0, _percent(at[0] - window[0], whole))
    right = min(100.0, _percent(at[1] - window[0], whole))
    return Mark(
        title=title,
        programme_id=programme.partition(".")[0],
        starts_at=at[0],
        ends_at=at[1],
        state=state,
        why=why,
        left=left,
        width=right - left,
    )


def _lane(
    output: Output,
    marks: list[Mark],
    presence: Presence | None,
    plan: CompiledPlan | None,
    now: datetime,
) -> Lane:
    status = presence.status if presence else {}
    digest = plan.digest if plan else None
    return Lane(
        station=output.device.station,
        device=output.device,
        output=output,
        presence=presence.state if presence else "never",
        has_taken_plan=digest is None or status.get("plan_digest") == digest,
        marks=tuple(mark for mark in marks if mark.width > 0 and mark.left < 100),
        current=next((m for m in marks if m.starts_at <= now < m.ends_at), None),
        following=next((m for m in marks if m.starts_at > now), None),
    )


def _percent(part: timedelta, whole: timedelta) -> float:
    return round(100 * part / whole, 3)
