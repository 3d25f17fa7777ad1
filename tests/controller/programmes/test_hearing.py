"""Nobody lets out what a machine speaks without having heard exactly that sound."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import set_policy
from controller.errors import Missing
from controller.library.hearing import OnlyPeopleListen
from controller.library.models import Asset, LibraryItem
from controller.people.models import AuditEntry
from controller.people.rights import Actor, NotAllowed, machine_owner
from controller.programmes.errors import NotHeard, ProgrammeMissing
from controller.programmes.hearing import spoken_sounds
from controller.programmes.models import Programme, ProgrammeVersion
from controller.programmes.versions import add_version, approve, hear, submit, version_of
from tests.controller.cast import AN_BINH, TAN_LAP, Cast
from tests.controller.programmes.conftest import SOUND

Item = Mapping[str, Any]
NEWER, FALLBACK, MUSIC = "b" * 64, "c" * 64, "d" * 64


@pytest.fixture
def spoken(session: Session, programme: Programme, now: datetime) -> Programme:
    """The programme with its bulletin spoken by a machine, submitted; more sounds beside it."""
    session.scalars(select(LibraryItem)).one().voice = "vi"
    for sha256, title, voice in (
        (NEWER, "Tin sửa", "vi"),
        (FALLBACK, "Tin dự phòng", "vi"),
        (MUSIC, "Nhạc", ""),
    ):
        session.add(
            Asset(sha256=sha256, bytes=1, duration_ms=9000, codec="opus", peaks=[], created_at=now)
        )
        session.flush()
        session.add(
            LibraryItem(
                area_id=AN_BINH,
                sha256=sha256,
                kind="bulletin",
                title=title,
                voice=voice,
                created_by="an",
                created_at=now,
            )
        )
    session.flush()
    return programme


def write(
    session: Session, cast: Cast, programme: Programme, now: datetime, *items: str | Item
) -> int:
    rows: list[Item] = [{"sha256": one} if isinstance(one, str) else one for one in items]
    made = add_version(session, actor=cast.an, programme_id=programme.id, items=rows, now=now)
    submit(session, actor=cast.an, programme_id=programme.id, number=made.number, now=now)
    return made.number


def listen(
    session: Session, who: Actor, programme: Programme, number: int, sha256: str, now: datetime
) -> ProgrammeVersion:
    return hear(
        session, actor=who, programme_id=programme.id, number=number, sha256=sha256, now=now
    )


def test_the_approver_must_have_heard_what_a_machine_speaks(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    number = write(session, cast, spoken, now, SOUND, MUSIC)

    with pytest.raises(NotHeard) as refused:
        approve(session, actor=cast.binh, programme_id=spoken.id, number=number, now=now)
    listen(session, cast.binh, spoken, number, SOUND, now)
    version = approve(session, actor=cast.binh, programme_id=spoken.id, number=number, now=now)

    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "programme.approve")
    ).one()
    assert refused.value.sentence() == "Hãy nghe hết trước khi duyệt: “Bản tin”"
    assert version.state == "approved"
    assert entry.facts["heard"] == [SOUND]


def test_the_ears_of_another_do_not_count(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    set_policy(session, AN_BINH, allows_self_approval=True)
    number = write(session, cast, spoken, now, SOUND)
    with pytest.raises(NotAllowed):
        listen(session, cast.an, spoken, number, SOUND, now)
    with pytest.raises(OnlyPeopleListen):
        listen(session, machine_owner("root"), spoken, number, SOUND, now)

    with pytest.raises(NotHeard):
        approve(session, actor=cast.binh, programme_id=spoken.id, number=number, now=now)


def test_another_sound_under_the_same_title_must_be_heard_anew(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    first = write(session, cast, spoken, now, SOUND)
    listen(session, cast.binh, spoken, first, SOUND, now)
    second = write(session, cast, spoken, now, SOUND, NEWER)

    version = listen(session, cast.binh, spoken, second, SOUND, now)
    with pytest.raises(NotHeard, match="Tin sửa"):
        approve(session, actor=cast.binh, programme_id=spoken.id, number=second, now=now)

    assert [(one.title, one.is_heard) for one in spoken_sounds(session, cast.binh, version)] == [
        ("Bản tin", True),
        ("Tin sửa", False),
    ]


def test_the_fallback_of_a_relay_is_heard_too(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    relay = {"kind": "relay", "url": "https://vov.example/live", "for_ms": 60_000}
    number = write(session, cast, spoken, now, relay | {"fallback": FALLBACK})

    with pytest.raises(NotHeard, match="Tin dự phòng"):
        approve(session, actor=cast.binh, programme_id=spoken.id, number=number, now=now)


def test_what_is_no_spoken_sound_of_the_version_cannot_be_heard_for_it(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    number = write(session, cast, spoken, now, SOUND, MUSIC)

    for sha256 in (NEWER, MUSIC, "e" * 64):
        with pytest.raises(Missing):
            listen(session, cast.binh, spoken, number, sha256, now)


def test_the_same_sound_in_the_library_of_a_neighbour_tells_nothing_of_it(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    own = session.scalars(select(LibraryItem).where(LibraryItem.sha256 == NEWER)).one()
    session.add(
        LibraryItem(
            id=own.id + 100,
            area_id=TAN_LAP,
            sha256=NEWER,
            kind="bulletin",
            title="Tin của Tân Lập",
            voice="vi",
            created_by="tan",
            created_at=now,
        )
    )
    own.id += 200
    number = write(session, cast, spoken, now, NEWER)

    version = version_of(session, cast.binh, spoken.id, number)

    assert [sound.title for sound in spoken_sounds(session, cast.binh, version)] == ["Tin sửa"]


def test_nobody_of_another_commune_listens_for_it(
    session: Session, cast: Cast, spoken: Programme, now: datetime
) -> None:
    number = write(session, cast, spoken, now, SOUND)

    with pytest.raises(ProgrammeMissing):
        listen(session, cast.tan, spoken, number, SOUND, now)
