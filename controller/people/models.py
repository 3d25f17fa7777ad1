"""People, their roles in a subtree, their sessions and tokens, and the chained audit table."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from controller.db import Base


class Role(StrEnum):
    """What a person may do in an area and everything below it."""

    OPERATOR = "operator"
    APPROVER = "approver"
    AUTHORITY = "authority"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"


class Person(Base):
    """A named account. `generation` rises when rights change, which ends every session."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    full_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(30), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(5), default="vi")
    is_active: Mapped[bool] = mapped_column(default=True)
    generation: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    grants: Mapped[list["Grant"]] = relationship(
        back_populates="person", cascade="all, delete-orphan", lazy="selectin"
    )


class Grant(Base):
    """A role of a person in the subtree of an area."""

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    person: Mapped[Person] = relationship(back_populates="grants")

    __table_args__ = (UniqueConstraint("person_id", "role", "area_id"),)


class SignIn(Base):
    """A browser session, known by the hash of its cookie's secret."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    generation: Mapped[int]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """A token for the JSON API, known by its hash; it has the rights of its person."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    generation: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SecondFactor(Base):
    """A person's TOTP secret, sealed; it counts from `confirmed_at`. `last_step` was used last."""

    __tablename__ = "second_factors"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(String(200))
    begun_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code on paper that stands in once for a second factor, known by its hash."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class WrongCode(Base):
    """A wrong one-time code of the last day; it stays when what it was meant for is undone."""

    __tablename__ = "wrong_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """One change, by whom; `hash` covers all columns and the hash before it (R46)."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(100))
    area_id: Mapped[str] = mapped_column(String(40), default="")
    facts: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
