"""Programmes ready to be scheduled, made through the use cases."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from controller.library.models import Asset, LibraryItem
from controller.programmes.models import Programme
from controller.programmes.service import create_programme
from controller.programmes.versions import add_version, approve, submit
from tests.controller.cast import AN_BINH, Cast

SOUND = "a" * 64


@pytest.fixture
def sound(session: Session, cast: Cast, now: datetime) -> str:
    """A sound of 60 s in the library of An Bình, by its hash."""
    session.add(
        Asset(
            sha256=SOUND, bytes=480_000, duration_ms=60_000, codec="opus", peaks=[], created_at=now
        )
    )
    session.flush()
    session.add(
        LibraryItem(
            area_id=cast.an_binh.id,
            sha256=SOUND,
            kind="bulletin",
            title="Bản tin",
            created_by="an",
            created_at=now,
        )
    )
    session.flush()
    return SOUND


@pytest.fixture
def programme(session: Session, cast: Cast, sound: str, now: datetime) -> Programme:
    """A programme of An Bình with one draft of 60 s, written by `an`."""
    made = create_programme(session, actor=cast.an, area_id=AN_BINH, title="Bản tin sáng", now=now)
    add_version(session, actor=cast.an, programme_id=made.id, items=[{"sha256": sound}], now=now)
    return made


@pytest.fixture
def on_air(session: Session, cast: Cast, programme: Programme, now: datetime) -> Programme:
    """The same programme, submitted by `an` and approved by `binh`."""
    submit(session, actor=cast.an, programme_id=programme.id, number=1, now=now)
    approve(session, actor=cast.binh, programme_id=programme.id, number=1, now=now)
    return programme
