"""Alerts that were raised at a device itself, over the JSON API."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel

from controller.emergencies.panics import local_alerts
from controller.listing import Listing
from controller.people.access import actor, now, reading
from controller.web.api import PageQuery, Told, allow, cut, make_api, page

panics_api = make_api(
    "panics", "Mẫu, quy tắc, diễn tập", "Templates, rules and drills", tag="prepared"
)


class LocalQuery(PageQuery):
    """Which local alerts."""

    only_active: bool = True


class LocalAlertOut(Told):
    """An alert that was raised at a device itself."""

    device_id: str
    id: str
    hazard: str
    outputs: list[str]
    starts_at: datetime
    ends_at: datetime
    told_at: datetime


class LocalAlertPage(BaseModel):
    """Local alerts."""

    total: int
    items: list[LocalAlertOut]


@panics_api.get("/local-alerts", responses={200: LocalAlertPage})
@allow("view")
def list_local_alerts(query: LocalQuery) -> Response:
    """List alerts that somebody raised at a device itself."""
    with reading() as session:
        found = local_alerts(session, actor(), now(), only_active=query.only_active)
        listed = Listing(tuple(found), len(found))
        return page(LocalAlertOut, cut(listed.rows, query))
