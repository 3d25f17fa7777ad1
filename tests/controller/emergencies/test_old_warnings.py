"""What is forgotten of warnings, and what never is."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from controller.cap.models import CapMessage, CapProposal
from controller.cap.pruning import forget_old
from tests.controller.cap.messages import info
from tests.controller.emergencies.conftest import Desk
from tests.controller.emergencies.test_from_outside import ELSEWHERE, Inbox, warning


@pytest.fixture
def inbox(desk: Desk) -> Inbox:
    """The inbox with one open source."""
    made = Inbox(desk)
    made.source()
    return made


def forget(desk: Desk, days: int, most: int = 200) -> int:
    """Forget what is so many days old."""
    with desk.sessions.begin() as session:
        return forget_old(session, desk.at - timedelta(days=days), most)


def left(desk: Desk) -> list[str]:
    """Return what is kept, oldest first."""
    with desk.sessions() as session:
        return list(session.scalars(select(CapMessage.identifier).order_by(CapMessage.id)))


def test_old_messages_go_with_their_proposals_and_what_became_an_alert_stays(
    inbox: Inbox, desk: Desk
) -> None:
    inbox.take(warning())
    inbox.take_up()
    inbox.take(warning(identifier="VN-2"))
    inbox.take(warning(identifier="VN-3", infos=info(tail=ELSEWHERE)))
    inbox.take(b"nonsense")
    desk.wait(days=60)
    inbox.take(warning(identifier="VN-4"))

    assert forget(desk, 90) == 0
    assert forget(desk, 30) == 3

    assert left(desk) == ["VN-1", "VN-4"]
    with desk.sessions() as session:
        assert session.scalar(select(func.count()).select_from(CapProposal)) == 1
    assert inbox.take(warning()).content == warning(), "the original bytes are there"


def test_what_can_still_be_taken_up_stays_however_old_it_is(inbox: Inbox, desk: Desk) -> None:
    times = (
        "<effective>2026-11-20T08:00:00+07:00</effective>"
        "<expires>2026-11-20T20:00:00+07:00</expires>"
    )
    inbox.take(warning(infos=info(times=times, tail=info_tail())))
    desk.wait(days=15)

    assert forget(desk, 7) == 0
    desk.wait(days=30)
    assert forget(desk, 7) == 1


def test_so_many_at_a_time_the_oldest_first(inbox: Inbox, desk: Desk) -> None:
    for number in range(3):
        inbox.take(warning(identifier=f"VN-{number}"))
    desk.wait(days=100)

    assert [forget(desk, 90, most=2) for _ in range(3)] == [2, 1, 0]


def info_tail() -> str:
    """Return the place of a warning around the market."""
    return "<area><areaDesc>Chợ</areaDesc><circle>21.1,105.9 2</circle></area>"
