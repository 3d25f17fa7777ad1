"""Writing down a source of warnings: where it is, what it owes to be believed, what it may.

What it shall release by itself is only asked for: a second person approves it (`approving.py`).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from controller import wake
from controller.areas.models import Area
from controller.areas.service import find_area
from controller.cap.finding import source_of
from controller.cap.models import CapSource, SourceKind
from controller.cap.source_checks import check_id, checked, fingerprints
from controller.errors import Conflict
from controller.people import audit
from controller.people.rights import Actor, NotAllowed, require
from controller.stations.enrolment import REVOKED

ACTION = "cap.sources"
LOCAL = frozenset({SourceKind.FILE, SourceKind.FOLDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """What is written down of a source. `pinned` are certificates (PEM), as many as there are.

    Not open, it owes a signature under one of them. `releases_upto` is the level up to which it is
    asked to release by itself, 0 for never. `name` "" is its id.
    """

    kind: SourceKind
    name: str = ""
    place: str = ""
    hosts: tuple[str, ...] = ()
    poll_s: int = 60
    pinned: str = ""
    is_open: bool = False
    stops_at_once: bool = False
    releases_upto: int = 0
    is_on: bool = True


APPROVED = ("kind", "place", "hosts", "pinned", "is_open", "releases_upto")
"""What a second person approves: a change of any of these voids it."""


class TerminalOnly(NotAllowed):
    """Files of the server are named at its terminal only; fact `area`."""

    code = "terminal_only"
    vi = "Nguồn đọc tệp trên máy chủ chỉ được đặt tại máy chủ: truyenthanh cap source ({area})"
    en = "Files of the server are named at its terminal only: truyenthanh cap source ({area})"


def register_source(
    session: Session,
    *,
    actor: Actor,
    source_id: str,
    area_id: str,
    draft: SourceDraft,
    now: datetime,
) -> CapSource:
    """Write down a new source of an area, which it never leaves.

    Raises NotAllowed, Missing, Invalid with the first wrong field, TerminalOnly, and Conflict for a
    name that is, or was, another's: an old certificate speaks by its name.
    """
    area = find_area(session, area_id)
    require(actor, ACTION, area)
    check_id(source_id)
    if (known := session.get(CapSource, source_id)) is not None:
        raise _taken(known)
    draft = checked(draft, source_id, now)
    _require_terminal(actor, area, draft)
    source = CapSource(id=source_id, area_id=area.id, created_by=actor.login, created_at=now)
    source.version, source.is_on, source.releases_approved_by = 0, True, ""
    session.add(source)
    _write(source, draft, actor, now)
    session.flush()
    _note(session, actor, "cap.source", source, now)
    return source


def change_source(
    session: Session, *, actor: Actor, source_id: str, draft: SourceDraft, now: datetime
) -> CapSource:
    """Write a source down anew; it is asked at once, and what was refused before is judged again.

    Raises SourceMissing, NotAllowed, Invalid, TerminalOnly, Conflict for a retired one.
    """
    source = _editable(session, actor, source_id)
    draft = checked(draft, source.id, now)
    before = draft_of(source)
    if (draft.kind, draft.place) != (before.kind, before.place):
        _require_terminal(actor, find_area(session, source.area_id), draft)
    _write(source, draft, actor, now)
    source.due_at, source.etag, source.last_modified = None, "", ""
    session.flush()
    _note(session, actor, "cap.source", source, now)
    return source


def retire_source(session: Session, *, actor: Actor, source_id: str, now: datetime) -> CapSource:
    """Take nothing of a source any more, and shut our broker to its certificate. Twice is once.

    What came of it stays. Raises SourceMissing, NotAllowed.
    """
    source = source_of(session, actor, source_id)
    require(actor, ACTION, find_area(session, source.area_id))
    if source.retired_at is None:
        source.retired_at, source.is_on = now, False
        session.flush()
        wake.ask(session, REVOKED)
        _note(session, actor, "cap.source_retire", source, now)
    return source


def draft_of(source: CapSource) -> SourceDraft:
    """Return a source as it is written down, to be changed."""
    return SourceDraft(
        kind=SourceKind(source.kind),
        name=source.name,
        place=source.place,
        hosts=tuple(source.hosts),
        poll_s=source.poll_s,
        pinned=source.pinned,
        is_open=source.is_open,
        stops_at_once=source.stops_at_once,
        releases_upto=source.releases_upto,
        is_on=source.is_on,
    )


def _editable(session: Session, actor: Actor, source_id: str) -> CapSource:
    source = source_of(session, actor, source_id)
    require(actor, ACTION, find_area(session, source.area_id))
    session.refresh(source, with_for_update=True)
    if source.retired_at is not None:
        raise _taken(source)
    return source


def _require_terminal(actor: Actor, area: Area, draft: SourceDraft) -> None:
    """Let nobody read, or move, files of the server through a page."""
    if draft.kind in LOCAL and actor.person_id is not None:
        raise TerminalOnly(area=area.name)


def _write(source: CapSource, draft: SourceDraft, actor: Actor, now: datetime) -> None:
    is_new = source.version == 0
    if is_new or any(getattr(draft, name) != _held(source, name) for name in APPROVED):
        source.version += 1
        source.changed_by, source.changed_at = actor.login, now
        source.releases_approved_by, source.releases_approved_at = "", None
    source.kind, source.place, source.name = draft.kind.value, draft.place, draft.name
    source.hosts, source.poll_s = list(draft.hosts), draft.poll_s
    source.pinned, source.is_open = draft.pinned, draft.is_open
    source.stops_at_once, source.releases_upto = draft.stops_at_once, draft.releases_upto
    source.is_on = draft.is_on


def _held(source: CapSource, name: str) -> object:
    return getattr(draft_of(source), name)


def _taken(source: CapSource) -> Conflict:
    if source.retired_at is not None:
        return Conflict(
            why_vi=f"Nguồn {source.id} đã ngừng dùng hẳn; hãy đặt tên khác",
            why_en=f"The source {source.id} was retired for ever; choose another name",
        )
    return Conflict(
        why_vi=f"Đã có nguồn {source.id}", why_en=f"There is a source {source.id} already"
    )


def _note(session: Session, actor: Actor, action: str, source: CapSource, now: datetime) -> None:
    facts = {
        "kind": source.kind,
        "place": source.place,
        "hosts": source.hosts,
        "is_open": source.is_open,
        "pinned": fingerprints(source.pinned),
        "stops_at_once": source.stops_at_once,
        "releases_upto": source.releases_upto,
        "is_on": source.is_on,
        "version": source.version,
    }
    audit.record(session, now, actor.login, action, "source", source.id, source.area_id, facts)
