"""How incidents end: by a person's hand, by time, or when the rule or device is gone.

What can be measured ends in `service.py` instead, with the message that says it is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies import panics
from controller.errors import Conflict, Invalid, Missing
from controller.health import incidents
from controller.health.models import Incident
from controller.health.sight import incidents_in_sight
from controller.people.audit import record
from controller.people.rights import Actor, require
from controller.plans.network import on_air
from controller.plans.service import Published
from controller.programmes.models import ScheduleRule
from controller.stations.models import Device, DeviceState

ACTION = "incident.close"
BY_HAND = frozenset(
    {incidents.FAULT, incidents.REFUSED, incidents.FORGED, incidents.MISSED, incidents.RULE}
)
"""The others are measured: closed by hand they would hide what is still so."""
DAY = timedelta(hours=24)
"""A refused or forged message is sent again at the latest with the next day's plan."""
WEEK = timedelta(days=7)
"""What people must see waits for somebody who is there on one day of the week only."""
LONGEST_NOTE = 500


def settle_incident(
    session: Session, actor: Actor, incident_id: int, now: datetime, note: str = ""
) -> Incident:
    """Close an incident by hand, with who did it and a note of at most 500 characters; audited.

    One that is closed stays as it is. Raises Missing, NotAllowed, Invalid, and Conflict for a
    kind that is not in `BY_HAND`.
    """
    incident, area = _seen(session, actor, incident_id)
    require(actor, ACTION, area)
    if len(note) > LONGEST_NOTE:
        raise Invalid(field="note", why_vi="quá 500 ký tự", why_en="has over 500 characters")
    if incident.closed_at is None and incident.kind not in BY_HAND:
        raise Conflict(
            why_vi="Sự cố này tự đóng khi đã hết", why_en="This incident closes when it is over"
        )
    if incident.closed_at is None and _claim(session, incident, actor, now, note):
        facts = {"kind": incident.kind, "device": incident.device_id, "subject": incident.subject}
        facts |= {"note": note}
        record(session, now, actor.login, "incident.close", "incident", incident.id, area.id, facts)
    return incident


def note_rules(session: Session, done: Published, now: datetime) -> list[str]:
    """Open an incident for every rule that a compile refused, close those of rules it planned.

    The same for devices whose plan was too large to send.
    A compile of some areas says nothing about rules elsewhere. Returns what is new, for the log.
    """
    fresh: list[str] = []
    for rule in done.refused:
        facts = {"programme": rule.programme_id, "why": rule.why}
        if incidents.open_incident(
            session, incidents.RULE, None, now, subject=rule.rule_id, facts=facts
        ):
            fresh.append(f"rule {rule.rule_id} of {rule.programme_id} plays nowhere: {rule.why}")
    for incident in _open(session, Incident.kind == incidents.RULE):
        if incident.subject in done.planned:
            incident.closed_at = now
    return fresh + _note_large(session, done, now)


def close_what_is_over(session: Session, now: datetime) -> int:
    """Close what did not come again for its time, and what is about no rule or device any more.

    Returns how many.
    """
    over = [
        *_quiet(session, Incident.kind.in_([incidents.REFUSED, incidents.FORGED]), now - DAY),
        *_quiet(session, Incident.kind == incidents.MISSED, now - WEEK),
        *_quiet(
            session, (Incident.kind == incidents.FAULT) & (Incident.subject == "bug"), now - WEEK
        ),
        *_of_revoked(session),
        *_open(
            session,
            (Incident.kind == incidents.LOCAL_ALERT)
            & Incident.device_id.in_(panics.over(session, now)),
        ),
        *(
            one
            for one in _open(session, Incident.kind == incidents.RULE)
            if not _is_on_air(session, one.subject)
        ),
    ]
    for incident in over:
        incident.closed_at = now
    return len(over)


def _note_large(session: Session, done: Published, now: datetime) -> list[str]:
    for incident in _open(session, Incident.kind == incidents.TOO_LARGE):
        if incident.device_id in done.revisions:
            incident.closed_at = now
    return [
        f"the plan of {device} is too large to send; the old one stays"
        for device in done.too_large
        if incidents.open_incident(session, incidents.TOO_LARGE, device, now)
    ]


def _seen(session: Session, actor: Actor, incident_id: int) -> tuple[Incident, Area]:
    rows = incidents_in_sight(actor).add_columns(Area).where(Incident.id == incident_id)
    found = session.execute(rows).one_or_none()
    if found is None:
        raise Missing(what="sự cố | incident", id=incident_id)
    return found[0], found[1]


def _claim(session: Session, incident: Incident, actor: Actor, now: datetime, note: str) -> bool:
    """Close it unless somebody was quicker; return whether it was us."""
    facts = incident.facts | {"closed_by": actor.login} | ({"note": note} if note else {})
    closing = update(Incident).where(Incident.id == incident.id, Incident.closed_at.is_(None))
    done = session.execute(closing.values(closed_at=now, facts=facts))
    session.refresh(incident)
    return getattr(done, "rowcount", 0) == 1


def _open(session: Session, which: ColumnElement[bool]) -> Sequence[Incident]:
    return session.scalars(select(Incident).where(Incident.closed_at.is_(None), which)).all()


def _quiet(session: Session, which: ColumnElement[bool], since: datetime) -> list[Incident]:
    found = _open(session, which & (Incident.opened_at <= since))
    return [one for one in found if incidents.last_at(one) <= since]


def _of_revoked(session: Session) -> Sequence[Incident]:
    """Return what is open about revoked devices, save that one still reports: that is news."""
    revoked = select(Device.id).where(Device.state == DeviceState.REVOKED)
    return _open(session, Incident.device_id.in_(revoked) & (Incident.kind != incidents.FORGED))


def _is_on_air(session: Session, rule_id: str) -> bool:
    """Return whether a compile of its places would look at the rule at all."""
    row = session.get(ScheduleRule, rule_id)
    if row is None or not row.is_active or row.programme.archived_at is not None:
        return False
    return on_air(row.programme) is not None
