"""Many officers put the same proposal away at once, on both databases: one does, the rest hear."""

import threading
from datetime import datetime

from sqlalchemy import select

from controller.cap.inbox import take
from controller.cap.models import CapProposal
from controller.db import Sessions
from controller.errors import Conflict
from controller.people.models import AuditEntry
from controller.people.rights import Actor
from controller.warnings.deciding import put_away
from tests.controller.cap.messages import cap, info
from tests.controller.cast import AN_BINH, introduce
from tests.controller.warnings.test_finding import MARKET, source

OFFICERS = 6


def test_of_many_who_dismiss_at_once_one_does(sessions: Sessions, now: datetime) -> None:
    with sessions.begin() as session:
        cast = introduce(session, now)
        take(session, cap(infos=info(tail=MARKET)), source(session, "kttv", AN_BINH, now), now)
        proposal = session.scalars(select(CapProposal.id)).one()
    ready, done, refused = threading.Barrier(OFFICERS), list[str](), list[Conflict]()

    def press(who: Actor, reason: str) -> None:
        ready.wait()
        try:
            with sessions.begin() as session:
                put_away(session, actor=who, proposal_id=proposal, reason=reason, now=now)
            done.append(reason)
        except Conflict as error:
            refused.append(error)

    people = [cast.an, cast.binh] * (OFFICERS // 2)
    threads = [
        threading.Thread(target=press, args=(who, f"Lý do {number}"))
        for number, who in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), len(refused)) == (1, OFFICERS - 1)
    assert all("đã được xử lý" in error.sentence("vi") for error in refused)
    with sessions() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "cap.dismiss")).all()
        assert [entry.facts["why"] for entry in told] == done
        assert session.get_one(CapProposal, proposal).state == "dismissed"
