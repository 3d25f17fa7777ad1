"""The calendar of drills over the JSON API: plan, move, hold, score."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field

from controller.emergencies import drills
from controller.people.access import actor, now, reading, writing
from controller.web.api import Asked, Key, PageQuery, Told, Words, allow, answer, make_api, page

drills_api = make_api(
    "drills", "Mẫu, quy tắc, diễn tập", "Templates, rules and drills", tag="prepared"
)


class DrillPath(BaseModel):
    """Which drill."""

    drill_id: Key


class DrillQuery(PageQuery):
    """Which part of the calendar."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class DrillBody(Asked):
    """A drill to be held."""

    area_id: Key
    title: Words = Field(max_length=200)
    planned_at: AwareDatetime
    template_id: Key | None = None


class DrillEdit(Asked):
    """What changes."""

    title: Words | None = Field(None, max_length=200)
    planned_at: AwareDatetime | None = None


class HoldBody(Asked):
    """The alert that the drill is."""

    alert_id: Key


class DrillOut(Told):
    """A drill and, afterwards, how it went by area."""

    id: str
    area_id: str
    title: str
    planned_at: datetime
    template_id: str | None
    alert_id: str | None
    score: dict[str, Any]
    scored_at: datetime | None
    cancelled_at: datetime | None


class DrillPage(BaseModel):
    """One page of the calendar."""

    total: int
    items: list[DrillOut]


@drills_api.get("/drills", responses={200: DrillPage})
@allow("view")
def list_drills(query: DrillQuery) -> Response:
    """Show the calendar of drills."""
    with reading() as session:
        return page(DrillOut, drills.drills(session, actor(), **query.model_dump()))


@drills_api.post("/drills", responses={201: DrillOut})
@allow("drill.plan")
def plan_drill(body: DrillBody) -> Response:
    """Put a drill into the calendar."""
    with writing() as session:
        made = drills.plan_drill(session, actor=actor(), now=now(), **body.model_dump())
        return answer(DrillOut.model_validate(made), 201)


@drills_api.get("/drills/<drill_id>", responses={200: DrillOut})
@allow("view")
def get_drill(path: DrillPath) -> Response:
    """Show one drill."""
    with reading() as session:
        return answer(DrillOut.model_validate(drills.drill_of(session, actor(), path.drill_id)))


@drills_api.patch("/drills/<drill_id>", responses={200: DrillOut})
@allow("drill.plan")
def change_drill(path: DrillPath, body: DrillEdit) -> Response:
    """Move or rename a drill."""
    with writing() as session:
        row = drills.change_drill(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(DrillOut.model_validate(row))


@drills_api.post("/drills/<drill_id>/hold", responses={200: DrillOut})
@allow("drill.plan")
def hold_drill(path: DrillPath, body: HoldBody) -> Response:
    """Say which alert the drill is."""
    with writing() as session:
        row = drills.hold_drill(
            session, actor=actor(), now=now(), **path.model_dump(), **body.model_dump()
        )
        return answer(DrillOut.model_validate(row))


@drills_api.post("/drills/<drill_id>/score", responses={200: DrillOut})
@allow("drill.plan")
def score_drill(path: DrillPath) -> Response:
    """Count how each village heard it."""
    with writing() as session:
        row = drills.score_drill(session, actor=actor(), drill_id=path.drill_id, now=now())
        return answer(DrillOut.model_validate(row))


@drills_api.delete("/drills/<drill_id>", responses={200: DrillOut})
@allow("drill.plan")
def cancel_drill(path: DrillPath) -> Response:
    """Take a drill out of the calendar."""
    with writing() as session:
        row = drills.cancel_drill(session, actor=actor(), drill_id=path.drill_id, now=now())
        return answer(DrillOut.model_validate(row))
