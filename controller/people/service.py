"""Accounts and roles: an administrator manages only inside the own subtree, and grants only there.

Every change is audited and raises the person's `generation`, which ends their sessions and tokens.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.areas.service import find_area
from controller.errors import Conflict, Invalid, Missing
from controller.people.audit import record
from controller.people.models import Grant, Person, Role
from controller.people.passwords import (
    PasswordWeak,
    first_password,
    hash_password,
    is_right,
    require_strong,
)
from controller.people.rights import (
    ACTIONS,
    Actor,
    NotAllowed,
    actor_of,
    allows,
    machine_owner,
    may,
    paths_for,
    require,
)

__all__ = [
    "ACTIONS",
    "Actor",
    "NotAllowed",
    "PasswordWeak",
    "actor_of",
    "allows",
    "machine_owner",
    "may",
    "paths_for",
    "require",
]

LOGIN = r"[a-z0-9][a-z0-9._-]{1,58}[a-z0-9]"
LANGUAGES = ("vi", "en")


def create_person(
    session: Session,
    actor: Actor,
    *,
    login: str,
    full_name: str,
    role: Role,
    area_id: str,
    now: datetime,
    phone: str = "",
    language: str = "vi",
) -> tuple[Person, str]:
    """Create an account with one role; return it and its first password, told once.

    The person must change that password before anything else. Raises `NotAllowed`, `Invalid`,
    `Conflict`.
    """
    area = find_area(session, area_id)
    require(actor, "person.edit", area)
    _require_login(login)
    _require_details(full_name, language)
    if session.scalar(select(Person.id).where(Person.login == login)) is not None:
        raise Conflict(why_vi=f"Đã có tài khoản {login}", why_en=f"There is an account {login}")
    password = first_password()
    person = Person(
        login=login,
        full_name=full_name,
        phone=phone,
        language=language,
        password_hash=hash_password(password),
        must_change_password=True,
        created_at=now,
        grants=[Grant(role=role, area_id=area_id)],
    )
    session.add(person)
    session.flush()
    facts = {"login": login, "role": role}
    record(session, now, actor.login, "person.create", "person", person.id, area_id, facts)
    return person, password


def grant_role(
    session: Session, actor: Actor, person_id: int, role: Role, area_id: str, now: datetime
) -> None:
    """Give a person a role in an area of the actor's; quiet when they have it."""
    person, area = find_person(session, person_id), find_area(session, area_id)
    require(actor, "person.edit", area)
    if any(one.role == role and one.area_id == area_id for one in person.grants):
        return
    person.grants.append(Grant(role=role, area_id=area_id))
    _changed(session, actor, person, "person.grant", area_id, {"role": role}, now)


def revoke_role(
    session: Session, actor: Actor, person_id: int, role: Role, area_id: str, now: datetime
) -> None:
    """Take a role back; the last administrator of everything cannot go."""
    person, area = find_person(session, person_id), find_area(session, area_id)
    require(actor, "person.edit", area)
    held = next((one for one in person.grants if (one.role, one.area_id) == (role, area_id)), None)
    if held is None:
        raise Missing(what="quyền | role", id=f"{role} {area_id}")
    person.grants.remove(held)
    _changed(session, actor, person, "person.revoke", area_id, {"role": role}, now)
    if role == Role.ADMINISTRATOR:
        _require_an_administrator(session)


def edit_person(
    session: Session,
    actor: Actor,
    person_id: int,
    now: datetime,
    *,
    full_name: str | None = None,
    phone: str | None = None,
    language: str | None = None,
) -> Person:
    """Change name, phone or language; one's own always, another's as their administrator."""
    person = find_person(session, person_id)
    if person.id != actor.person_id:
        require_over(session, actor, person)
    wanted = {"full_name": full_name, "phone": phone, "language": language}
    changed = {name: value for name, value in wanted.items() if value is not None}
    _require_details(full_name or person.full_name, language or person.language)
    for name, value in changed.items():
        setattr(person, name, value)
    record(session, now, actor.login, "person.edit", "person", person.id, "", changed)
    return person


def deactivate_person(session: Session, actor: Actor, person_id: int, now: datetime) -> None:
    """Close an account; its sessions and tokens end at once, its name stays in the records."""
    person = find_person(session, person_id)
    require_over(session, actor, person)
    if person.is_active:
        person.is_active = False
        _changed(session, actor, person, "person.deactivate", "", {}, now)
        if any(grant.role == Role.ADMINISTRATOR for grant in person.grants):
            _require_an_administrator(session)


def change_password(session: Session, actor: Actor, old: str, new: str, now: datetime) -> Person:
    """Change one's own password; every session ends, the caller may start a new one."""
    person = find_person(session, actor.person_id or 0)
    if not is_right(person.password_hash, old):
        raise Invalid(field="old", why_vi="mật khẩu cũ không đúng", why_en="is not the password")
    if old == new:
        raise PasswordWeak(field="new", why_vi="phải khác mật khẩu cũ", why_en="is the old one")
    require_strong(new, person.login)
    person.password_hash, person.must_change_password = hash_password(new), False
    _changed(session, actor, person, "person.password", "", {}, now)
    return person


def reset_password(session: Session, actor: Actor, person_id: int, now: datetime) -> str:
    """Return a new first password for a person below the actor; must be changed at sign-in."""
    person = find_person(session, person_id)
    require_over(session, actor, person)
    password = first_password()
    person.password_hash, person.must_change_password = hash_password(password), True
    _changed(session, actor, person, "person.password_reset", "", {}, now)
    return password


def find_person(session: Session, person_id: int) -> Person:
    """Return a person, or raise `Missing`."""
    person = session.get(Person, person_id)
    if person is None:
        raise Missing(what="tài khoản | account", id=person_id)
    return person


def person_by_login(session: Session, login: str) -> Person:
    """Return a person, or raise `Missing`."""
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise Missing(what="tài khoản | account", id=login)
    return person


def require_over(session: Session, actor: Actor, person: Person) -> None:
    """Let an actor manage an account only if all of its roles are inside their administration."""
    for area in _areas_of(session, person):
        require(actor, "person.edit", area)
    if not person.grants and not may(actor, ACTIONS["person.edit"].roles, "/"):
        named = ACTIONS["person.edit"]
        raise NotAllowed(action_vi=named.vi, action_en=named.en, area=person.login)


def people_seen_by(session: Session, actor: Actor) -> list[Person]:
    """Return the people with a role inside the actor's administration, by login."""
    inside = [
        Area.path.startswith(path, autoescape=True) for path in paths_for(actor, "person.view")
    ]
    if not inside:
        return []
    has_role = select(Grant.person_id).join(Area, Area.id == Grant.area_id).where(or_(*inside))
    return list(
        session.scalars(select(Person).where(Person.id.in_(has_role)).order_by(Person.login))
    )


def _areas_of(session: Session, person: Person) -> Iterable[Area]:
    ids = [grant.area_id for grant in person.grants]
    return session.scalars(select(Area).where(Area.id.in_(ids))).all()


def _require_an_administrator(session: Session) -> None:
    session.flush()
    left = session.scalar(
        select(Grant.id)
        .join(Person, Person.id == Grant.person_id)
        .where(Grant.role == Role.ADMINISTRATOR, Person.is_active)
        .limit(1)
    )
    if left is None:
        raise Conflict(
            why_vi="Phải còn ít nhất một quản trị viên", why_en="One administrator must remain"
        )


def _changed(
    session: Session,
    actor: Actor,
    person: Person,
    action: str,
    area_id: str,
    facts: dict[str, str],
    now: datetime,
) -> None:
    person.generation += 1
    session.flush()
    facts = {"login": person.login, **facts}
    record(session, now, actor.login, action, "person", person.id, area_id, facts)


def _require_login(login: str) -> None:
    if not re.fullmatch(LOGIN, login):
        raise Invalid(
            field="login",
            why_vi="từ 3 đến 60 chữ thường, số, dấu chấm, gạch",
            why_en="has 3 to 60 of a-z, 0-9, dot, dash, underscore",
        )


def _require_details(full_name: str, language: str) -> None:
    if not 1 <= len(full_name.strip()) <= 200:
        raise Invalid(field="full_name", why_vi="không được trống", why_en="must not be empty")
    if language not in LANGUAGES:
        raise Invalid(field="language", why_vi="là vi hoặc en", why_en="is vi or en")
