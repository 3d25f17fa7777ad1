"""Use cases of a programme's versions: write, submit, hear, approve or return, withdraw.

Every change is audited, and asks for new plans where it can change what airs. The caller commits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import effective_policy, find_area
from controller.errors import Conflict, Invalid
from controller.people.rights import Actor
from controller.programmes.errors import OwnVersion, VersionMissing
from controller.programmes.hearing import note_hearing, require_heard
from controller.programmes.items import checked_items, total_ms
from controller.programmes.models import Programme, ProgrammeVersion, VersionState
from controller.programmes.service import (
    note_change,
    open_programme,
    programme_of,
    replan_programme,
)
from controller.programmes.states import moved

LONGEST_NOTE = 2000


def add_version(
    session: Session,
    *,
    actor: Actor,
    programme_id: str,
    items: Sequence[Mapping[str, Any]],
    now: datetime,
) -> ProgrammeVersion:
    """Write a new draft; older drafts are superseded. Items as `checked_items` takes them."""
    programme = open_programme(session, actor, programme_id, "programme.edit")
    area = find_area(session, programme.area_id)
    checked = checked_items(session, area, items)
    versions = _versions(session, programme)
    for old in versions:
        if old.state == VersionState.DRAFT:
            old.state = moved(old.state, "supersede")
    version = ProgrammeVersion(
        programme_id=programme.id,
        number=max((old.number for old in versions), default=0) + 1,
        state=VersionState.DRAFT,
        items=[item.model_dump(mode="json") for item in checked],
        duration_ms=total_ms(checked),
        created_by=actor.login,
        created_at=now,
    )
    session.add(version)
    session.flush()
    session.expire(programme, ["versions"])
    facts = {"version": version.number, "duration_ms": version.duration_ms}
    note_change(session, now, actor, "programme.version", programme, facts)
    return version


def submit(
    session: Session, *, actor: Actor, programme_id: str, number: int, now: datetime
) -> ProgrammeVersion:
    """Ask for the approval of a draft."""
    programme = open_programme(session, actor, programme_id, "programme.edit")
    version = _version(session, programme, number)
    version.state, version.submitted_at = moved(version.state, "submit"), now
    note_change(session, now, actor, "programme.submit", programme, {"version": number})
    return version


def approve(
    session: Session, *, actor: Actor, programme_id: str, number: int, now: datetime, note: str = ""
) -> ProgrammeVersion:
    """Put a submitted version on air in place of the one before.

    Raises OwnVersion for the writer, unless the area's policy relaxes that; then the audit says so.
    Raises NotHeard until the actor has listened to everything in it that a machine speaks.
    """
    programme = open_programme(session, actor, programme_id, "programme.approve")
    version = _version(session, programme, number)
    after = moved(version.state, "approve")
    is_own = version.created_by == actor.login
    policy = effective_policy(session, find_area(session, programme.area_id))
    if is_own and not policy.allows_self_approval:
        raise OwnVersion(login=actor.login)
    heard = require_heard(session, actor, version)
    for old in _versions(session, programme):
        if old.number < number and old.state in {VersionState.APPROVED, VersionState.SUBMITTED}:
            old.state = moved(old.state, "supersede")
    _refuse_older(session, programme, number)
    _decide(version, after, actor, now, note)
    facts = {"version": number, "note": note, "written_by": version.created_by, "heard": heard}
    relaxed = {"self_approved": True, "allowed_by": "area policy"} if is_own else {}
    note_change(session, now, actor, "programme.approve", programme, {**facts, **relaxed})
    replan_programme(session, programme, now)
    return version


def hear(
    session: Session,
    *,
    actor: Actor,
    programme_id: str,
    number: int,
    sha256: str,
    now: datetime,
) -> ProgrammeVersion:
    """Note that who may approve listened to a sound of a version to its end; return the version.

    Raises Missing for what no machine speaks in it, NotAllowed, OnlyPeopleListen.
    """
    programme = open_programme(session, actor, programme_id, "programme.approve")
    version = _version(session, programme, number)
    note_hearing(session, actor=actor, programme=programme, version=version, sha256=sha256, now=now)
    return version


def version_of(session: Session, actor: Actor, programme_id: str, number: int) -> ProgrammeVersion:
    """Return a version of a programme that the actor can see, or raise Missing."""
    return _version(session, programme_of(session, actor, programme_id), number)


def return_version(
    session: Session, *, actor: Actor, programme_id: str, number: int, note: str, now: datetime
) -> ProgrammeVersion:
    """Send a submitted version back with a note that says what to change."""
    programme = open_programme(session, actor, programme_id, "programme.approve")
    version = _version(session, programme, number)
    if not note.strip():
        raise Invalid(field="note", why_vi="hãy nói cần sửa gì", why_en="say what to change")
    _decide(version, moved(version.state, "return"), actor, now, note)
    facts = {"version": number, "note": note}
    note_change(session, now, actor, "programme.return", programme, facts)
    return version


def withdraw(
    session: Session, *, actor: Actor, programme_id: str, number: int, now: datetime, note: str = ""
) -> ProgrammeVersion:
    """Take a version back, from its way to approval or off the air; no older one comes back."""
    programme = open_programme(session, actor, programme_id, "programme.edit")
    version = _version(session, programme, number)
    was_on_air = version.state == VersionState.APPROVED
    _decide(version, moved(version.state, "withdraw"), actor, now, note)
    facts = {"version": number, "note": note, "was_on_air": was_on_air}
    note_change(session, now, actor, "programme.withdraw", programme, facts)
    if was_on_air:
        replan_programme(session, programme, now)
    return version


def _versions(session: Session, programme: Programme) -> Sequence[ProgrammeVersion]:
    return session.scalars(
        select(ProgrammeVersion)
        .where(ProgrammeVersion.programme_id == programme.id)
        .order_by(ProgrammeVersion.number)
        .execution_options(populate_existing=True)
    ).all()


def _version(session: Session, programme: Programme, number: int) -> ProgrammeVersion:
    for version in _versions(session, programme):
        if version.number == number:
            return version
    raise VersionMissing(id=programme.id, number=number)


def _refuse_older(session: Session, programme: Programme, number: int) -> None:
    on_air = [v for v in _versions(session, programme) if v.state == VersionState.APPROVED]
    if any(version.number > number for version in on_air):
        raise Conflict(
            why_vi="Đã có phiên bản mới hơn được duyệt",
            why_en="A newer version is approved already",
        )


def _decide(
    version: ProgrammeVersion, state: VersionState, actor: Actor, now: datetime, note: str
) -> None:
    if len(note) > LONGEST_NOTE:
        raise Invalid(field="note", why_vi="dài quá 2.000 chữ", why_en="over 2,000 letters")
    version.state, version.note = state, note.strip()
    version.decided_by, version.decided_at = actor.login, now
