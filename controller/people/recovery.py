"""Recovery codes: ten on paper, each once in place of the second factor; only hashes are kept.

79 random bits a code: nobody guesses one, so that a plain SHA-256 will do and no brake is needed.
"""

import hashlib
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from controller.people.audit import record
from controller.people.models import Person, RecoveryCode
from controller.people.passwords import first_password

RECOVERY_CODES = 10


def new_codes(session: Session, person_id: int) -> tuple[str, ...]:
    """Return ten new codes of a person, told once; the old ones are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = tuple(first_password() for _ in range(RECOVERY_CODES))
    session.add_all(
        RecoveryCode(person_id=person_id, code_hash=_hash(bare(code))) for code in codes
    )
    session.flush()
    return codes


def use_code(session: Session, person: Person, code: str, now: datetime) -> bool:
    """Use a code up and record it; return whether it was there and nobody had used it."""
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == _hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    if not session.execute(used).all():
        return False
    facts = {"login": person.login, "left": codes_left_of(session, person.id)}
    record(session, now, person.login, "second_factor.recovery", "person", person.id, "", facts)
    return True


def codes_left_of(session: Session, person_id: int) -> int:
    """Return how many codes a person has not used."""
    unused = (RecoveryCode.person_id == person_id) & RecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(unused)) or 0


def bare(code: str) -> str:
    """Return a code as it counts, however it was typed: no dashes, spaces or capitals."""
    return "".join(letter for letter in code.casefold() if letter.isalnum())


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
