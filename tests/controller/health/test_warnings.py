"""Sources of warnings in trouble: who is told, of what, and when it is over."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.cap.models import CapMessage, CapSource
from controller.health.models import Incident
from controller.health.sight import incidents_in_sight
from controller.health.warnings import SILENT_AFTER, note_sources
from controller.today.attention import troubles
from tests.controller.cast import AN_BINH, Cast


@pytest.fixture
def source(session: Session, cast: Cast, now: datetime) -> CapSource:
    """A feed of An Bình that works."""
    made = CapSource(
        id="kttv",
        area_id=cast.an_binh.id,
        name="Đài khí tượng",
        kind="http",
        created_by="t",
        created_at=now,
        trouble_vi="hỏng",
        trouble_en="broken",
        is_on=True,
        failures=0,
    )
    session.add(made)
    session.flush()
    return made


def came(session: Session, outcome: str, reason: str, at: datetime) -> None:
    """Keep a message of the source with its verdict."""
    session.add(
        CapMessage(
            source_id="kttv", digest=f"{reason}{at}"[:64], content=b"", received_at=at,
            outcome=outcome, reason=reason, why_vi="vì", why_en="because", signature="none",
            replaces=[],
        )
    )  # fmt: skip
    session.flush()


def told(session: Session) -> list[str]:
    """Return the kinds of open incidents."""
    rows = select(Incident.kind).where(Incident.closed_at.is_(None)).order_by(Incident.kind)
    return list(session.scalars(rows))


def test_a_source_that_fails_three_times_is_told_until_it_answers(
    session: Session, source: CapSource, now: datetime
) -> None:
    source.failures = SILENT_AFTER - 1
    assert note_sources(session, now) == []

    source.failures = SILENT_AFTER
    assert note_sources(session, now) == ["kttv: warnings_silent: broken"]
    source.failures += 1
    assert note_sources(session, now) == []
    assert told(session) == ["warnings_silent"]

    source.failures = 0
    note_sources(session, now)
    assert told(session) == []


@pytest.mark.parametrize("reason", ["unsigned", "signer_unknown", "certificate", "signature_weak"])
def test_what_is_not_signed_right_is_told_until_a_message_holds(
    session: Session, source: CapSource, now: datetime, reason: str
) -> None:
    came(session, "refused", reason, now)
    assert note_sources(session, now) == [f"{source.id}: warnings_refused: because"]

    came(session, "refused", "schema", now + timedelta(minutes=1))
    note_sources(session, now)
    assert told(session) == ["warnings_refused"], "what cannot be read says nothing of keys"

    came(session, "ignored", "expired", now + timedelta(minutes=2))
    note_sources(session, now)
    assert told(session) == []


def test_an_old_refusal_is_told_no_more(session: Session, source: CapSource, now: datetime) -> None:
    came(session, "refused", "unsigned", now)
    note_sources(session, now)

    note_sources(session, now + timedelta(days=8))

    assert (told(session), source.is_on) == ([], True)


@pytest.mark.parametrize("how", ["is_on", "retired_at"])
def test_a_source_that_is_out_of_use_is_in_no_trouble(
    session: Session, source: CapSource, now: datetime, how: str
) -> None:
    source.failures = SILENT_AFTER
    came(session, "refused", "unsigned", now)
    assert len(note_sources(session, now)) == 2

    setattr(source, how, False if how == "is_on" else now)
    note_sources(session, now)

    assert told(session) == []


def test_the_technician_of_the_area_sees_it_and_the_neighbour_does_not(
    session: Session, source: CapSource, cast: Cast, now: datetime
) -> None:
    source.failures = SILENT_AFTER
    note_sources(session, now)

    (shown,) = troubles(session, cast.tech)
    assert (shown.source, shown.device, shown.may_settle) == (source, None, False)
    assert session.scalars(incidents_in_sight(cast.tan)).all() == []
    assert source.area_id == AN_BINH
