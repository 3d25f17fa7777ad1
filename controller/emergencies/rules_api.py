"""Release rules over the JSON API: who must release a real alert."""

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from controller.emergencies import rules
from controller.people.access import actor, now, reading, writing
from controller.web.api import (
    Asked,
    Key,
    Number,
    PageQuery,
    Told,
    allow,
    answer,
    cut,
    make_api,
    nothing,
    page,
)

rules_api = make_api(
    "rules", "Mẫu, quy tắc, diễn tập", "Templates, rules and drills", tag="prepared"
)


class RulePath(BaseModel):
    """Which release rule."""

    release_rule_id: Number


class RuleBody(Asked):
    """Who must release a real alert."""

    area_id: Key
    hazard: Key | None = None
    level_from: int = Field(1, ge=1, le=5)
    level_to: int = Field(5, ge=1, le=5)
    people: Literal[1, 2] = 2
    needs_second_factor: bool = True
    preauthorised_only: bool = False
    countdown_s: int = Field(0, ge=0, le=rules.LONGEST_COUNTDOWN_S)


class RuleOut(Told):
    """A release rule."""

    id: int
    area_id: str
    hazard: str | None
    level_from: int
    level_to: int
    people: int
    needs_second_factor: bool
    preauthorised_only: bool
    countdown_s: int
    changed_by: str
    changed_at: datetime


class RulePage(BaseModel):
    """The release rules."""

    total: int
    items: list[RuleOut]


@rules_api.get("/release-rules", responses={200: RulePage})
@allow("view")
def list_release_rules(query: PageQuery) -> Response:
    """List the release rules of my areas and those above."""
    with reading() as session:
        return page(RuleOut, cut(rules.rules(session, actor()), query))


@rules_api.post("/release-rules", responses={201: RuleOut})
@allow("alert.rules")
def create_release_rule(body: RuleBody) -> Response:
    """Write a release rule."""
    return _set_rule(body, None, 201)


@rules_api.put("/release-rules/<int:release_rule_id>", responses={200: RuleOut})
@allow("alert.rules")
def change_release_rule(path: RulePath, body: RuleBody) -> Response:
    """Change a release rule."""
    return _set_rule(body, path.release_rule_id, 200)


@rules_api.delete("/release-rules/<int:release_rule_id>", responses={204: None})
@allow("alert.rules")
def remove_release_rule(path: RulePath) -> Response:
    """Remove a release rule."""
    with writing() as session:
        rules.remove_rule(session, actor=actor(), rule_id=path.release_rule_id, now=now())
    return nothing()


def _set_rule(body: RuleBody, rule_id: int | None, status: int) -> Response:
    with writing() as session:
        row = rules.set_rule(
            session, actor=actor(), now=now(), rule_id=rule_id, **body.model_dump()
        )
        return answer(RuleOut.model_validate(row), status)
