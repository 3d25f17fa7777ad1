"""The second factor: one-time codes by time (TOTP, RFC 6238), and recovery codes on paper.

Six digits, 30 seconds, HMAC-SHA-1: what every authenticator app knows. A step of time counts once,
one step early or late is taken. The secret is sealed (`vault.py`) and told once, at `begin`.
A PIN or a password is no second factor.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyotp
import segno
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from controller.errors import Conflict, ControllerError, Missing
from controller.people.audit import record
from controller.people.code_brake import count_wrong, require_free
from controller.people.models import Person, RecoveryCode, SecondFactor
from controller.people.recovery import bare, codes_left_of, new_codes, use_code
from controller.people.rights import Actor
from controller.people.service import find_person, require_over
from controller.people.vault import vault_of

ISSUER = "Truyen Thanh"  # apps of every age show it; not all know Vietnamese letters
DIGITS, STEP_S = 6, 30
TOLERANCE = (0, -1, 1)


class Factor(StrEnum):
    """What a person proved."""

    TOTP = "totp"
    RECOVERY = "recovery"


class SecondFactorMissing(ControllerError):
    """The person has set up no second factor."""

    code = "second_factor_missing"
    status = 403
    vi = "Bạn chưa bật bảo mật hai lớp: hãy thiết lập ở trang Tài khoản của tôi"
    en = "You have no second factor: set it up on the page My account"


class SecondFactorWrong(ControllerError):
    """The code is wrong, too old, or was used already; which one is not said."""

    code = "second_factor_wrong"
    status = 422
    vi = "Mã không đúng hoặc đã dùng rồi: hãy đợi mã mới và thử lại"
    en = "The code is wrong or was used already: wait for a new one and try again"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs, told once: the secret, its address, that as a QR code."""

    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a person has a second factor, since when, and how many recovery codes are left."""

    is_on: bool
    since: datetime | None = None
    codes_left: int = 0


def begin(session: Session, actor: Actor, now: datetime) -> Enrolment:
    """Make a new secret for the actor; it counts for nothing until `confirm`.

    Begun again, the secret before is forgotten. The caller has asked for the password. Raises
    `Conflict` when a second factor is on already.
    """
    person = find_person(session, actor.person_id or 0)
    held = session.get(SecondFactor, person.id)
    if held is not None and held.confirmed_at is not None:
        raise Conflict(
            why_vi="Bảo mật hai lớp đang bật: hãy gỡ trước khi thiết lập lại",
            why_en="The second factor is on: remove it before setting it up again",
        )
    secret = pyotp.random_base32()
    sealed = vault_of(session).seal(secret, _about(person.id))
    session.merge(
        SecondFactor(person_id=person.id, sealed_secret=sealed, begun_at=now, last_step=0)
    )
    session.flush()
    _audit(session, actor, person, "second_factor.begin", now)
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name=ISSUER)
    return Enrolment(secret, uri, _qr(uri))


def confirm(session: Session, actor: Actor, code: str, now: datetime) -> tuple[str, ...]:
    """Turn the begun second factor on, and return ten recovery codes, told once.

    Raises `Missing` (none begun), `Conflict` (on already), `SecondFactorWrong`, `TooManyCodes`.
    """
    person = find_person(session, actor.person_id or 0)
    held = session.get(SecondFactor, person.id)
    if held is None:
        raise Missing(what="bảo mật hai lớp | second factor", id=person.login)
    if held.confirmed_at is not None:
        raise Conflict(why_vi="Bảo mật hai lớp đã bật", why_en="The second factor is on already")
    require_free(session, person.id, now)
    if not _use_step(session, held, bare(code), now):
        count_wrong(session, person.id, now)
        raise SecondFactorWrong
    held.confirmed_at = now
    _audit(session, actor, person, "second_factor.on", now)
    return new_codes(session, person.id)


def verify(session: Session, person_id: int, code: str, now: datetime) -> Factor:
    """Return what the code proves; that code proves nothing a second time.

    It is used up in the caller's transaction; a wrong one is counted even when that is undone.
    Raises `SecondFactorMissing`, `SecondFactorWrong`, `TooManyCodes` (never for a recovery code:
    nobody can guess those, and nobody shall lock an officer out), `VaultShut`.
    """
    held = session.get(SecondFactor, person_id)
    if held is None or held.confirmed_at is None:
        raise SecondFactorMissing
    plain = bare(code)
    if not (len(plain) == DIGITS and plain.isascii() and plain.isdigit()):
        if use_code(session, find_person(session, person_id), plain, now):
            return Factor.RECOVERY
    else:
        require_free(session, person_id, now)
        if _use_step(session, held, plain, now):
            return Factor.TOTP
    count_wrong(session, person_id, now)
    raise SecondFactorWrong


def renew_recovery_codes(
    session: Session, actor: Actor, code: str, now: datetime
) -> tuple[str, ...]:
    """Return ten new recovery codes, told once; the old ones are void. Raises as `verify`."""
    person = find_person(session, actor.person_id or 0)
    verify(session, person.id, code, now)
    _audit(session, actor, person, "second_factor.codes", now)
    return new_codes(session, person.id)


def remove(session: Session, actor: Actor, code: str, now: datetime) -> Person:
    """Turn off the actor's own second factor; ends all their sessions. Raises as `verify`."""
    person = find_person(session, actor.person_id or 0)
    verify(session, person.id, code, now)
    _drop(session, actor, person, now)
    return person


def remove_of(session: Session, actor: Actor, person_id: int, now: datetime) -> None:
    """Turn off that of a person below the actor, who lost it; quiet when there is none.

    Ends the person's sessions. One's own takes a code: `remove`.
    """
    person = find_person(session, person_id)
    require_over(session, actor, person)
    if person.id == actor.person_id:
        raise Conflict(
            why_vi="Của chính mình: hãy gỡ bằng mã ở trang Tài khoản của tôi",
            why_en="Your own takes a code: remove it on the page My account",
        )
    if session.get(SecondFactor, person_id) is not None:
        _drop(session, actor, person, now)


def status_of(session: Session, person_id: int) -> Status:
    """Return how it stands with a person's second factor."""
    held = session.get(SecondFactor, person_id)
    if held is None or held.confirmed_at is None:
        return Status(is_on=False)
    return Status(is_on=True, since=held.confirmed_at, codes_left=codes_left_of(session, person_id))


def who_has_one(session: Session) -> frozenset[int]:
    """Return the ids of all people whose second factor is on."""
    is_on = SecondFactor.confirmed_at.is_not(None)
    return frozenset(session.scalars(select(SecondFactor.person_id).where(is_on)))


def _use_step(session: Session, held: SecondFactor, code: str, now: datetime) -> bool:
    """Take the step of time that the code belongs to, if it is there and nobody took it before."""
    totp = pyotp.TOTP(vault_of(session).open(held.sealed_secret, _about(held.person_id)))
    current = int(now.timestamp()) // STEP_S
    steps = [current + offset for offset in TOLERANCE]
    fits = [s for s in steps if hmac.compare_digest(totp.generate_otp(s).encode(), code.encode())]
    if not fits:
        return False
    taken = (
        update(SecondFactor)
        .where(SecondFactor.person_id == held.person_id, SecondFactor.last_step < fits[0])
        .values(last_step=fits[0])
        .returning(SecondFactor.person_id)
    )
    return bool(session.execute(taken).all())


def _drop(session: Session, actor: Actor, person: Person, now: datetime) -> None:
    for table in (RecoveryCode, SecondFactor):
        session.execute(delete(table).where(table.person_id == person.id))
    person.generation += 1
    session.flush()
    _audit(session, actor, person, "second_factor.remove", now)


def _audit(session: Session, actor: Actor, person: Person, action: str, now: datetime) -> None:
    record(session, now, actor.login, action, "person", person.id, "", {"login": person.login})


def _qr(uri: str) -> str:
    """Return the SVG, dark on white with its quiet zone, whatever the colours of the page."""
    code = segno.make(uri, error="m", micro=False)
    return code.svg_inline(scale=4, dark="#000", light="#fff", omitsize=True)


def _about(person_id: int) -> str:
    return f"person {person_id}"
