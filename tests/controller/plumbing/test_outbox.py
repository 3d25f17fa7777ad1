"""The outbox: nothing leaves before its commit, everything leaves once after it (R36)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller import outbox, wake
from controller.db import Sessions
from controller.outbox_models import OutboxRow


class RememberingLink:
    """A broker that remembers what it took; it can be away."""

    def __init__(self) -> None:
        self.is_up = True
        self.taken: list[tuple[str, str, bool]] = []

    def publish(self, messages: Sequence[tuple[str, str, bool]], timeout_s: float) -> list[bool]:
        assert timeout_s > 0
        if self.is_up:
            self.taken += messages
        return [self.is_up] * len(messages)


@pytest.fixture
def link() -> RememberingLink:
    return RememberingLink()


@pytest.fixture
def publisher(sessions: Sessions, link: RememberingLink, now: datetime) -> outbox.Publisher:
    return outbox.Publisher(sessions, link, lambda: now, "worker-1")


def test_nothing_leaves_before_the_commit(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    with sessions() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)
        session.rollback()

    assert not publisher.step()
    assert link.taken == []


def test_a_commit_wakes_the_publisher(sessions: Sessions, now: datetime) -> None:
    woken: list[str] = []
    wake.on_commit(sessions, {outbox.NAME: lambda: woken.append("outbox")})

    with sessions() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)
        assert woken == []
        session.commit()

    assert woken == ["outbox"]


def test_what_was_committed_is_sent_once(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)

    assert publisher.step()
    assert not publisher.step()
    assert link.taken == [("tt/1/down/d-quiet/plan", "token-1", True)]


def test_a_broker_that_is_away_gets_everything_later(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)
    link.is_up = False
    assert not publisher.step()

    link.is_up = True
    publisher.step()

    assert len(link.taken) == 1


def test_another_worker_sends_what_a_killed_one_had_claimed(
    sessions: Sessions, link: RememberingLink, now: datetime
) -> None:
    """R36: killed between claim and sent, the row still goes out."""
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)
        session.scalars(select(OutboxRow)).one().claimed_by = "a-dead-worker"

    outbox.Publisher(sessions, link, lambda: now, "worker-2").step()

    assert [topic for topic, _, _ in link.taken] == ["tt/1/down/d-quiet/plan"]


def test_only_the_newest_revision_of_a_retained_topic_is_sent(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    with sessions.begin() as session:
        for rev in (1, 2, 3):
            _enqueue(session, "tt/1/down/d-quiet/plan", rev, now)

    publisher.step()

    assert [token for _, token, _ in link.taken] == ["token-3"]
    with sessions() as session:
        assert outbox.waiting_count(session) == 0


def test_a_revision_that_waits_twice_is_sent_once(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    """R36: a broker without memory gets it, and it was still waiting when we were killed."""
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)
        outbox.republish_retained(session, now)

    publisher.step()

    assert len(link.taken) == 1
    with sessions() as session:
        assert outbox.waiting_count(session) == 0


def test_an_alert_goes_before_a_thousand_plans(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    """R10: bulk never delays what is urgent."""
    with sessions.begin() as session:
        for number in range(1500):
            _enqueue(session, f"tt/1/down/d-{number:05d}/plan", 1, now)
        _enqueue(session, "tt/1/areas/vn/alert/a-1", 1, now, urgency=0)

    publisher.step()

    assert link.taken[0][0] == "tt/1/areas/vn/alert/a-1"


def test_what_expired_while_waiting_is_not_sent(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/command", 1, now, expires_at=now, retain=False)

    publisher.step()

    assert link.taken == []
    with sessions() as session:
        assert outbox.waiting_count(session) == 0


def test_a_broker_without_memory_gets_everything_retained_again(
    sessions: Sessions, publisher: outbox.Publisher, link: RememberingLink, now: datetime
) -> None:
    """A killed broker comes back empty; what has expired does not come back."""
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 7, now)
        _enqueue(session, "tt/1/areas/vn/alert/old", 1, now, expires_at=now - timedelta(seconds=1))
        _enqueue(session, "tt/1/down/d-quiet/command", 1, now, retain=False)
    publisher.step()
    link.taken.clear()

    with sessions.begin() as session:
        outbox.republish_retained(session, now)
    publisher.step()

    assert link.taken == [("tt/1/down/d-quiet/plan", "token-7", True)]


def test_who_lost_the_lease_sends_nothing(
    sessions: Sessions, link: RememberingLink, now: datetime
) -> None:
    with sessions.begin() as session:
        _enqueue(session, "tt/1/down/d-quiet/plan", 1, now)

    outbox.Publisher(sessions, link, lambda: now, "frozen", may_act=lambda: False).step()

    assert link.taken == []


def _enqueue(
    session: Session,
    topic: str,
    rev: int,
    now: datetime,
    *,
    urgency: int = 2,
    retain: bool = True,
    expires_at: datetime | None = None,
) -> None:
    outbox.enqueue(
        session,
        topic=topic,
        kind=topic.rsplit("/", maxsplit=1)[-1] if "alert" not in topic else "alert",
        owner="d-quiet",
        token=f"token-{rev}",
        rev=rev,
        retain=retain,
        urgency=urgency,
        now=now,
        expires_at=expires_at,
    )
