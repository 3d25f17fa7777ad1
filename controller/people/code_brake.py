"""Slows down the guessing of one-time codes: 5 wrong ones a minute, 50 a day, for one person.

In the database, so that all processes count together. A wrong code usually undoes what its caller
was doing; it is therefore written down, with its audit entry, in a transaction of its own as soon
as the caller's is over. Guesses under way at the same time may each still get their answer.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session, SessionTransaction

from controller.people.audit import record
from controller.people.brake import TooManyAttempts
from controller.people.models import Person, WrongCode

DAY = timedelta(days=1)
LIMITS = ((5, timedelta(minutes=1)), (50, DAY))
"""Fifty guesses a day hit one of three valid codes of a million once in 18 years."""
_OWED, _LISTENS = "code_brake.owed", "code_brake.listens"


class TooManyCodes(TooManyAttempts):
    """Too many wrong codes; fact `wait_s`."""

    code = "too_many_codes"
    vi = "Sai mã quá nhiều lần, hãy đợi {wait_s} giây hoặc dùng một mã dự phòng"
    en = "Too many wrong codes, wait {wait_s} seconds or use a recovery code"


def require_free(session: Session, person_id: int, now: datetime) -> None:
    """Raise `TooManyCodes` while the person has given too many wrong codes."""
    for limit, window in LIMITS:
        failed = _recent(session, person_id, now - window, limit)
        if len(failed) >= limit:
            wait = failed[limit - 1] + window - now
            raise TooManyCodes(wait_s=max(1, round(wait.total_seconds())))


def count_wrong(session: Session, person_id: int, now: datetime) -> None:
    """Remember a wrong code, whatever becomes of the caller's transaction."""
    session.info.setdefault(_OWED, []).append((person_id, now))
    if not session.info.get(_LISTENS):
        event.listen(session, "after_transaction_end", _write_down)
        session.info[_LISTENS] = True


def _recent(session: Session, person_id: int, since: datetime, limit: int) -> list[datetime]:
    """Return the newest wrong codes first, `limit` at most."""
    rows = session.scalars(
        select(WrongCode.at)
        .where(WrongCode.person_id == person_id, WrongCode.at > since)
        .order_by(WrongCode.at.desc())
        .limit(limit)
    )
    owed: list[Any] = session.info.get(_OWED, [])
    mine = [at for whose, at in owed if whose == person_id and at > since]
    return sorted((*rows, *mine), reverse=True)[:limit]


def _write_down(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return  # a savepoint: the caller still holds its locks
    owed = session.info.pop(_OWED, [])
    if not owed:
        return
    with Session(session.get_bind()) as own, own.begin():
        for person_id, at in owed:
            own.add(WrongCode(person_id=person_id, at=at))
            own.execute(delete(WrongCode).where(WrongCode.at <= at - DAY))
            who = own.scalar(select(Person.login).where(Person.id == person_id)) or str(person_id)
            record(own, at, who, "second_factor.wrong", "person", person_id)
