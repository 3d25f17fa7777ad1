"""Templates: alerts prepared without a place, heard and approved by a second person beforehand."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.db import Sessions
from controller.emergencies import speech
from controller.emergencies.announcer import Announcer, require_sayable
from controller.emergencies.content import Content, Draft, content_of
from controller.emergencies.errors import OwnTemplate, TemplateMissing
from controller.emergencies.hearing import require_heard
from controller.emergencies.models import AlertTemplate, TemplateState
from controller.emergencies.speech import Spoken, Studio
from controller.errors import Conflict, Invalid
from controller.library.reading import reading_of
from controller.listing import Listing, above, below, listing
from controller.people import audit
from controller.people.rights import Actor, paths_for, require
from wire.alert import AlertStatus

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """What a template says; the words as `content.Draft` has them."""

    title: str
    hazard: str
    level: int
    texts: dict[str, str] = field(default_factory=dict)
    siren: str | None = None
    minutes: int = 30
    repeat: dict[str, int] | None = None


def write_template(
    sessions: Sessions,
    read_sessions: Sessions,
    studio: Studio,
    actor: Actor,
    area_id: str,
    draft: TemplateDraft,
    now: datetime,
    template_id: str | None = None,
) -> str:
    """Check, speak and keep a template, new or in place of `template_id`; return its id.

    A change voids the approval. Raises NotAllowed, Missing, Invalid, TemplateMissing.
    """
    with read_sessions() as session:
        content = _checked(session, actor, area_id, draft, now)
        reading = reading_of(session, find_area(session, area_id))
    announcer = Announcer(reading)
    words = {name: announcer.theirs(text, name) for name, text in content.texts.items()}
    require_sayable(words)
    (spoken,) = studio.speak(words, manner=reading.manner)
    studio.note(area_id, announcer.read, now)
    with sessions.begin() as session:
        return keep_template(
            session,
            actor=actor,
            area_id=area_id,
            draft=draft,
            words=words,
            spoken=spoken,
            now=now,
            template_id=template_id,
        ).id


def keep_template(
    session: Session,
    *,
    actor: Actor,
    area_id: str,
    draft: TemplateDraft,
    words: dict[str, str],
    spoken: Spoken,
    now: datetime,
    template_id: str | None = None,
) -> AlertTemplate:
    """Keep a template that was spoken, in these words, as a draft to be approved."""
    content = _checked(session, actor, area_id, draft, now)
    row = _row(session, actor, area_id, template_id, now)
    row.title = draft.title.strip()
    row.hazard, row.level = content.hazard, content.level
    row.texts, row.spoken = dict(content.texts), words
    row.audio = speech.keep(session, spoken, now)
    row.siren, row.minutes = content.siren, content.minutes
    row.repeat = content.repeat.model_dump() if draft.repeat else {}
    row.state, row.is_preauthorised = TemplateState.DRAFTED, False
    row.approved_by = row.approved_at = None
    row.changed_by, row.changed_at = actor.login, now
    session.add(row)
    session.flush()
    facts = {"title": row.title, "version": row.version, "texts": row.texts}
    _note(session, now, actor, "alert.template", row, facts)
    return row


def approve_template(
    session: Session,
    *,
    actor: Actor,
    template_id: str,
    now: datetime,
    version: int,
    preauthorise: bool = False,
) -> AlertTemplate:
    """Approve the words of one version after listening; `preauthorise` lets one person fire it.

    Raises OwnTemplate for who wrote it, NotHeard, Conflict for another version or state.
    """
    row = _locked(session, actor, template_id, "alert.approve_template")
    if row.state != TemplateState.DRAFTED or row.version != version:
        raise Conflict(
            why_vi="Mẫu này đã được duyệt hoặc vừa được sửa; hãy xem lại",
            why_en="This template was approved or changed meanwhile; look again",
        )
    if actor.login in {row.changed_by, row.created_by}:
        raise OwnTemplate(login=actor.login)
    require_heard(session, actor, row.id, row.audio)
    row.state, row.is_preauthorised = TemplateState.APPROVED, preauthorise
    row.approved_by, row.approved_at = actor.login, now
    facts = {
        "version": version,
        "preauthorised": preauthorise,
        "texts": row.texts,
        "spoken": row.spoken,
        "audio": {language: one["sha256"] for language, one in row.audio.items()},
        "written_by": row.changed_by,
    }
    _note(session, now, actor, "alert.template_approve", row, facts)
    return row


def retire_template(
    session: Session, *, actor: Actor, template_id: str, now: datetime
) -> AlertTemplate:
    """Offer a template no longer. Twice is once."""
    row = _locked(session, actor, template_id, "alert.template")
    if row.state != TemplateState.RETIRED:
        row.state, row.is_preauthorised = TemplateState.RETIRED, False
        _note(session, now, actor, "alert.template_retire", row, {"version": row.version})
    return row


def template_of(session: Session, actor: Actor, template_id: str) -> AlertTemplate:
    """Return a template of the actor's areas or of one above, else TemplateMissing."""
    tops = paths_for(actor, "view")
    row = session.scalar(
        select(AlertTemplate)
        .join(Area, Area.id == AlertTemplate.area_id)
        .where(AlertTemplate.id == template_id, below(Area.path, tops) | above(Area.path, tops))
    )
    if row is None:
        raise TemplateMissing(id=template_id)
    return row


def templates(
    session: Session,
    actor: Actor,
    *,
    state: str | None = None,
    hazard: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[AlertTemplate]:
    """Return the templates that the actor can see, by hazard and title."""
    tops = paths_for(actor, "view")
    rows = select(AlertTemplate).join(Area, Area.id == AlertTemplate.area_id)
    rows = rows.where(below(Area.path, tops) | above(Area.path, tops))
    if state is not None:
        rows = rows.where(AlertTemplate.state == state)
    if hazard is not None:
        rows = rows.where(AlertTemplate.hazard == hazard)
    by_name = rows.order_by(AlertTemplate.hazard, AlertTemplate.title, AlertTemplate.id)
    return listing(session, by_name, limit, offset)


def usable_template(session: Session, area: Area, template_id: str) -> AlertTemplate:
    """Return an approved template of the area or of one above it, else TemplateMissing."""
    row = session.get(AlertTemplate, template_id)
    if row is None or row.state != TemplateState.APPROVED or row.area_id not in area.chain:
        raise TemplateMissing(id=template_id)
    return row


def words_of(template: AlertTemplate) -> dict[str, str]:
    """Return the words of a template as they were heard.

    One from before words were kept was read by the shipped dictionary alone.
    """
    return {
        name: template.spoken.get(name) or Announcer().theirs(text, name)
        for name, text in template.texts.items()
    }


def _checked(
    session: Session, actor: Actor, area_id: str, draft: TemplateDraft, now: datetime
) -> Content:
    area = find_area(session, area_id)
    require(actor, "alert.template", area)
    if not 1 <= len(draft.title.strip()) <= LONGEST_TITLE:
        raise Invalid(field="title", why_vi="cần 1 đến 200 chữ", why_en="needs 1 to 200 letters")
    asked = Draft(
        area_id=area_id,
        status=AlertStatus.REAL,
        hazard=draft.hazard,
        level=draft.level,
        texts=draft.texts,
        siren=draft.siren,
        minutes=draft.minutes,
        repeat=draft.repeat,
    )
    return content_of(asked, area, now)


def _row(
    session: Session, actor: Actor, area_id: str, template_id: str | None, now: datetime
) -> AlertTemplate:
    if template_id is None:
        return AlertTemplate(
            id=f"m-{uuid4().hex[:12]}",
            area_id=area_id,
            version=1,
            created_by=actor.login,
            changed_by=actor.login,
            changed_at=now,
        )
    row = _locked(session, actor, template_id, "alert.template")
    if row.area_id != area_id:
        raise TemplateMissing(id=template_id)
    row.version += 1
    return row


def _locked(session: Session, actor: Actor, template_id: str, action: str) -> AlertTemplate:
    row = template_of(session, actor, template_id)
    require(actor, action, find_area(session, row.area_id))
    session.refresh(row, with_for_update=True)
    return row


def _note(
    session: Session,
    now: datetime,
    actor: Actor,
    action: str,
    row: AlertTemplate,
    facts: dict[str, Any],
) -> None:
    audit.record(session, now, actor.login, action, "alert_template", row.id, row.area_id, facts)
