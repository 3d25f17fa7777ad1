from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import select

from controller.db import Sessions
from controller.errors import Conflict
from controller.people.models import AuditEntry
from controller.programmes.models import ProgrammeVersion
from controller.programmes.service import create_programme
from controller.programmes.versions import add_version, approve, submit
from tests.controller.cast import AN_BINH, introduce

CHIME = {"kind": "tone", "tone": "chime", "for_ms": 3000}


def test_many_approvals_at_once_put_a_version_on_air_once(
    sessions: Sessions, now: datetime
) -> None:
    with sessions.begin() as session:
        cast = introduce(session, now)
        made = create_programme(session, actor=cast.an, area_id=AN_BINH, title="Tin", now=now)
        add_version(session, actor=cast.an, programme_id=made.id, items=[CHIME], now=now)
        submit(session, actor=cast.an, programme_id=made.id, number=1, now=now)

    def decide(_: int) -> bool:
        try:
            with sessions.begin() as session:
                approve(session, actor=cast.binh, programme_id=made.id, number=1, now=now)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(decide, range(16)))

    with sessions() as session:
        entries = session.scalars(select(AuditEntry.action)).all()
    assert won.count(True) == 1
    assert entries.count("programme.approve") == 1


def test_drafts_written_at_once_get_numbers_of_their_own(sessions: Sessions, now: datetime) -> None:
    with sessions.begin() as session:
        cast = introduce(session, now)
        made = create_programme(session, actor=cast.an, area_id=AN_BINH, title="Tin", now=now)

    def write(_: int) -> None:
        with sessions.begin() as session:
            add_version(session, actor=cast.an, programme_id=made.id, items=[CHIME], now=now)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(12)))

    with sessions() as session:
        numbers = session.scalars(select(ProgrammeVersion.number)).all()
        states = session.scalars(select(ProgrammeVersion.state)).all()
    assert sorted(numbers) == list(range(1, 13))
    assert states.count("draft") == 1
