"""Submit, confirm by one or two, and undo while it counts down (R18, R19, R20).

What a release needs is judged anew at every confirmation, and only confirmations count whose people
may still release. The row of the alert is locked, so that any number at once release it once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from controller import wake
from controller.areas.models import Area
from controller.areas.service import find_area
from controller.emergencies.drafting import copy_as_draft
from controller.emergencies.errors import ConfirmedAlready, OnlyPeople, SameHand
from controller.emergencies.hearing import require_heard
from controller.emergencies.message import STOPS
from controller.emergencies.models import (
    Alert,
    AlertRelease,
    AlertRevision,
    AlertState,
    RevisionState,
)
from controller.emergencies.rules import COOLING, Needs, needs_of
from controller.emergencies.service import (
    NAME,
    newest_revision,
    note_change,
    open_alert,
    revision_of,
)
from controller.errors import Conflict
from controller.people.models import AuditEntry, Person
from controller.people.rights import Actor, actor_of, allows, require

SecondFactor = Callable[[Session, int, str, datetime], str]
"""Checks a code of a person, uses it up, and returns what it was (`totp`, `recovery`)."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation led to: how many people count now, and when it goes out, if it does."""

    needs: Needs
    people: int
    goes_at: datetime | None

    @property
    def is_released(self) -> bool:
        """Whether nobody else is needed."""
        return self.goes_at is not None


def submit(
    session: Session, *, actor: Actor, alert_id: str, revision: int, now: datetime
) -> AlertRevision:
    """Ask for the release of a draft."""
    alert = open_alert(session, actor, alert_id, "alert.draft")
    row = _newest(alert, revision)
    _move(session, row, RevisionState.DRAFTED, RevisionState.AWAITING)
    row.submitted_at = now
    if alert.released_at is None:
        alert.state = AlertState.AWAITING
    note_change(session, now, actor.login, "alert.submit", alert, {"revision": revision})
    return row


def confirm(
    session: Session,
    *,
    actor: Actor,
    alert_id: str,
    revision: int,
    now: datetime,
    verify: SecondFactor,
    code: str = "",
) -> Confirmed:
    """Confirm the release of exactly this text; the last one needed starts the countdown.

    Raises AlertMissing, RevisionMissing, NotAllowed, Conflict for another state, NotHeard,
    ConfirmedAlready, SameHand, OnlyPeople, and what `verify` raises for a wrong second factor.
    """
    alert = open_alert(session, actor, alert_id, "alert.fire")
    row = _newest(alert, revision)
    if row.state != RevisionState.AWAITING:
        raise _not_awaiting(row)
    needs = needs_of(session, alert, row, actor, now)
    person_id = _require_may(session, alert, row, actor, needs)
    earlier = releases(session, alert.id, revision)
    if any(one.person_id == person_id for one in earlier):
        raise ConfirmedAlready(login=actor.login)
    _require_own_hand(session, actor, earlier, now)
    factor = verify(session, person_id, code, now) if needs.needs_second_factor else ""
    release = AlertRelease(
        alert_id=alert.id,
        revision=revision,
        person_id=person_id,
        login=actor.login,
        full_name=actor.full_name or actor.login,
        factor=factor,
        at=now,
    )
    session.add(release)
    session.flush()
    counted = [one for one in [*earlier, release] if _still_counts(session, alert, one, needs)]
    goes_at = _release(session, alert, row, needs, now) if len(counted) >= needs.people else None
    _note(session, actor, alert, row, needs, factor, counted, goes_at, now)
    return Confirmed(needs, len(counted), goes_at)


def undo(session: Session, *, actor: Actor, alert_id: str, now: datetime) -> AlertRevision:
    """Stop a countdown; the words become a draft again and need new confirmations.

    Raises Conflict when it has gone out already: then cancel it.
    """
    alert = open_alert(session, actor, alert_id, "alert.cancel")
    row = newest_revision(alert)
    _require_no_stop(row)
    _move(session, row, RevisionState.COUNTING, RevisionState.REPLACED)
    copied = copy_as_draft(session, alert, row, actor, now)
    if alert.released_at is None:
        alert.state = AlertState.DRAFTED
    facts = {"revision": row.number, "new_revision": copied.number}
    note_change(session, now, actor.login, "alert.undo", alert, facts)
    return copied


def withdraw(session: Session, *, actor: Actor, alert_id: str, now: datetime) -> Alert:
    """Give up a text before it goes out: the alert, or the update of one that sounds."""
    alert = open_alert(session, actor, alert_id, "alert.cancel")
    row = newest_revision(alert)
    _require_no_stop(row)
    if row.state not in {RevisionState.DRAFTED, RevisionState.AWAITING, RevisionState.COUNTING}:
        raise _not_awaiting(row)
    _move(session, row, RevisionState(row.state), RevisionState.WITHDRAWN)
    if alert.released_at is None:
        alert.state, alert.closed_at = AlertState.WITHDRAWN, now
    note_change(session, now, actor.login, "alert.withdraw", alert, {"revision": row.number})
    return alert


def releases(session: Session, alert_id: str, revision: int | None = None) -> list[AlertRelease]:
    """Return who confirmed an alert, or one text of it, in order."""
    rows = select(AlertRelease).where(AlertRelease.alert_id == alert_id)
    if revision is not None:
        rows = rows.where(AlertRelease.revision == revision)
    return list(session.scalars(rows.order_by(AlertRelease.id)))


def require_another_hand(session: Session, actor: Actor, login: str, now: datetime) -> None:
    """Raise SameHand when one of two accounts made or changed the other within a day."""
    other = session.scalar(select(Person.id).where(Person.login == login))
    _require_not_touched(session, actor, login, other, now)


def _require_may(
    session: Session, alert: Alert, row: AlertRevision, actor: Actor, needs: Needs
) -> int:
    """Return the person; only what one person may fire, pre-authorised, is open to operators."""
    if actor.person_id is None:
        raise OnlyPeople(action="phát khẩn cấp", area=alert.area_id)
    if not (needs.people == 1 and needs.is_preauthorised):
        require(actor, "alert.release", find_area(session, alert.area_id))
    if not row.is_prepared:
        require_heard(session, actor, alert.id, row.audio)
    return actor.person_id


def _require_own_hand(
    session: Session, actor: Actor, earlier: Sequence[AlertRelease], now: datetime
) -> None:
    """Refuse a second person whose account the first one made or changed within a day, and back."""
    for other in earlier:
        _require_not_touched(session, actor, other.login, other.person_id, now)


def _require_not_touched(
    session: Session, actor: Actor, login: str, person_id: int | None, now: datetime
) -> None:
    if _touched(session, login, actor.person_id, now):
        raise SameHand(login=login)
    if _touched(session, actor.login, person_id, now):
        raise SameHand(login=actor.login)


def _touched(session: Session, who: str, person_id: int | None, now: datetime) -> bool:
    touched = select(AuditEntry.number).where(
        AuditEntry.object_type == "person",
        AuditEntry.object_id == str(person_id),
        AuditEntry.who == who,
        AuditEntry.at > now - COOLING,
    )
    return session.scalar(touched.limit(1)) is not None


def _still_counts(session: Session, alert: Alert, release: AlertRelease, needs: Needs) -> bool:
    person = session.get(Person, release.person_id)
    if person is None or not person.is_active:
        return False
    if needs.needs_second_factor and not release.factor:
        return False
    if needs.people == 1 and needs.is_preauthorised:
        return True
    area = session.get_one(Area, alert.area_id)
    return allows(actor_of(session, person), "alert.release", area)


def _release(
    session: Session, alert: Alert, row: AlertRevision, needs: Needs, now: datetime
) -> datetime:
    row.goes_at = now + timedelta(seconds=needs.countdown_s)
    session.flush()
    _move(session, row, RevisionState.AWAITING, RevisionState.COUNTING)
    if alert.released_at is None:
        alert.state = AlertState.COUNTING
    wake.ask(session, NAME)
    return row.goes_at


def _note(
    session: Session,
    actor: Actor,
    alert: Alert,
    row: AlertRevision,
    needs: Needs,
    factor: str,
    counted: Sequence[AlertRelease],
    goes_at: datetime | None,
    now: datetime,
) -> None:
    facts = {
        "revision": row.number,
        "second_factor": factor,
        "people": [one.login for one in counted],
        "needed": needs.people,
        "why": list(needs.why),
        "rule": needs.rule_id,
        "goes_at": goes_at,
        "audio": {language: one["sha256"] for language, one in row.audio.items()},
    }
    action = "alert.release" if goes_at else "alert.confirm"
    note_change(session, now, actor.login, action, alert, facts)


def _newest(alert: Alert, number: int) -> AlertRevision:
    row = revision_of(alert, number)
    if row.number != newest_revision(alert).number:
        raise Conflict(
            why_vi="Lời văn đã được sửa sau bản này; hãy xem bản mới",
            why_en="The text was changed after this revision; look at the new one",
        )
    return row


def _require_no_stop(row: AlertRevision) -> None:
    """Refuse to take back a cancel or an end on its way: what was stopped stays stopped (R4)."""
    if row.action in STOPS:
        raise Conflict(why_vi="Tin này đã được dừng", why_en="This alert was stopped already")


def _move(
    session: Session, row: AlertRevision, before: RevisionState, after: RevisionState
) -> None:
    """Change the state of a text from exactly this one, or raise Conflict: it happens once."""
    moved = session.execute(
        update(AlertRevision)
        .where(
            AlertRevision.alert_id == row.alert_id,
            AlertRevision.number == row.number,
            AlertRevision.state == before,
        )
        .values(state=after)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if getattr(moved, "rowcount", 0) != 1:
        raise _not_awaiting(row)


def _not_awaiting(row: AlertRevision) -> Conflict:
    names = {
        RevisionState.DRAFTED: ("còn là bản nháp", "still a draft"),
        RevisionState.AWAITING: ("đang chờ duyệt", "awaiting its release"),
        RevisionState.COUNTING: ("đã được duyệt và sắp phát", "released and about to go out"),
        RevisionState.RELEASED: ("đã phát", "out already"),
        RevisionState.REPLACED: ("đã có bản mới thay thế", "replaced by a newer one"),
        RevisionState.WITHDRAWN: ("đã rút lại", "withdrawn"),
        RevisionState.LAPSED: ("đã quá giờ", "past its time"),
    }
    vi, en = names[RevisionState(row.state)]
    return Conflict(why_vi=f"Bản này {vi}", why_en=f"This text is {en}")
