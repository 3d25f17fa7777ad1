from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.errors import Forbidden, Invalid
from controller.library.models import Asset, LibraryItem
from controller.library.music import start_chime
from controller.library.reading import Reading
from controller.library.service import (
    SPOKEN_AT,
    ItemMissing,
    Kind,
    add_upload,
    archive_item,
    item_of,
    items,
    speak_bulletin,
    usable_asset,
)
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.people.models import AuditEntry
from controller.people.rights import Actor
from controller.speech import Dictionary, Entry
from tests.controller.cast import AN_BINH, PROVINCE, Cast


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    made = AssetStore(tmp_path / "assets")
    made.start()
    return made


@pytest.fixture
def chime(tmp_path: Path) -> Path:
    file = tmp_path / "chime.wav"
    file.write_bytes(start_chime())
    return file


def row(area_id: str, now: datetime, sha256: str = "a" * 64, title: str = "Nhạc") -> LibraryItem:
    return LibraryItem(
        area_id=area_id,
        sha256=sha256,
        kind="music",
        title=title,
        created_by="an",
        created_at=now,
    )


def asset(sha256: str, now: datetime) -> Asset:
    return Asset(
        sha256=sha256, bytes=100, duration_ms=4000, codec="opus", peaks=[0.5], created_at=now
    )


def test_an_upload_becomes_an_item_with_its_asset_and_an_audit_entry(
    session: Session, cast: Cast, store: AssetStore, chime: Path, now: datetime
) -> None:
    session.commit()

    item = add_upload(
        session,
        store,
        chime,
        actor=cast.an,
        area_id=AN_BINH,
        title=" Chuông mở đầu ",
        kind=Kind.CHIME,
        original_name="chuông.wav",
        now=now,
    )
    session.commit()

    kept = session.get_one(Asset, item.sha256)
    entry = session.scalars(select(AuditEntry)).one()
    assert (item.title, item.original_name) == ("Chuông mở đầu", "chuông.wav")
    assert store.has(item.sha256)
    assert 3900 <= kept.duration_ms <= 4100
    assert (entry.who, entry.action, entry.area_id) == ("an", "library.add", AN_BINH)


def test_a_bulletin_remembers_its_text_and_voice(
    session: Session, cast: Cast, store: AssetStore, tmp_path: Path, now: datetime
) -> None:
    session.commit()
    voice = FakeVoice()

    item = speak_bulletin(
        session,
        store,
        Reader(voice, tmp_path / "sentences"),
        actor=cast.an,
        area_id=AN_BINH,
        title="Lịch họp thôn",
        text="Tối nay họp thôn. Mời bà con đến đông đủ.",
        now=now,
    )

    assert (item.kind, item.voice) == ("bulletin", "vi")
    assert item.text.startswith("Tối nay")
    assert voice.said == ["Tối nay họp thôn.", "Mời bà con đến đông đủ."]
    assert store.has(item.sha256)


def test_a_bulletin_is_read_by_the_dictionaries_of_its_area(
    session: Session, cast: Cast, store: AssetStore, tmp_path: Path, now: datetime
) -> None:
    session.commit()
    voice = FakeVoice()

    speak_bulletin(
        session,
        store,
        Reader(voice, tmp_path / "sentences"),
        actor=cast.an,
        area_id=AN_BINH,
        title="Họp",
        text="Họp tại KXQ.",
        now=now,
        reading=Reading(dictionaries=(Dictionary([Entry("KXQ", "khu xóm")]),)),
    )

    assert voice.said == ["Họp tại khu xóm."]


def test_a_long_text_tells_how_far_it_is_while_it_is_spoken_and_encoded(
    session: Session, cast: Cast, store: AssetStore, now: datetime
) -> None:
    session.commit()
    voice, told = FakeVoice(), list[tuple[float, int]]()

    speak_bulletin(
        session,
        store,
        Reader(voice, None),
        actor=cast.an,
        area_id=AN_BINH,
        title="Dài",
        text="Mời bà con đi họp thôn tối nay. " * 40,
        now=now,
        on_progress=lambda part: told.append((part, len(voice.said))),
    )

    parts = [part for part, _ in told]
    assert parts == sorted(parts)
    assert [number for _, number in told[:40]] == list(range(1, 41))
    assert parts[39] == pytest.approx(SPOKEN_AT)
    assert parts[-1] == pytest.approx(1)
    assert len(parts) > 42


def test_nobody_adds_to_another_commune(
    session: Session, cast: Cast, store: AssetStore, chime: Path, now: datetime
) -> None:
    with pytest.raises(Forbidden):
        add_upload(
            session,
            store,
            chime,
            actor=cast.tan,
            area_id=AN_BINH,
            title="Chuông",
            kind=Kind.CHIME,
            original_name="",
            now=now,
        )

    assert session.scalars(select(LibraryItem)).all() == []


def test_an_unknown_kind_is_refused(
    session: Session, cast: Cast, store: AssetStore, chime: Path, now: datetime
) -> None:
    with pytest.raises(Invalid, match="bulletin"):
        add_upload(
            session,
            store,
            chime,
            actor=cast.an,
            area_id=AN_BINH,
            title="Chuông",
            kind="podcast",
            original_name="",
            now=now,
        )


def test_a_person_sees_own_items_and_those_from_above_but_not_the_neighbours(
    session: Session, cast: Cast, now: datetime
) -> None:
    session.add(asset("a" * 64, now))
    own, province = row(AN_BINH, now), row(PROVINCE, now, title="Nhạc tỉnh")
    session.add_all([own, province])
    session.flush()

    assert {item.id for item in items(session, cast.an).rows} == {own.id, province.id}
    assert [item.id for item in items(session, cast.tan).rows] == [province.id]
    assert [item.id for item in items(session, cast.an, search="tỉnh").rows] == [province.id]
    with pytest.raises(ItemMissing):
        item_of(session, cast.tan, own.id)


def test_a_commune_uses_sounds_from_above_and_not_those_of_its_neighbour(
    session: Session, cast: Cast, now: datetime
) -> None:
    session.add_all([asset("a" * 64, now), asset("b" * 64, now)])
    session.add_all([row(AN_BINH, now), row(PROVINCE, now, "b" * 64)])
    session.flush()

    assert usable_asset(session, "a" * 64, cast.an_binh)
    assert usable_asset(session, "a" * 64, cast.village)
    assert usable_asset(session, "b" * 64, cast.tan_lap)
    assert usable_asset(session, "a" * 64, cast.tan_lap) is None


def test_an_archived_item_is_offered_no_longer_and_archiving_twice_is_once(
    session: Session, cast: Cast, now: datetime
) -> None:
    session.add(asset("a" * 64, now))
    one = row(AN_BINH, now)
    session.add(one)
    session.flush()

    archive_item(session, actor=cast.an, item_id=one.id, now=now)
    archive_item(session, actor=cast.an, item_id=one.id, now=now)

    assert items(session, cast.an).total == 0
    assert items(session, cast.an, archived=True).total == 1
    assert len(session.scalars(select(AuditEntry)).all()) == 1


@pytest.mark.parametrize("who", ["tech", "tan"])
def test_who_may_not_edit_the_library_archives_nothing(
    session: Session, cast: Cast, now: datetime, who: str
) -> None:
    session.add(asset("a" * 64, now))
    one = row(PROVINCE, now)
    session.add(one)
    session.flush()
    actor: Actor = getattr(cast, who)

    with pytest.raises(Forbidden):
        archive_item(session, actor=actor, item_id=one.id, now=now)
