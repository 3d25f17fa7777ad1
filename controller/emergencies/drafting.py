"""Writing an alert: looked at (`look`), spoken outside of a transaction, then kept as a revision.

Each change of the words is a new revision, so what people confirmed can never change under them.
The caller commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.db import Sessions
from controller.emergencies import speech
from controller.emergencies.announcer import Announcer, require_sayable
from controller.emergencies.content import Content, Draft, content_of, stored_content
from controller.emergencies.errors import StatusFixed
from controller.emergencies.models import (
    Alert,
    AlertRevision,
    AlertState,
    AlertTemplate,
    RevisionState,
    TemplateState,
)
from controller.emergencies.prepared import usable_template, words_of
from controller.emergencies.service import (
    OPEN,
    newest_revision,
    note_change,
    open_alert,
    require_state,
)
from controller.emergencies.speech import Spoken, Studio
from controller.emergencies.target import Resolved, resolve
from controller.emergencies.wording import ZONE, all_clear_texts, spoken_texts
from controller.errors import Conflict, Invalid
from controller.library.reading import Reading, reading_of
from controller.people.rights import Actor, require
from controller.speech import Spoken as Read
from wire.alert import AlertAction


@dataclass(frozen=True, slots=True)
class Look:
    """A checked draft before it is spoken: what it says, in which words, and who would hear it.

    `is_prepared` when the words are exactly those of an approved template. `reading` is how the
    area that speaks has texts read, `read` how these became words, with what could not be read.
    """

    content: Content
    resolved: Resolved
    spoken: dict[str, str]
    all_clear: dict[str, str]
    issued_at: datetime
    area_id: str
    template: AlertTemplate | None = None
    is_prepared: bool = False
    reading: Reading = field(default_factory=Reading)
    read: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True)
class Sounds:
    """The words of an alert and its all-clear, spoken and in the store.

    `heard` are sounds of before, as a column holds them: those of an approved template.
    """

    words: Spoken = field(default_factory=dict)
    all_clear: Spoken = field(default_factory=dict)
    heard: Mapping[str, Any] = field(default_factory=dict)


def look(session: Session, actor: Actor, draft: Draft, now: datetime, zone: str = ZONE) -> Look:
    """Check a draft and return what it would say and who would hear it; nothing is written.

    It is read by the dictionaries of the area that speaks: nobody below changes its words. A
    template's words are those that were heard when it was approved.

    Raises NotAllowed, Missing, Invalid, NobodyHears, TemplateMissing.
    """
    area = find_area(session, draft.area_id)
    require(actor, "alert.draft", area)
    template = usable_template(session, area, draft.template_id) if draft.template_id else None
    if template is not None and not draft.texts:
        draft = _filled(draft, template)
    content = content_of(draft, area, now)
    resolved = resolve(session, area, content.target)
    is_prepared = template is not None and _is_word_for_word(content, template)
    heard = words_of(template) if template is not None and is_prepared else {}
    reading = reading_of(session, area)
    announcer = Announcer(reading)
    spoken = spoken_texts(content, now, announcer, zone, heard)
    require_sayable(spoken)
    return Look(
        content,
        resolved,
        spoken,
        all_clear_texts(content, now, announcer, zone),
        now,
        area.id,
        template,
        is_prepared,
        reading,
        announcer.read,
    )


def speak(studio: Studio, looked: Look) -> Sounds:
    """Speak what was looked at; seconds of work, so do it outside of every transaction."""
    words = {
        language: text
        for language, text in looked.spoken.items()
        if language not in looked.content.recordings
    }
    studio.note(looked.area_id, looked.read, looked.issued_at)
    return Sounds(*studio.speak(words, looked.all_clear, manner=looked.reading.manner))


def write_alert(
    sessions: Sessions,
    read_sessions: Sessions,
    studio: Studio,
    actor: Actor,
    draft: Draft,
    now: datetime,
    zone: str = ZONE,
) -> str:
    """Look, speak and keep a new alert, in two transactions; return its id."""
    with read_sessions() as session:
        looked = look(session, actor, draft, now, zone)
    sounds = speak(studio, looked)
    with sessions.begin() as session:
        return draft_alert(session, actor=actor, looked=looked, sounds=sounds, now=now).id


def rewrite_alert(
    sessions: Sessions,
    read_sessions: Sessions,
    studio: Studio,
    actor: Actor,
    alert_id: str,
    draft: Draft,
    now: datetime,
    zone: str = ZONE,
) -> int:
    """Look, speak and keep new words of an alert, in two transactions; return the revision."""
    with read_sessions() as session:
        looked = look(session, actor, draft, now, zone)
    sounds = speak(studio, looked)
    with sessions.begin() as session:
        made = redraft_alert(
            session, actor=actor, alert_id=alert_id, looked=looked, sounds=sounds, now=now
        )
        return made.number


def draft_alert(
    session: Session, *, actor: Actor, looked: Look, sounds: Sounds, now: datetime
) -> Alert:
    """Keep a new alert with its first text; `status` and places are fixed from here on (R19)."""
    require(actor, "alert.draft", find_area(session, looked.area_id))
    content = looked.content
    alert = Alert(
        id=f"a-{uuid4().hex[:12]}",
        area_id=looked.area_id,
        publish_area_id=looked.resolved.publish_area_id,
        status=content.status,
        hazard=content.hazard,
        level=content.level,
        state=AlertState.DRAFTED,
        template_id=looked.template.id if looked.template else None,
        created_by=actor.login,
        created_at=now,
    )
    session.add(alert)
    session.flush()
    _add(session, actor, alert, looked, sounds, AlertAction.ALERT, now)
    return alert


def redraft_alert(
    session: Session, *, actor: Actor, alert_id: str, looked: Look, sounds: Sounds, now: datetime
) -> AlertRevision:
    """Write new words: of a draft in its place, of a released alert as its update.

    Confirmations of the words before do not count for these (R18). Raises StatusFixed for another
    status, Conflict for another hazard of what sounds already or a wider area than it has.
    """
    alert = open_alert(session, actor, alert_id, "alert.draft")
    require_state(
        alert, AlertState.DRAFTED, AlertState.AWAITING, AlertState.COUNTING, AlertState.RELEASED
    )
    _check_continues(session, alert, looked)
    _replace_pending(alert)
    is_update = alert.released_at is not None
    action = AlertAction.UPDATE if is_update else AlertAction.ALERT
    if not is_update:
        alert.state = AlertState.DRAFTED
        alert.hazard, alert.level = looked.content.hazard, looked.content.level
        alert.publish_area_id = looked.resolved.publish_area_id
        alert.template_id = looked.template.id if looked.template else None
    elif looked.template is not None:
        alert.template_id = looked.template.id
    return _add(session, actor, alert, looked, sounds, action, now)


def copy_as_draft(
    session: Session, alert: Alert, revision: AlertRevision, actor: Actor, now: datetime
) -> AlertRevision:
    """Write the same words once more as a draft, so that they need new confirmations."""
    copied = AlertRevision(
        alert_id=alert.id,
        number=newest_revision(alert).number + 1,
        action=revision.action,
        state=RevisionState.DRAFTED,
        content=revision.content,
        spoken=revision.spoken,
        audio=revision.audio,
        all_clear=revision.all_clear,
        all_clear_audio=revision.all_clear_audio,
        is_prepared=revision.is_prepared,
        template_version=revision.template_version,
        issued_at=revision.issued_at,
        created_by=actor.login,
        created_at=now,
    )
    session.add(copied)
    session.flush()
    session.expire(alert, ["revisions"])
    return copied


def draft_of(alert: Alert, revision: AlertRevision) -> Draft:
    """Return a text as a draft to be changed, as a form shows it."""
    content = stored_content(revision.content)
    target = content.target
    return Draft(
        area_id=alert.area_id,
        status=content.status,
        hazard=content.hazard,
        level=content.level,
        texts=dict(content.texts),
        areas=target.areas,
        shapes=tuple(shape.model_dump() for shape in target.shapes),
        exceptions=target.exceptions,
        recordings=dict(content.recordings),
        siren=content.siren,
        siren_ms=content.siren_ms,
        repeat=content.repeat.model_dump(),
        minutes=content.minutes,
        starts_at=content.starts_at,
        template_id=alert.template_id,
    )


def _add(
    session: Session,
    actor: Actor,
    alert: Alert,
    looked: Look,
    sounds: Sounds,
    action: AlertAction,
    now: datetime,
) -> AlertRevision:
    area = find_area(session, looked.area_id)
    made = speech.recorded(session, looked.content.recordings, area) | dict(sounds.heard)
    by_voice = speech.keep(session, sounds.words, now)
    revision = AlertRevision(
        alert_id=alert.id,
        number=max((one.number for one in alert.revisions), default=0) + 1,
        action=action,
        state=RevisionState.DRAFTED,
        content=looked.content.stored(),
        spoken=looked.spoken,
        audio={name: made.get(name) or by_voice[name] for name in looked.spoken},
        all_clear=looked.all_clear,
        all_clear_audio=speech.keep(session, sounds.all_clear, now),
        is_prepared=looked.is_prepared,
        template_version=looked.template.version if looked.template else None,
        issued_at=looked.issued_at,
        created_by=actor.login,
        created_at=now,
    )
    session.add(revision)
    session.flush()
    session.expire(alert, ["revisions"])
    note_change(session, now, actor.login, "alert.draft", alert, _facts(revision, looked))
    return revision


def _facts(revision: AlertRevision, looked: Look) -> dict[str, Any]:
    content = looked.content
    return {
        "revision": revision.number,
        "action": revision.action,
        "status": content.status,
        "hazard": content.hazard,
        "level": content.level,
        "publish_area": looked.resolved.publish_area_id,
        "clusters": len(looked.resolved.hearing),
        "texts": revision.spoken,
        "audio": {language: one["sha256"] for language, one in revision.audio.items()},
        "template": looked.template.id if looked.template else None,
        "is_prepared": looked.is_prepared,
    }


def _check_continues(session: Session, alert: Alert, looked: Look) -> None:
    content = looked.content
    if content.status != alert.status:
        raise StatusFixed(was=alert.status, asked=content.status)
    if looked.area_id != alert.area_id:
        raise Invalid(
            field="area_id",
            why_vi="không đổi được nơi ban hành",
            why_en="the area that speaks cannot be changed",
        )
    if alert.released_at is None:
        return
    if content.hazard != alert.hazard:
        raise Conflict(
            why_vi="Tin đang phát về loại khác; hãy soạn tin mới",
            why_en="What sounds is about another hazard; draft a new alert",
        )
    published, wanted = (
        find_area(session, name)
        for name in (alert.publish_area_id, looked.resolved.publish_area_id)
    )
    if not wanted.path.startswith(published.path):
        raise Conflict(
            why_vi=f"Tin đang phát chỉ trong {published.name}; hãy soạn tin mới cho vùng rộng hơn",
            why_en=f"What sounds is for {published.name} only; draft a new alert for more",
        )


def _replace_pending(alert: Alert) -> None:
    for revision in alert.revisions:
        if revision.state in OPEN:
            revision.state = RevisionState.REPLACED


def _filled(draft: Draft, template: AlertTemplate) -> Draft:
    return replace(
        draft,
        hazard=template.hazard,
        level=template.level,
        texts=dict(template.texts),
        siren=draft.siren or template.siren,
        minutes=template.minutes if draft.minutes is None else draft.minutes,
        repeat=draft.repeat or dict(template.repeat) or None,
    )


def _is_word_for_word(content: Content, template: AlertTemplate) -> bool:
    return (
        template.state == TemplateState.APPROVED
        and dict(content.texts) == template.texts
        and content.hazard == template.hazard
        and content.level == template.level
        and not content.recordings
    )
