"""The groups of the inbox, and whom each message is shown to, on both databases."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from controller.cap.inbox import take
from controller.cap.models import CapSource
from controller.cap.taking_up import ProposalMissing
from controller.people.models import Role
from controller.people.rights import NotAllowed
from controller.warnings import finding
from controller.warnings.deciding import put_away
from controller.warnings.errors import WarningMissing
from controller.warnings.finding import Group
from tests.controller.cap.messages import cap, info, place
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, Cast, person

MARKET = place("<circle>21.1,105.9 2</circle>")


def source(session: Session, name: str, area_id: str, now: datetime) -> CapSource:
    made = CapSource(
        id=name,
        area_id=area_id,
        name=name,
        kind="mqtt",
        is_open=True,
        created_by="chief",
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def came(session: Session, cast: Cast, now: datetime) -> dict[str, int]:
    """One message of each group, and one of the province."""
    assert cast.market.latitude
    ours, above = source(session, "kttv", AN_BINH, now), source(session, "tinh", PROVINCE, now)
    south = place("<circle>10.0,106.0 2</circle>")
    said = {
        "waiting": cap(identifier="A", infos=info(tail=MARKET)),
        "elsewhere": cap(identifier="B", infos=info(tail=south)),
        "ignored": cap(identifier="C", status="Test"),
        "refused": b"<alert",
    }
    found = {name: take(session, content, ours, now).id for name, content in said.items()}
    found["above"] = take(session, cap(identifier="D", infos=info(tail=MARKET)), above, now).id
    return found


def test_each_message_is_in_its_group(
    session: Session, cast: Cast, now: datetime, came: dict[str, int]
) -> None:
    for group in (Group.WAITING, Group.ELSEWHERE, Group.IGNORED, Group.REFUSED):
        found = finding.warnings(session, cast.an, now, group=group)
        assert [row.id for row in found.rows] == [came[group]]
    assert finding.warnings(session, cast.an, now).total == 4
    assert finding.warnings(session, cast.an, now, group=Group.FOR_US).total == 0
    assert finding.waiting(session, cast.an, now) == 1


def test_what_is_over_waits_no_more(
    session: Session, cast: Cast, now: datetime, came: dict[str, int]
) -> None:
    later = now + timedelta(hours=2)

    groups = finding.groups_of(session, finding.warnings(session, cast.an, later).rows, later)

    assert groups[came["waiting"]] is Group.FOR_US
    assert finding.waiting(session, cast.an, later) == 0


def test_a_message_is_shown_where_its_source_is_and_above(
    session: Session, cast: Cast, now: datetime, came: dict[str, int]
) -> None:
    officer = person(session, "tinh", Role.AUTHORITY, PROVINCE, now)
    neighbour = person(session, "tl", Role.AUTHORITY, TAN_LAP, now)

    seen = {
        who.login: {row.id for row in finding.warnings(session, who, now).rows}
        for who in (cast.an, cast.chief, cast.tech, cast.tan, officer, neighbour)
    }

    ours = set(came.values()) - {came["above"]}
    assert seen == {
        "an": ours,
        "chief": ours,
        "tech": set(),
        "tan": set(),
        "tinh": ours | {came["above"]},
        "tl": set(),
    }
    with pytest.raises(WarningMissing):
        finding.warning_of(session, cast.an, came["above"])
    with pytest.raises(NotAllowed):
        finding.require_a_right(cast.tech)


def test_a_province_that_waits_is_no_business_of_the_commune(
    session: Session, cast: Cast, now: datetime, came: dict[str, int]
) -> None:
    officer = person(session, "tinh", Role.AUTHORITY, PROVINCE, now)
    proposal = finding.proposals_of(session, finding.warning_of(session, officer, came["above"]))[0]

    with pytest.raises(ProposalMissing):
        put_away(session, actor=cast.an, proposal_id=proposal.id, reason="Không cần", now=now)
    put_away(session, actor=officer, proposal_id=proposal.id, reason="Không cần", now=now)

    assert proposal.state == "dismissed"
