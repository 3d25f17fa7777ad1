"""Who is asking: sign-in, browser sessions and API tokens.

Only hashes of secrets are stored. A session or token dies at once when the person's `generation`
rises (a role, the password, the account itself changed), which is asked at every use (R47).
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from controller.db import Sessions
from controller.errors import ControllerError, Invalid, Missing
from controller.people.audit import record
from controller.people.brake import Brake
from controller.people.models import ApiToken, Person, SignIn
from controller.people.passwords import is_right
from controller.people.rights import Actor, actor_of

IDLE_FOR = timedelta(hours=2)
SIGNED_IN_FOR = timedelta(hours=12)
TOKEN_FOR_AT_MOST = timedelta(days=366)
SEEN_EVERY = timedelta(minutes=1)
TOKEN_PREFIX = "tt_"  # noqa: S105 - how a token is recognised in a log or a repository


class SignInRefused(ControllerError):
    """Login or password is wrong; which one is not said."""

    code = "sign_in_refused"
    status = 401
    vi = "Sai tên đăng nhập hoặc mật khẩu"
    en = "The login or the password is wrong"


def sign_in(
    sessions: Sessions, login: str, password: str, address: str, brake: Brake, now: datetime
) -> tuple[str, Actor]:
    """Return the secret of a new browser session, and who it is.

    Makes its own transactions, unlike other use cases: the slow comparison must hold no lock, and
    a refusal must leave its audit entry. Raises `SignInRefused`, `TooManyAttempts`.
    """
    brake.require_free(login, address, now)
    with sessions() as session:
        person = session.scalar(select(Person).where(Person.login == login, Person.is_active))
    if not is_right(person.password_hash if person else None, password) or person is None:
        brake.count_failure(login, address, now)
        with sessions.begin() as session:
            facts = {"address": address}
            record(session, now, login[:60], "sign_in.refused", "person", login[:60], "", facts)
        raise SignInRefused
    with sessions.begin() as session:
        facts = {"address": address}
        record(session, now, person.login, "sign_in.done", "person", person.id, "", facts)
        return start_session(session, person, now), actor_of(session, person)


def require_own_password(
    sessions: Sessions, actor: Actor, password: str, address: str, brake: Brake, now: datetime
) -> None:
    """Let only the actor themselves go on, not whoever found their browser open.

    Makes its own transaction, as `sign_in`. Raises `Invalid`, `TooManyAttempts`.
    """
    brake.require_free(actor.login, address, now)
    with sessions() as session:
        stored = session.scalar(select(Person.password_hash).where(Person.id == actor.person_id))
    if not is_right(stored, password):
        brake.count_failure(actor.login, address, now)
        raise Invalid(field="password", why_vi="không đúng", why_en="is wrong")


def start_session(session: Session, person: Person, now: datetime) -> str:
    """Return the secret of a new browser session of a person; old dead ones are swept away."""
    session.execute(delete(SignIn).where(SignIn.person_id == person.id, SignIn.expires_at <= now))
    secret = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            person_id=person.id,
            secret_hash=_hash(secret),
            generation=person.generation,
            created_at=now,
            seen_at=now,
            expires_at=now + SIGNED_IN_FOR,
        )
    )
    session.flush()
    return secret


def actor_of_session(session: Session, secret: str, now: datetime) -> Actor | None:
    """Return who holds a live session: used in the last 2 hours, begun in the last 12."""
    row = session.execute(
        select(SignIn, Person)
        .join(Person, Person.id == SignIn.person_id)
        .where(
            SignIn.secret_hash == _hash(secret),
            SignIn.expires_at > now,
            SignIn.seen_at > now - IDLE_FOR,
            SignIn.generation == Person.generation,
            Person.is_active,
        )
    ).first()
    return actor_of(session, row.Person) if row else None


def touch_session(session: Session, secret: str, now: datetime) -> None:
    """Remember that a session was used; a write at most once a minute."""
    session.execute(
        update(SignIn)
        .where(SignIn.secret_hash == _hash(secret), SignIn.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now)
    )


def sign_out(session: Session, secret: str) -> None:
    """End a session; quiet when it is gone already."""
    session.execute(delete(SignIn).where(SignIn.secret_hash == _hash(secret)))


def create_token(
    session: Session, actor: Actor, name: str, now: datetime, valid_for: timedelta
) -> str:
    """Return a new API token with the actor's own rights, told once; a year at most."""
    if not timedelta(0) < valid_for <= TOKEN_FOR_AT_MOST:
        raise Invalid(field="valid_for", why_vi="tối đa 366 ngày", why_en="is at most 366 days")
    person = session.get(Person, actor.person_id) if actor.person_id is not None else None
    if person is None:
        raise Missing(what="tài khoản | account", id=actor.login)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        person_id=person.id,
        name=name[:100],
        secret_hash=_hash(secret),
        generation=person.generation,
        created_at=now,
        expires_at=now + valid_for,
    )
    session.add(token)
    session.flush()
    facts = {"name": token.name, "expires_at": token.expires_at}
    record(session, now, actor.login, "token.create", "token", token.id, "", facts)
    return secret


def revoke_token(session: Session, actor: Actor, token_id: int, now: datetime) -> None:
    """End one of the actor's own tokens; `Missing` for another person's."""
    token = session.get(ApiToken, token_id)
    if token is None or token.person_id != actor.person_id:
        raise Missing(what="mã truy cập | token", id=token_id)
    if token.revoked_at is None:
        token.revoked_at = now
        record(session, now, actor.login, "token.revoke", "token", token_id)


def tokens_of(session: Session, actor: Actor, now: datetime) -> list[ApiToken]:
    """Return the actor's tokens that still work, newest first."""
    return list(
        session.scalars(
            select(ApiToken)
            .join(Person, Person.id == ApiToken.person_id)
            .where(
                ApiToken.person_id == actor.person_id,
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at > now,
                ApiToken.generation == Person.generation,
            )
            .order_by(ApiToken.id.desc())
        )
    )


def actor_of_token(session: Session, secret: str, now: datetime) -> Actor | None:
    """Return who holds a live API token."""
    person = session.scalar(
        select(Person)
        .join(ApiToken, ApiToken.person_id == Person.id)
        .where(
            ApiToken.secret_hash == _hash(secret),
            ApiToken.expires_at > now,
            ApiToken.revoked_at.is_(None),
            ApiToken.generation == Person.generation,
            Person.is_active,
        )
    )
    return actor_of(session, person) if person else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
