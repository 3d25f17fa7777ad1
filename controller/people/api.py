"""Accounts, roles, tokens and the audit log over the JSON API."""

from datetime import datetime, timedelta
from typing import Any, Literal

from flask import Response, request
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import or_, select

from controller.areas.models import Area
from controller.listing import below, listing
from controller.people import auth, service
from controller.people.access import access, actor, now, reading, writing
from controller.people.models import AuditEntry, Person, Role
from controller.people.rights import paths_for
from controller.web.api import (
    OWN_PASSWORD,
    PUBLIC,
    SIGNED_IN,
    Asked,
    Key,
    Number,
    PageQuery,
    Told,
    Words,
    allow,
    answer,
    cut,
    make_api,
    nothing,
    page,
)

people_api = make_api("people", "Tài khoản", "Accounts")

Language = Literal["vi", "en"]


class PersonPath(BaseModel):
    """Which person."""

    person_id: Number


class TokenPath(BaseModel):
    """Which of my tokens."""

    token_id: Number


class RoleQuery(BaseModel):
    """Which role, and where."""

    role: Role
    area_id: Key


class SignInBody(Asked):
    """Who wants a token, and for how long."""

    login: Words = Field(max_length=60)
    password: SecretStr = Field(max_length=1000)
    name: Words = Field("API", max_length=100)
    valid_days: int = Field(30, ge=1, le=366)


class PasswordBody(Asked):
    """My old and new password."""

    old: SecretStr = Field(max_length=1000)
    new: SecretStr = Field(max_length=1000)


class PersonEdit(Asked):
    """What changes."""

    full_name: Words | None = Field(None, max_length=200)
    phone: Words | None = Field(None, max_length=30)
    language: Language | None = None


class PersonBody(Asked):
    """A new account with its first role."""

    login: Words = Field(max_length=60)
    full_name: Words = Field(max_length=200)
    role: Role
    area_id: Key
    phone: Words = Field("", max_length=30)
    language: Language = "vi"


class RoleBody(Asked):
    """A role in an area and everything below it."""

    role: Role
    area_id: Key


class TokenMade(BaseModel):
    """A token, told once."""

    token: str
    expires_at: datetime


class TokenOut(Told):
    """A token that works; its secret is known to its owner only."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime


class TokenPage(BaseModel):
    """My tokens."""

    total: int
    items: list[TokenOut]


class RoleOut(Told):
    """A role in the subtree of an area."""

    role: str
    area_id: str


class PersonOut(Told):
    """A named account."""

    id: int
    login: str
    full_name: str
    phone: str
    language: str
    is_active: bool
    must_change_password: bool
    created_at: datetime
    grants: list[RoleOut]


class PersonPage(BaseModel):
    """One page of accounts."""

    total: int
    items: list[PersonOut]


class PersonMade(BaseModel):
    """A new account with its first password, told once."""

    person: PersonOut
    password: str


class PasswordMade(BaseModel):
    """A new first password, told once."""

    password: str


class AuditOut(Told):
    """One change, by whom."""

    number: int
    at: datetime
    who: str
    action: str
    object_type: str
    object_id: str
    area_id: str
    facts: dict[str, Any]
    hash: str


class AuditPage(BaseModel):
    """One page of the audit log, the newest first."""

    total: int
    items: list[AuditOut]


@people_api.post("/tokens", responses={201: TokenMade}, security=[])
@allow(PUBLIC)
def create_token(body: SignInBody) -> Response:
    """Sign in with login and password for an API token."""
    at, here = now(), access()
    secret, who = auth.sign_in(
        here.sessions,
        body.login,
        body.password.get_secret_value(),
        request.remote_addr or "",
        here.brake,
        at,
    )
    valid_for = timedelta(days=body.valid_days)
    with writing() as session:
        auth.sign_out(session, secret)
        token = auth.create_token(session, who, body.name, at, valid_for)
    return answer(TokenMade(token=token, expires_at=at + valid_for), 201)


@people_api.get("/tokens", responses={200: TokenPage})
@allow(SIGNED_IN)
def list_tokens(query: PageQuery) -> Response:
    """List my tokens that work."""
    with reading() as session:
        return page(TokenOut, cut(auth.tokens_of(session, actor(), now()), query))


@people_api.delete("/tokens/<int:token_id>", responses={204: None})
@allow(SIGNED_IN)
def revoke_token(path: TokenPath) -> Response:
    """End one of my tokens."""
    with writing() as session:
        auth.revoke_token(session, actor(), path.token_id, now())
    return nothing()


@people_api.get("/me", responses={200: PersonOut})
@allow(SIGNED_IN)
def get_me() -> Response:
    """Show who I am and what I may do where."""
    with reading() as session:
        return answer(_person(service.find_person(session, actor().person_id or 0)))


@people_api.patch("/me", responses={200: PersonOut})
@allow(SIGNED_IN)
def edit_me(body: PersonEdit) -> Response:
    """Change my name, phone or language."""
    with writing() as session:
        mine = actor().person_id or 0
        return answer(
            _person(service.edit_person(session, actor(), mine, now(), **body.model_dump()))
        )


@people_api.put("/me/password", responses={204: None})
@allow(OWN_PASSWORD)
def change_password(body: PasswordBody) -> Response:
    """Change my password; all my sessions and tokens end."""
    with writing() as session:
        old, new = body.old.get_secret_value(), body.new.get_secret_value()
        service.change_password(session, actor(), old, new, now())
    return nothing()


@people_api.get("/people", responses={200: PersonPage})
@allow("person.view")
def list_people(query: PageQuery) -> Response:
    """List the accounts with a role in the areas that I administer."""
    with reading() as session:
        return page(PersonOut, cut(service.people_seen_by(session, actor()), query))


@people_api.post("/people", responses={201: PersonMade})
@allow("person.edit")
def create_person(body: PersonBody) -> Response:
    """Create an account; its first password must be changed at once."""
    with writing() as session:
        made, password = service.create_person(session, actor(), now=now(), **body.model_dump())
        return answer(PersonMade(person=_person(made), password=password), 201)


@people_api.patch("/people/<int:person_id>", responses={200: PersonOut})
@allow("person.edit")
def edit_person(path: PersonPath, body: PersonEdit) -> Response:
    """Change name, phone or language of an account."""
    with writing() as session:
        edited = service.edit_person(session, actor(), path.person_id, now(), **body.model_dump())
        return answer(_person(edited))


@people_api.delete("/people/<int:person_id>", responses={204: None})
@allow("person.edit")
def deactivate_person(path: PersonPath) -> Response:
    """Close an account; its name stays in the records."""
    with writing() as session:
        service.deactivate_person(session, actor(), path.person_id, now())
    return nothing()


@people_api.post("/people/<int:person_id>/password", responses={200: PasswordMade})
@allow("person.edit")
def reset_password(path: PersonPath) -> Response:
    """Give an account a new first password."""
    with writing() as session:
        password = service.reset_password(session, actor(), path.person_id, now())
    return answer(PasswordMade(password=password))


@people_api.post("/people/<int:person_id>/roles", responses={204: None})
@allow("person.edit")
def grant_role(path: PersonPath, body: RoleBody) -> Response:
    """Give a role; once is enough."""
    with writing() as session:
        service.grant_role(session, actor(), path.person_id, body.role, body.area_id, now())
    return nothing()


@people_api.delete("/people/<int:person_id>/roles", responses={204: None})
@allow("person.edit")
def revoke_role(path: PersonPath, query: RoleQuery) -> Response:
    """Take a role back."""
    with writing() as session:
        service.revoke_role(session, actor(), path.person_id, query.role, query.area_id, now())
    return nothing()


@people_api.get("/audit", responses={200: AuditPage})
@allow("audit.view")
def list_audit(query: PageQuery) -> Response:
    """List what was changed in the areas that I administer; what has no area, at the top only."""
    tops = paths_for(actor(), "audit.view")
    mine = below(Area.path, tops)
    if any(top.count("/") <= 2 for top in tops):
        mine = or_(mine, AuditEntry.area_id == "")
    rows = select(AuditEntry).outerjoin(Area, Area.id == AuditEntry.area_id).where(mine)
    with reading() as session:
        newest = rows.order_by(AuditEntry.number.desc())
        return page(AuditOut, listing(session, newest, query.limit, query.offset))


def _person(person: Person) -> PersonOut:
    return PersonOut.model_validate(person)
