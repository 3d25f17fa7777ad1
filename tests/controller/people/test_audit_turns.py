from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import func, select

from controller.db import Sessions
from controller.people.audit import record, verify
from controller.people.models import AuditEntry


def test_eight_writers_at_once_make_one_chain(sessions: Sessions, now: datetime) -> None:
    """R46, on both databases."""

    def work(writer: int) -> None:
        for number in range(10):
            with sessions.begin() as session:
                record(session, now, f"writer-{writer}", "a", "b", number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    with sessions() as session:
        assert verify(session) is None
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 80
