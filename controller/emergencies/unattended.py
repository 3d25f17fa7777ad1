"""Release without a person: a pre-authorised template that a signed outside source asks for.

Nothing else goes out this way: never a person's draft, free text or live speech, never a word of
the source. It is the template word for word, in the very sounds that were heard when it was
approved, now and not again hours later, because they state no time of issue. The source counts as
the one person who may fire pre-authorised templates: where the rules ask for two, above a commune,
and after too many, it does not go out. A countdown counts down, and people may undo it.

Who calls has judged the source and its message (`cap/policy.py`). The caller commits, or rolls back
on an error.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from controller import wake
from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.content import Draft, usual_repeat
from controller.emergencies.drafting import Look, Sounds, draft_alert, look, redraft_alert
from controller.emergencies.errors import (
    AlreadySounds,
    NeedsPeople,
    NoReadyTemplate,
    StoppedLately,
)
from controller.emergencies.hazards import HAZARDS
from controller.emergencies.models import (
    Alert,
    AlertRevision,
    AlertState,
    AlertTemplate,
    RevisionState,
    TemplateState,
)
from controller.emergencies.rules import COOLING, Needs, needs_of, why_words
from controller.emergencies.service import NAME, newest_revision, note_change
from controller.listing import above, below
from controller.people.models import AuditEntry, Role
from controller.people.rights import Actor
from wire.alert import SOURCE_APPROVES, AlertStatus, Hazard

SYSTEM = "system"
OUT = (AlertState.COUNTING, AlertState.RELEASED)


def source_actor(source_id: str, area: Area) -> Actor:
    """Return a source as an actor: what an operator of its own area may, and nobody's person."""
    return Actor(f"{SOURCE_APPROVES}{source_id}", None, ((Role.OPERATOR, area.path),))


def release_unattended(
    session: Session,
    *,
    source_id: str,
    asked_by: str,
    draft: Draft,
    now: datetime,
    update_of: str | None = None,
) -> Alert:
    """Send the template of a hazard and level to where a draft is for; of its words take none.

    `asked_by` is who asked that the source may do so: nobody profits from a rule of today.
    `update_of` is the alert of the same source that it changes. Raises NoReadyTemplate,
    AlreadySounds, StoppedLately, NeedsPeople, and what drafting raises.
    """
    area = find_area(session, draft.area_id)
    actor = source_actor(source_id, area)
    template = ready_template(session, area, draft.hazard, draft.level)
    looked = _look(session, actor, draft, template, now)
    _require_untouched(session, actor, looked, now)
    _require_silence(session, looked, update_of, now)
    sounds = Sounds(heard=template.audio)
    if update_of is None:
        alert = draft_alert(session, actor=actor, looked=looked, sounds=sounds, now=now)
    else:
        redraft_alert(
            session, actor=actor, alert_id=update_of, looked=looked, sounds=sounds, now=now
        )
        alert = session.get_one(Alert, update_of)
    row = newest_revision(alert)
    needs = needs_of(session, alert, row, replace(actor, login=asked_by), now)
    if needs.people > 1 or not needs.is_preauthorised:
        why_vi, why_en = why_words(needs)
        raise NeedsPeople(why_vi=why_vi, why_en=why_en)
    _release(session, alert, row, actor, needs, now)
    return alert


def ready_template(session: Session, area: Area, hazard: str, level: int) -> AlertTemplate:
    """Return what is pre-authorised for exactly this level: the nearest area's, then the newest.

    Raises NoReadyTemplate. Words of another level would say too much, or too little.
    """
    rows = session.scalars(
        select(AlertTemplate).where(
            AlertTemplate.area_id.in_(area.chain),
            AlertTemplate.hazard == hazard,
            AlertTemplate.level == level,
            AlertTemplate.state == TemplateState.APPROVED,
            AlertTemplate.is_preauthorised,
        )
    ).all()
    chain = area.chain
    best = max(
        rows,
        key=lambda one: (chain.index(one.area_id), one.approved_at or one.changed_at),
        default=None,
    )
    if best is None:
        named = HAZARDS[Hazard(hazard)]
        raise NoReadyTemplate(hazard_vi=named.vi.lower(), hazard_en=named.en.lower(), level=level)
    return best


def is_own(session: Session, source_id: str, alert_id: str) -> bool:
    """Whether a source released an alert, and nobody else has written or stopped any of it."""
    alert = session.get(Alert, alert_id)
    name = f"{SOURCE_APPROVES}{source_id}"
    return alert is not None and all(one.created_by == name for one in alert.revisions)


def _look(
    session: Session, actor: Actor, draft: Draft, template: AlertTemplate, now: datetime
) -> Look:
    """Look at the template for the target of a draft, spoken as it was heard."""
    repeat = dict(template.repeat) or usual_repeat(template.level).model_dump()
    asked = replace(
        draft,
        status=AlertStatus.REAL,
        texts={},
        recordings={},
        siren=None,
        repeat=repeat | {"every_s": 0},
        minutes=min(template.minutes, draft.minutes or template.minutes),
        starts_at=None,
        template_id=template.id,
    )
    looked = look(session, actor, asked, now)
    return replace(looked, spoken=dict(looked.content.texts))


def _require_silence(session: Session, looked: Look, update_of: str | None, now: datetime) -> None:
    """Never take the place of another alert of the same hazard there, above or below."""
    area = find_area(session, looked.resolved.publish_area_id)
    rows = (
        select(Alert.id)
        .join(Area, Area.id == Alert.publish_area_id)
        .where(
            Alert.status == AlertStatus.REAL,
            Alert.hazard == looked.content.hazard,
            Alert.state.in_(OUT),
            (Alert.ends_at.is_(None)) | (Alert.ends_at > now),
            below(Area.path, [area.path]) | above(Area.path, [area.path]),
        )
    )
    if update_of is not None:
        rows = rows.where(Alert.id != update_of)
    if (other := session.scalar(rows.limit(1))) is not None:
        raise AlreadySounds(id=other)


def _require_untouched(session: Session, actor: Actor, looked: Look, now: datetime) -> None:
    """Never sound again what people took back or changed: the next of the day is theirs."""
    by_people = exists().where(
        AuditEntry.object_type == "alert",
        AuditEntry.object_id == Alert.id,
        AuditEntry.who.not_in((actor.login, SYSTEM)),
    )
    touched = session.scalar(
        select(Alert.id)
        .where(
            Alert.created_by == actor.login,
            Alert.hazard == looked.content.hazard,
            Alert.created_at > now - COOLING,
            by_people,
        )
        .limit(1)
    )
    if touched is not None:
        raise StoppedLately(id=touched)


def _release(
    session: Session,
    alert: Alert,
    row: AlertRevision,
    actor: Actor,
    needs: Needs,
    now: datetime,
) -> None:
    row.by_source, row.submitted_at = actor.login, now
    row.goes_at = now + timedelta(seconds=needs.countdown_s)
    row.state = RevisionState.COUNTING
    if alert.released_at is None:
        alert.state = AlertState.COUNTING
    session.flush()
    wake.ask(session, NAME)
    facts = {
        "revision": row.number,
        "unattended": True,
        "template": alert.template_id,
        "template_version": row.template_version,
        "rule": needs.rule_id,
        "goes_at": row.goes_at,
        "audio": {language: one["sha256"] for language, one in row.audio.items()},
    }
    note_change(session, now, actor.login, "alert.release", alert, facts)
