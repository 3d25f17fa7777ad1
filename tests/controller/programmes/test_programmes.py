from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from controller.errors import Conflict, ControllerError, Forbidden, Invalid
from controller.people.models import AuditEntry, Role
from controller.programmes.errors import OwnVersion, ProgrammeMissing
from controller.programmes.items import SoundMissing
from controller.programmes.models import Programme, ProgrammeVersion, VersionState
from controller.programmes.schedule import RuleDraft, create_rule
from controller.programmes.service import (
    archive_programme,
    change_programme,
    create_programme,
    programme_of,
    programmes,
)
from controller.programmes.versions import add_version, approve, return_version, submit, withdraw
from controller.replan import Replan
from tests.controller.cast import AN_BINH, PROVINCE, VILLAGE, Cast, person

DAILY = RuleDraft(dtstart=datetime(2026, 11, 2, 17), rrule="FREQ=DAILY", target_areas=(AN_BINH,))  # noqa: DTZ001 - wall time


def states(session: Session, programme: Programme) -> list[str]:
    return list(
        session.scalars(
            select(ProgrammeVersion.state)
            .where(ProgrammeVersion.programme_id == programme.id)
            .order_by(ProgrammeVersion.number)
        )
    )


def replanned(session: Session) -> set[str | None]:
    session.flush()
    return {row.area_id or row.cluster_id for row in session.scalars(select(Replan))}


@pytest.mark.usefixtures("on_air")
def test_a_bulletin_goes_from_draft_through_approval_on_air(session: Session) -> None:
    version = session.scalars(select(ProgrammeVersion)).one()

    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert version.state == VersionState.APPROVED
    assert (version.created_by, version.decided_by) == ("an", "binh")
    assert version.duration_ms == 60_000
    assert version.items[0]["duration_ms"] == 60_000
    assert actions == [
        "programme.create",
        "programme.version",
        "programme.submit",
        "programme.approve",
    ]


def test_who_wrote_a_version_cannot_approve_it(
    session: Session, cast: Cast, sound: str, now: datetime
) -> None:
    made = create_programme(session, actor=cast.binh, area_id=AN_BINH, title="Tin", now=now)
    add_version(session, actor=cast.binh, programme_id=made.id, items=[{"sha256": sound}], now=now)
    submit(session, actor=cast.binh, programme_id=made.id, number=1, now=now)

    with pytest.raises(OwnVersion):
        approve(session, actor=cast.binh, programme_id=made.id, number=1, now=now)


def test_where_the_area_relaxes_it_self_approval_is_possible_and_recorded(
    session: Session, cast: Cast, sound: str, now: datetime
) -> None:
    cast.province.allows_self_approval = True
    made = create_programme(session, actor=cast.binh, area_id=AN_BINH, title="Tin", now=now)
    add_version(session, actor=cast.binh, programme_id=made.id, items=[{"sha256": sound}], now=now)
    submit(session, actor=cast.binh, programme_id=made.id, number=1, now=now)

    approve(session, actor=cast.binh, programme_id=made.id, number=1, now=now)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "programme.approve"))
    assert entry.one().facts["self_approved"] is True


def test_an_operator_cannot_approve(
    session: Session, cast: Cast, programme: Programme, now: datetime
) -> None:
    submit(session, actor=cast.an, programme_id=programme.id, number=1, now=now)

    with pytest.raises(Forbidden, match="duyệt"):
        approve(session, actor=cast.an, programme_id=programme.id, number=1, now=now)


def test_a_newer_approved_version_supersedes_the_older(
    session: Session, cast: Cast, on_air: Programme, sound: str, now: datetime
) -> None:
    add_version(
        session,
        actor=cast.an,
        programme_id=on_air.id,
        items=[{"kind": "tone", "tone": "chime", "for_ms": 3000}, {"sha256": sound}],
        now=now,
    )
    submit(session, actor=cast.an, programme_id=on_air.id, number=2, now=now)

    assert states(session, on_air) == ["approved", "submitted"]
    approve(session, actor=cast.binh, programme_id=on_air.id, number=2, now=now)

    assert states(session, on_air) == ["superseded", "approved"]


def test_a_returned_version_tells_what_to_change_and_a_new_one_follows(
    session: Session, cast: Cast, programme: Programme, now: datetime
) -> None:
    submit(session, actor=cast.an, programme_id=programme.id, number=1, now=now)

    with pytest.raises(Invalid):
        return_version(
            session, actor=cast.binh, programme_id=programme.id, number=1, note=" ", now=now
        )
    version = return_version(
        session, actor=cast.binh, programme_id=programme.id, number=1, note="Sai giờ họp", now=now
    )

    assert (version.state, version.note) == ("returned", "Sai giờ họp")
    with pytest.raises(Conflict, match="trả lại"):
        submit(session, actor=cast.an, programme_id=programme.id, number=1, now=now)


@pytest.mark.parametrize("move", [approve, submit])
def test_an_illegal_move_says_why(
    session: Session, cast: Cast, on_air: Programme, now: datetime, move: Any
) -> None:
    actor = cast.binh if move is approve else cast.an

    with pytest.raises(Conflict, match="đã được duyệt"):
        move(session, actor=actor, programme_id=on_air.id, number=1, now=now)


def test_approving_and_withdrawing_ask_for_new_plans_at_every_target(
    session: Session, cast: Cast, programme: Programme, now: datetime
) -> None:
    create_rule(session, actor=cast.an, programme_id=programme.id, draft=DAILY, now=now)
    session.execute(delete(Replan))
    submit(session, actor=cast.an, programme_id=programme.id, number=1, now=now)

    assert replanned(session) == set()
    approve(session, actor=cast.binh, programme_id=programme.id, number=1, now=now)
    assert replanned(session) == {AN_BINH}
    session.execute(delete(Replan))
    withdraw(session, actor=cast.an, programme_id=programme.id, number=1, now=now)

    assert replanned(session) == {AN_BINH}
    assert states(session, programme) == ["withdrawn"]


@pytest.mark.parametrize(
    ("area_id", "who", "origin"),
    [(AN_BINH, "an", "province"), (AN_BINH, "an", "central"), (VILLAGE, "an", "commune")],
)
def test_nobody_speaks_for_a_level_above_the_area(
    session: Session, cast: Cast, now: datetime, area_id: str, who: str, origin: str
) -> None:
    with pytest.raises(Invalid, match="origin"):
        create_programme(
            session,
            actor=getattr(cast, who),
            area_id=area_id,
            title="Tin",
            origin=origin,
            now=now,
        )


@pytest.mark.usefixtures("cast")
def test_the_origin_is_the_level_of_the_area(session: Session, now: datetime) -> None:
    province = person(session, "phó", Role.AUTHORITY, PROVINCE, now)

    assert (
        create_programme(session, actor=province, area_id=PROVINCE, title="Tin", now=now).origin
        == "province"
    )
    assert (
        create_programme(session, actor=province, area_id=AN_BINH, title="Tin", now=now).origin
        == "commune"
    )


def test_an_emergency_is_never_a_programme(session: Session, cast: Cast, now: datetime) -> None:
    """R18: what interrupts everything goes the way of alerts."""
    with pytest.raises(Invalid, match="alert"):
        create_programme(
            session,
            actor=cast.binh,
            area_id=AN_BINH,
            title="Lũ",
            broadcast_class="emergency",
            now=now,
        )


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        ({"sha256": "f" * 64}, SoundMissing),
        ({"sha256": 5}, SoundMissing),
        ({"kind": "relay", "url": "http://vov.vn/1", "for_ms": 1000}, SoundMissing),
        ({"kind": "relay", "url": "ftp://vov.vn/1", "for_ms": 1000, "fallback": "a" * 64}, Invalid),
        ({"kind": "relay", "url": "http:///1", "for_ms": 1000, "fallback": "a" * 64}, Invalid),
        ({"kind": "relay", "url": "http://a:b@c/", "for_ms": 1000, "fallback": "a" * 64}, Invalid),
        ({"kind": "relay", "url": "http://[c/", "for_ms": 1000, "fallback": "a" * 64}, Invalid),
        ({"kind": "relay", "url": "http://c/\n", "for_ms": 1000, "fallback": "a" * 64}, Invalid),
        ({"kind": "tone", "tone": "siren", "for_ms": 1000}, Invalid),
        ({"kind": "tone", "tone": "chime", "for_ms": -1}, Invalid),
        ({"kind": "video"}, Invalid),
        ({"sha256": "a" * 64, "gain_db": float("nan")}, Invalid),
    ],
)
def test_an_item_that_could_not_play_is_refused(
    session: Session,
    cast: Cast,
    programme: Programme,
    now: datetime,
    item: dict[str, Any],
    refusal: type[ControllerError],
) -> None:
    with pytest.raises(refusal):
        add_version(session, actor=cast.an, programme_id=programme.id, items=[item], now=now)


def test_a_relay_keeps_its_fallback_with_the_librarys_length(
    session: Session, cast: Cast, programme: Programme, sound: str, now: datetime
) -> None:
    relay = {
        "kind": "relay",
        "url": "https://vov.vn/live.m3u8",
        "source": "hls",
        "for_ms": 900_000,
        "fallback": sound,
        "fallback_duration_ms": 5,
    }

    version = add_version(session, actor=cast.an, programme_id=programme.id, items=[relay], now=now)

    assert version.items[0]["fallback_duration_ms"] == 60_000
    assert version.duration_ms == 900_000


def test_the_neighbours_programmes_are_out_of_sight(
    session: Session, cast: Cast, programme: Programme, now: datetime
) -> None:
    """R47."""
    assert programmes(session, cast.tan).total == 0
    with pytest.raises(ProgrammeMissing):
        programme_of(session, cast.tan, programme.id)
    with pytest.raises(ProgrammeMissing):
        submit(session, actor=cast.tan, programme_id=programme.id, number=1, now=now)


def test_a_commune_sees_what_the_province_offers_but_cannot_change_it(
    session: Session, cast: Cast, now: datetime
) -> None:
    province = person(session, "phó", Role.AUTHORITY, PROVINCE, now)
    made = create_programme(session, actor=province, area_id=PROVINCE, title="Tin tỉnh", now=now)

    assert programme_of(session, cast.an, made.id) is made
    with pytest.raises(Forbidden):
        change_programme(session, actor=cast.an, programme_id=made.id, title="Khác", now=now)


def test_an_archived_programme_cannot_be_changed(
    session: Session, cast: Cast, on_air: Programme, now: datetime
) -> None:
    archive_programme(session, actor=cast.an, programme_id=on_air.id, now=now)
    archive_programme(session, actor=cast.an, programme_id=on_air.id, now=now)

    with pytest.raises(Conflict, match="lưu trữ"):
        change_programme(session, actor=cast.an, programme_id=on_air.id, title="Mới", now=now)
    assert programmes(session, cast.an).total == 0
    assert programmes(session, cast.an, archived=True, state="approved").total == 1
