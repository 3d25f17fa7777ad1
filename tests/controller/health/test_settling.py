"""How incidents end: by hand, when the cause is over, or when they did not come again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.errors import Conflict, Forbidden, Invalid, Missing
from controller.health import incidents
from controller.health.incidents import open_incident, open_incidents
from controller.health.models import Incident
from controller.health.service import take_status
from controller.health.settling import close_what_is_over, note_rules, settle_incident
from controller.people.models import AuditEntry
from controller.plans.network import Refused
from controller.plans.service import Published
from controller.programmes.models import Programme, ProgrammeVersion, ScheduleRule
from controller.stations.models import DeviceState
from controller.today.attention import troubles
from tests.controller.cast import AN_BINH, Cast
from wire.up import Status

DAY, WEEK = timedelta(days=1), timedelta(days=7)
RULE, PROGRAMME = "r-tet", "p-tet"
BROKEN = Published(1, {}, (Refused(RULE, PROGRAMME, "no such day"),))


@pytest.fixture
def refused(session: Session, cast: Cast, now: datetime) -> Incident:
    """The device of An Bình refused a message."""
    return _opened(session, cast, incidents.REFUSED, now, "expired")


@pytest.fixture
def rule(session: Session, cast: Cast, now: datetime) -> ScheduleRule:
    """An active rule of a programme of An Bình that is on air."""
    made = {"created_by": cast.an.login, "created_at": now}
    version = ProgrammeVersion(number=1, state="approved", items=[], duration_ms=1000, **made)
    row = ScheduleRule(id=RULE, dtstart="2026-11-01T17:00:00", target_areas=[AN_BINH], **made)
    session.add(
        Programme(
            id=PROGRAMME, area_id=AN_BINH, title="Tết", versions=[version], rules=[row], **made
        )
    )
    session.flush()
    return row


@pytest.mark.parametrize("who", ["an", "tech", "chief"])
def test_an_incident_is_settled_by_hand_with_a_note_and_audited(
    session: Session, cast: Cast, refused: Incident, now: datetime, who: str
) -> None:
    actor = getattr(cast, who)

    settle_incident(session, actor, refused.id, now, "đã đổi khóa")

    assert refused.closed_at == now
    assert refused.facts == {"closed_by": who, "note": "đã đổi khóa"}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "incident.close")).one()
    assert (entry.who, entry.object_id, entry.area_id) == (who, str(refused.id), AN_BINH)
    assert entry.facts["note"] == "đã đổi khóa"


def test_settling_twice_is_once(
    session: Session, cast: Cast, refused: Incident, now: datetime
) -> None:
    settle_incident(session, cast.an, refused.id, now)

    settle_incident(session, cast.tech, refused.id, now + DAY, "cũng tôi")

    assert refused.closed_at == now
    assert refused.facts == {"closed_by": "an"}
    actions = session.scalars(select(AuditEntry.action)).all()
    assert actions.count("incident.close") == 1


def test_nobody_settles_the_incidents_of_a_neighbour_or_without_the_role(
    session: Session, cast: Cast, refused: Incident, now: datetime
) -> None:
    """R47."""
    with pytest.raises(Missing):
        settle_incident(session, cast.tan, refused.id, now)
    with pytest.raises(Missing):
        settle_incident(session, cast.an, refused.id + 1, now)
    with pytest.raises(Forbidden):
        settle_incident(session, cast.binh, refused.id, now)

    assert refused.closed_at is None


def test_what_is_measured_cannot_be_settled_away(
    session: Session, cast: Cast, now: datetime
) -> None:
    offline = _opened(session, cast, incidents.OFFLINE, now)

    with pytest.raises(Conflict):
        settle_incident(session, cast.an, offline.id, now)

    assert offline.closed_at is None


def test_a_note_has_a_bound(session: Session, cast: Cast, refused: Incident, now: datetime) -> None:
    with pytest.raises(Invalid):
        settle_incident(session, cast.an, refused.id, now, "a" * 501)


@pytest.mark.usefixtures("rule")
def test_a_refused_rule_is_shown_and_settled_where_its_programme_is(
    session: Session, cast: Cast, now: datetime
) -> None:
    assert len(note_rules(session, BROKEN, now)) == 1
    assert note_rules(session, BROKEN, now) == []
    (shown,) = troubles(session, cast.an)
    assert (shown.device, shown.incident.subject, shown.may_settle) == (None, RULE, True)
    assert troubles(session, cast.tan) == []
    with pytest.raises(Missing):
        settle_incident(session, cast.tan, shown.incident.id, now)

    settle_incident(session, cast.an, shown.incident.id, now)

    assert troubles(session, cast.an) == []


@pytest.mark.usefixtures("rule")
def test_a_rule_that_is_planned_again_is_no_incident_and_one_elsewhere_stays(
    session: Session, now: datetime
) -> None:
    note_rules(session, BROKEN, now)

    note_rules(session, Published(1, {}, (), frozenset({"r-elsewhere"})), now)
    assert len(open_incidents(session)) == 1

    note_rules(session, Published(1, {}, (), frozenset({RULE})), now)
    assert open_incidents(session) == []


@pytest.mark.parametrize("end", ["deleted", "paused", "archived", "withdrawn"])
def test_a_refused_rule_that_is_gone_is_no_incident(
    session: Session, rule: ScheduleRule, now: datetime, end: str
) -> None:
    note_rules(session, BROKEN, now)
    assert close_what_is_over(session, now) == 0

    match end:
        case "deleted":
            session.delete(rule)
        case "paused":
            rule.is_active = False
        case "archived":
            rule.programme.archived_at = now
        case _:
            rule.programme.versions[0].state = "withdrawn"
    session.flush()

    assert close_what_is_over(session, now) == 1
    assert open_incidents(session) == []


@pytest.mark.parametrize(
    ("kind", "subject", "after"),
    [
        (incidents.REFUSED, "expired", DAY),
        (incidents.FORGED, "", DAY),
        (incidents.MISSED, "main.r-chieu.20261102T081000", WEEK),
        (incidents.FAULT, "bug", WEEK),
    ],
)
def test_what_does_not_come_again_closes_after_its_time(
    session: Session, cast: Cast, now: datetime, kind: str, subject: str, after: timedelta
) -> None:
    _opened(session, cast, kind, now, subject)

    assert close_what_is_over(session, now + after - timedelta(seconds=1)) == 0
    assert close_what_is_over(session, now + after) == 1


def test_what_comes_again_stays_open(
    session: Session, cast: Cast, refused: Incident, now: datetime
) -> None:
    again = now + timedelta(hours=23)
    assert not open_incident(session, refused.kind, cast.device.id, again, subject=refused.subject)

    assert close_what_is_over(session, now + DAY) == 0
    assert close_what_is_over(session, again + DAY) == 1


def test_what_is_measured_is_not_closed_by_time(
    session: Session, cast: Cast, now: datetime
) -> None:
    _opened(session, cast, incidents.OFFLINE, now)
    _opened(session, cast, incidents.FAULT, now, "no_output")

    assert close_what_is_over(session, now + 10 * WEEK) == 0


def test_a_fault_is_over_when_the_status_no_longer_lists_it(
    session: Session, cast: Cast, now: datetime
) -> None:
    for code in ("disk", "amplifier", "no_output", "bug"):
        _opened(session, cast, incidents.FAULT, now, code)

    take_status(session, _status(cast, now, 1, "amplifier"), now)
    assert _open_faults(session) == {"amplifier", "no_output", "bug"}

    take_status(session, _status(cast, now, 2), now)
    assert _open_faults(session) == {"no_output", "bug"}


def test_a_status_of_one_device_says_nothing_about_another(
    session: Session, cast: Cast, now: datetime
) -> None:
    fault = incidents.FAULT
    open_incident(session, fault, cast.other_device.id, now, subject="disk")

    take_status(session, _status(cast, now, 1), now)

    assert _open_faults(session) == {"disk"}


def test_of_a_revoked_device_only_what_it_still_sends_is_an_incident(
    session: Session, cast: Cast, now: datetime
) -> None:
    _opened(session, cast, incidents.OFFLINE, now)
    _opened(session, cast, incidents.FORGED, now)
    cast.device.state = DeviceState.REVOKED
    session.flush()

    assert close_what_is_over(session, now) == 1

    assert [one.kind for one in open_incidents(session)] == [incidents.FORGED]


def _opened(session: Session, cast: Cast, kind: str, now: datetime, subject: str = "") -> Incident:
    open_incident(session, kind, cast.device.id, now, subject=subject)
    return session.scalars(select(Incident).order_by(Incident.id.desc())).first() or Incident()


def _open_faults(session: Session) -> set[str]:
    session.expire_all()
    return {one.subject for one in open_incidents(session)}


def _status(cast: Cast, now: datetime, rev: int, *faults: str) -> Status:
    return Status(
        iss=cast.device.id,
        iat=now,
        exp=now + DAY,
        jti="status",
        rev=rev,
        device=cast.device.id,
        state="online",
        epoch=1,
        faults=faults,
    )
