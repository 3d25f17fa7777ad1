"""What devices were told to play, over the JSON API: read only."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from controller.errors import Missing
from controller.listing import Listing
from controller.people.access import actor, now, reading
from controller.plans.models import CompiledPlan
from controller.plans.service import plan_of
from controller.stations.sight import seen_device, seen_output
from controller.web.api import Key, Number, PageQuery, Told, allow, answer, cut, make_api, page_of
from wire.message import Instant
from wire.plan import Plan

plans_api = make_api("plans", "Kế hoạch phát", "Plans")


class DevicePath(BaseModel):
    """Which device."""

    device_id: Key


class OutputPath(BaseModel):
    """Which output."""

    output_id: Number


class TimelineQuery(PageQuery):
    """Slots that sound within `[from_at, until_at)`; a day from now without them."""

    from_at: Instant | None = None
    until_at: Instant | None = None


class SlotOut(Told):
    """One interval of an output, and the reason it won."""

    id: str
    output: str
    programme: str
    title: str
    starts_at: datetime
    ends_at: datetime
    offset_ms: int
    origin: str
    broadcast_class: str
    clusters: list[str]
    ceiling_db: float | None
    resume: str
    reason: str


class PlanOut(BaseModel):
    """The plan that was last published for a device, in the words of the wire."""

    device_id: str
    rev: int
    digest: str
    compiled_at: datetime
    from_at: datetime
    until_at: datetime
    assets: list[dict[str, Any]]
    programmes: list[dict[str, Any]]
    slots: list[dict[str, Any]]


class SlotPage(BaseModel):
    """One page of slots, by start."""

    total: int
    items: list[SlotOut]


@plans_api.get("/devices/<device_id>/plan", responses={200: PlanOut})
@allow("view")
def get_plan(path: DevicePath) -> Response:
    """Show the plan of a device as it was last published."""
    with reading() as session:
        device = seen_device(session, actor(), path.device_id)
        plan, row = _plan(session, device.id), session.get_one(CompiledPlan, device.id)
        parts = plan.model_dump(mode="json", include={"assets", "programmes", "slots"})
        return answer(
            PlanOut(
                device_id=device.id,
                rev=row.rev,
                digest=row.digest,
                compiled_at=row.compiled_at,
                from_at=row.from_at,
                until_at=row.until_at,
                **parts,
            )
        )


@plans_api.get("/outputs/<int:output_id>/timeline", responses={200: SlotPage})
@allow("view")
def get_timeline(path: OutputPath, query: TimelineQuery) -> Response:
    """Show what one output plays, slot by slot, with the reasons."""
    first = query.from_at or now()
    last = query.until_at or first + timedelta(days=1)
    with reading() as session:
        output = seen_output(session, actor(), path.output_id)
        plan = plan_of(session, output.device_id)
    slots = [
        slot
        for slot in (plan.slots if plan else ())
        if slot.output == output.name and slot.starts_at < last and slot.ends_at > first
    ]
    titles = {one.id: one.title for one in plan.programmes} if plan else {}
    part: Listing[Any] = cut(slots, query)
    told = (SlotOut(**slot.model_dump(), title=titles[slot.programme]) for slot in part.rows)
    return page_of(told, part.total)


def _plan(session: Session, device_id: str) -> Plan:
    plan = plan_of(session, device_id)
    if plan is None:
        raise Missing(what="kế hoạch phát | plan", id=device_id)
    return plan
