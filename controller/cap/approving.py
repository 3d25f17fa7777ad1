"""The second person who lets a source release by itself, up to the level that the first asked for.

An administrator who writes a source down holds what it must sign with; alone, they would speak to a
whole commune. So somebody who may release alerts there looks at exactly this version and says yes.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.cap.finding import source_of
from controller.cap.models import CapSource
from controller.cap.source_checks import fingerprints
from controller.emergencies.errors import OnlyPeople
from controller.emergencies.releasing import SecondFactor, require_another_hand
from controller.errors import Conflict
from controller.people import audit
from controller.people.rights import Actor, require


class OwnSource(Conflict):
    """Who wrote a source down does not approve what it may release; fact `login`."""

    code = "own_source"
    vi = "Người vừa đặt nguồn này ({login}) không được tự duyệt; hãy nhờ người khác"
    en = "Who wrote this source down ({login}) cannot approve it; ask someone else"


def approved_level(source: CapSource) -> int:
    """Return the level up to which a source releases by itself now: 0 for never."""
    is_good = bool(source.releases_approved_by) and not source.is_open and source.is_on
    return source.releases_upto if is_good else 0


def approve_release(
    session: Session,
    *,
    actor: Actor,
    source_id: str,
    version: int,
    now: datetime,
    verify: SecondFactor,
    code: str = "",
) -> CapSource:
    """Let a source release up to the level that is asked for, as it stands in this version.

    Raises SourceMissing, NotAllowed, OnlyPeople, OwnSource, SameHand, Conflict when nothing is
    asked for or it was changed meanwhile, and what `verify` raises for a wrong second factor.
    """
    source = source_of(session, actor, source_id)
    area = find_area(session, source.area_id)
    require(actor, "alert.release", area)
    if actor.person_id is None:
        raise OnlyPeople(action="duyệt nguồn tự phát", area=area.name)
    session.refresh(source, with_for_update=True)
    _require_asked(source, version)
    if actor.login in {source.changed_by, source.created_by}:
        raise OwnSource(login=actor.login)
    require_another_hand(session, actor, source.changed_by, now)
    factor = verify(session, actor.person_id, code, now)
    source.releases_approved_by, source.releases_approved_at = actor.login, now
    facts = {
        "version": version,
        "releases_upto": source.releases_upto,
        "pinned": fingerprints(source.pinned),
        "asked_by": source.changed_by,
        "second_factor": factor,
    }
    audit.record(
        session, now, actor.login, "cap.source_approve", "source", source.id, area.id, facts
    )
    return source


def _require_asked(source: CapSource, version: int) -> None:
    if source.retired_at is not None or not source.releases_upto or source.is_open:
        raise Conflict(
            why_vi="Nguồn này không xin tự phát", why_en="This source does not ask to release"
        )
    if source.version != version:
        raise Conflict(
            why_vi="Nguồn này vừa được sửa; hãy xem lại",
            why_en="This source was changed meanwhile; look again",
        )
    if source.releases_approved_by:
        raise Conflict(why_vi="Nguồn này đã được duyệt", why_en="This source was approved already")
