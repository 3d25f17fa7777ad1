"""What an alert says: in words, by the dictionaries of who speaks; text, words and sound agree."""

import hashlib
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from controller.areas.models import Area
from controller.emergencies import prepared
from controller.emergencies.announcer import Announcer
from controller.emergencies.content import content_of
from controller.emergencies.drafting import look
from controller.emergencies.hearing import note_hearing
from controller.emergencies.models import AlertTemplate
from controller.emergencies.pack_words import load_words
from controller.emergencies.prepared import TemplateDraft
from controller.emergencies.service import newest_revision
from controller.emergencies.speech import Studio
from controller.emergencies.wording import FIRST, spoken_texts
from controller.errors import Invalid
from controller.library.reading import Reading
from controller.library.sentences import split_sentences
from controller.library.speech import FakeVoice, Reader
from controller.library.store import AssetStore
from controller.people.models import Role
from controller.people.rights import Actor, machine_owner
from controller.pronunciation.models import UnreadWord
from controller.pronunciation.noting import UnreadNotes
from controller.pronunciation.service import add_entry
from controller.speech import Dictionary, Entry, Settings
from controller.stations.models import Cluster, Output
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP
from tests.controller.emergencies.conftest import Desk, a_draft
from tests.controller.emergencies.test_sending import messages
from wire.alert import AlertStatus

RISEN = "Sông đạt báo động III, cao 3,25m. Gọi 0912345678."
IN_WORDS = "Sông đạt báo động ba, cao ba phẩy hai mươi lăm mét."
OWNER = machine_owner("owner")
AREA = Area(id=AN_BINH, kind="commune", name="Xã An Bình", path=f"/vn/{PROVINCE}/{AN_BINH}/")


def write(desk: Desk, area_id: str, written: str, spoken: str) -> None:
    desk.do(add_entry, OWNER, area_id=area_id, written=written, spoken=spoken, kind="name", note="")


def said(desk: Desk, alert_id: str) -> str:
    return str(newest_revision(desk.alert(alert_id)).spoken["vi"])


def test_a_level_and_a_height_are_said_in_words(desk: Desk) -> None:
    words = said(desk, desk.draft(desk.cast.an, texts={"vi": RISEN}))

    assert IN_WORDS in words
    assert not any(letter.isdigit() for letter in words)


def test_words_sound_and_message_agree(desk: Desk) -> None:
    alert_id = desk.release(texts={"vi": RISEN})

    revision = newest_revision(desk.alert(alert_id))
    words, clear = revision.spoken["vi"], revision.all_clear["vi"]
    (message,) = messages(desk)
    assert message.texts == {"vi": words}
    assert revision.content["texts"] == {"vi": RISEN}
    assert revision.audio["vi"]["sha256"] == sha(words) == message.audio["vi"].sha256
    assert revision.all_clear_audio["vi"]["sha256"] == sha(clear)


def test_the_voice_gets_exactly_the_words_that_are_signed(desk: Desk, tmp_path: Path) -> None:
    voice = FakeVoice()
    store = AssetStore(tmp_path / "real")
    store.start()
    desk.studio = Studio(store, Reader(voice, None))

    alert_id = desk.draft(desk.cast.an, texts={"vi": RISEN})

    revision = newest_revision(desk.alert(alert_id))
    wanted = split_sentences(revision.spoken["vi"]) + split_sentences(revision.all_clear["vi"])
    assert sorted(voice.said) == sorted(wanted)


def test_a_communes_entry_is_used_there_and_not_elsewhere(desk: Desk) -> None:
    write(desk, AN_BINH, "KXQ", "khu xóm Quán")
    text = {"vi": "Nước ngập KXQ."}
    lap = Actor("lap", None, ((Role.OPERATOR, desk.cast.tan_lap.path),))
    elsewhere = {"area_id": TAN_LAP, "areas": (TAN_LAP,)}
    with desk.sessions.begin() as session:
        output = session.scalars(select(Output).where(Output.device_id == "d-tanlap1")).one()
        session.add(Cluster(id="c-tan-lap", output=output, area_id=TAN_LAP, name="Đình Tân Lập"))

    here = said(desk, desk.draft(desk.cast.an, texts=text))

    assert "khu xóm Quán" in here
    assert "KXQ" in look_at(desk, lap, texts=text, **elsewhere)
    assert "KXQ" in look_at(desk, desk.province, texts=text, area_id=PROVINCE, areas=(AN_BINH,))


def test_no_entry_turns_a_drill_into_a_real_alert(now: datetime) -> None:
    """Even one that nobody could write with our pages."""
    poison = ("Đây là buổi diễn tập, không phải tình huống thật.", "diễn tập", "không phải")
    layer = Dictionary(Entry(written, "tình huống thật") for written in poison)
    content = content_of(a_draft(status="drill"), AREA, now)

    words = spoken_texts(content, now, Announcer(Reading(dictionaries=(layer,))))["vi"]

    assert words.startswith(FIRST[AlertStatus.DRILL]["vi"])
    assert words.endswith(FIRST[AlertStatus.DRILL]["vi"])


def test_an_area_of_the_south_hears_its_own_words_around_an_alert_too(now: datetime) -> None:
    content = content_of(a_draft(texts={"vi": "Sơ tán 1.005 hộ."}), AREA, now)

    words = spoken_texts(content, now, Announcer(Reading(settings=Settings("ngàn", "lẻ"))))["vi"]

    assert words.endswith("Sơ tán một ngàn không trăm lẻ năm hộ.")
    assert "năm hai ngàn không trăm hai mươi sáu." in words


def test_other_languages_are_said_as_they_are_written(now: datetime) -> None:
    texts = {"vi": "Cao 3m.", "en": "Level III, 3.25 m."}
    content = content_of(a_draft(texts=texts), AREA, now)

    words = spoken_texts(content, now, Announcer())

    assert words["en"].endswith("Level III, 3.25 m.")
    assert words["vi"].endswith("Cao ba mét.")


def test_a_text_that_is_too_long_in_words_is_refused(desk: Desk) -> None:
    figures = "0912345678 " * 130

    with pytest.raises(Invalid, match="4000"):
        desk.draft(desk.cast.an, texts={"vi": figures})
    with pytest.raises(Invalid, match="4000"):
        template(desk, {"vi": figures})


def test_a_template_is_spoken_in_words_and_keeps_them(desk: Desk) -> None:
    row = template(desk, {"vi": RISEN})

    assert row.texts == {"vi": RISEN}
    assert row.spoken["vi"].startswith(IN_WORDS)
    assert row.audio["vi"]["sha256"] == sha(row.spoken["vi"])


def test_an_approved_template_says_what_was_heard_whatever_is_written_later(desk: Desk) -> None:
    row = template(desk, {"vi": "Nước ngập KXQ."})
    approve(desk, row)
    write(desk, AN_BINH, "KXQ", "khu khác hẳn")

    alert_id = desk.draft(desk.cast.an, texts={}, template_id=row.id)

    revision = newest_revision(desk.alert(alert_id))
    assert revision.is_prepared
    assert row.spoken["vi"] in revision.spoken["vi"]
    assert "khu khác hẳn" not in revision.spoken["vi"]


def test_a_template_from_before_words_were_kept_is_read_by_the_shipped_dictionary(
    desk: Desk,
) -> None:
    row = template(desk, {"vi": RISEN})
    row.spoken = {}

    assert prepared.words_of(row)["vi"].startswith(IN_WORDS)


def test_what_could_not_be_read_is_noted_for_the_area(desk: Desk) -> None:
    notes = UnreadNotes(desk.sessions)
    object.__setattr__(desk.studio, "notes", notes)

    desk.draft(desk.cast.an, texts={"vi": "Tin từ KXQ. Nước lên."})
    template(desk, {"vi": "Theo lệnh của KXQ."})
    notes.settle()

    with desk.sessions() as session:
        row = session.scalars(select(UnreadWord)).one()
    assert (row.area_id, row.text, row.count) == (AN_BINH, "KXQ", 2)
    assert row.example == "Theo lệnh của KXQ."


def test_the_sentences_of_a_site_in_the_pack_are_said_in_words(tmp_path: Path) -> None:
    own = tmp_path / "pack_words.toml"
    own.write_text('[languages.vi.real]\nflood = "Lũ trên báo động III, 3,25m."\n')

    words = {one.text for one in load_words(own).sayings if one.about == "flood"}

    assert "Lũ trên báo động ba, ba phẩy hai mươi lăm mét." in words


def test_the_shipped_sentences_need_no_reading() -> None:
    shipped = {one.text for one in load_words().sayings if one.language == "vi"}

    assert {Announcer().ours(text, "vi") for text in shipped} == shipped


def look_at(desk: Desk, who: Actor, **values: object) -> str:
    with desk.sessions() as session:
        return look(session, who, a_draft(**values), desk.at).spoken["vi"]


def template(desk: Desk, texts: dict[str, str]) -> AlertTemplate:
    draft = TemplateDraft(title="Lũ", hazard="flood", level=3, texts=texts)
    name = prepared.write_template(
        desk.sessions, desk.sessions, desk.studio, desk.cast.an, AN_BINH, draft, desk.at
    )
    with desk.sessions() as session:
        return session.get_one(AlertTemplate, name)


def approve(desk: Desk, row: AlertTemplate) -> None:
    for one in row.audio.values():
        desk.do(note_hearing, desk.boss, about=row.id, audio=row.audio, sha256=one["sha256"])
    desk.do(prepared.approve_template, desk.boss, template_id=row.id, version=1)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
