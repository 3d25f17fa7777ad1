"""The emergency pack: made once of its inputs, and readable by the device that gets it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from controller.areas.service import LANGUAGES_CHANGED
from controller.config import Config
from controller.db import Sessions
from controller.emergencies.pack import PackMaker
from controller.emergencies.pack_words import SHIPPED, WordsInvalid, load_words
from controller.library.audio_api import make_audio_api
from controller.library.errors import SpeechFailed
from controller.library.speech import EspeakVoice, FakeVoice, Reader, Voice
from controller.library.store import AssetStore
from controller.people.area_changes import set_policy
from controller.people.rights import machine_owner
from controller.replan import Replan
from controller.stations.models import EmergencyPack as PackRow
from controller.web.api import make_openapi
from tests.controller.cast import AN_BINH, introduce
from wire.alert import Hazard
from wire.pack import Wording, read_pack

FEW = """
[languages.vi.real]
flood = "Nước sông đang lên, xin bà con sơ tán ngay."
"""


@dataclass
class Bench:
    """A maker on a clock that the test moves."""

    config: Config
    sessions: Sessions
    store: AssetStore
    now: datetime
    voice: Voice

    def maker(self) -> PackMaker:
        reader = Reader(self.voice, self.config.data_dir / "speech")
        return PackMaker(
            self.config, self.sessions, self.sessions, self.store, reader, lambda: self.now, "vn"
        )

    def make(self, maker: PackMaker | None = None) -> int:
        maker, steps = maker or self.maker(), 0
        while maker.step():
            steps += 1
        return steps

    def rows(self) -> dict[str, PackRow]:
        with self.sessions() as session:
            return {row.languages: row for row in session.scalars(select(PackRow))}

    def write(self, words: str) -> None:
        (self.config.data_dir / "pack_words.toml").write_text(words)

    def list_of(self, key: str = "vi") -> bytes:
        return self.store.path(self.rows()[key].sha256).read_bytes()


@pytest.fixture
def shortened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Ship only a few words, so that a test takes a second."""

    def ship(words: str) -> None:
        shipped = tmp_path / "shipped.toml"
        shipped.write_text("[sirens]\nwail = [[400, 1200, 2000]]\n" + words)
        monkeypatch.setattr("controller.emergencies.pack_words.SHIPPED", shipped)

    return ship


@pytest.fixture
def bench(sessions: Sessions, config: Config, now: datetime, tmp_path: Path) -> Bench:
    store = AssetStore(tmp_path / "assets")
    store.start()
    with sessions.begin() as session:
        introduce(session, now)
    return Bench(config, sessions, store, now, FakeVoice())


def test_the_shipped_words_cover_every_hazard_in_both_wordings() -> None:
    said = {(one.about, one.wording) for one in load_words().sayings if one.language == "vi"}

    about = {*Hazard, "any", "all_clear"}
    assert said == {(name, wording) for name in about for wording in Wording} | {
        ("drill", Wording.DRILL)
    }


def test_no_drill_is_worded_as_real_and_nothing_real_as_a_drill() -> None:
    for one in load_words().sayings:
        assert ("diễn tập" in one.text) == (one.wording is Wording.DRILL), one.text


def test_the_shipped_sirens_are_those_that_the_device_makes_by_code() -> None:
    assert {siren.name for siren in load_words().sirens} == {
        "wail",
        "fast",
        "two_tone",
        "all_clear",
    }


def test_a_pack_is_made_once_of_its_inputs_and_asks_for_new_desired_states(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW)

    assert bench.make() == 2
    first = bench.rows()["vi"]
    assert bench.make() == 0
    with bench.sessions() as session:
        (asked,) = session.scalars(select(Replan)).all()

    assert (asked.area_id, asked.wants_desired) == ("vn", True)
    assert bench.rows()["vi"].made_at == first.made_at == bench.now


def test_the_list_names_files_that_are_there(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW)
    bench.make()

    data = bench.list_of()
    (flood,) = read_pack(data).phrases
    assert len(data) == bench.rows()["vi"].bytes
    assert (flood.about, flood.wording, flood.language) == ("flood", "real", "vi")
    bench.store.verify(flood.audio.sha256)
    assert bench.store.path(flood.audio.sha256).stat().st_size == flood.audio.bytes


def test_a_device_fetches_the_list_as_it_fetches_audio(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW)
    bench.make()
    app = make_openapi("test")
    app.register_blueprint(make_audio_api(bench.store))

    with app.test_client().get(f"/audio/{bench.rows()['vi'].sha256}") as answer:
        assert answer.status_code == 200
        assert read_pack(answer.data).phrases[0].about == "flood"


def test_a_changed_sentence_makes_a_new_pack_and_only_it_is_spoken_anew(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW + 'any = "Có tình huống khẩn cấp tại xã."\n')
    maker = bench.maker()
    bench.make(maker)
    first = bench.rows()["vi"].sha256

    bench.write('[languages.vi.real]\nflood = "Lũ về, xin bà con chạy lên đồi ngay."\n')
    steps = bench.make(maker)

    assert steps == 2
    assert bench.rows()["vi"].sha256 != first
    assert bench.store.has(first)
    texts = {phrase.text for phrase in read_pack(bench.list_of()).phrases}
    assert texts == {"Lũ về, xin bà con chạy lên đồi ngay.", "Có tình huống khẩn cấp tại xã."}


def test_a_list_that_the_store_lost_is_made_again(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW)
    bench.make()
    sha256 = bench.rows()["vi"].sha256
    bench.store.remove(sha256)

    bench.make()

    assert bench.rows()["vi"].sha256 == sha256
    assert bench.store.has(sha256)


def test_another_language_brings_its_own_recording(
    bench: Bench, shortened: Callable[[str], None], tmp_path: Path
) -> None:
    shortened(FEW)
    (tmp_path / "hmn.wav").write_bytes(FakeVoice().speak("a long enough sentence", "vi", 150, 60))
    bench.write('[languages.hmn.real]\nflood = { text = "Dej los", file = "hmn.wav" }\n')
    with bench.sessions.begin() as session:
        set_policy(session, machine_owner("test"), AN_BINH, bench.now, languages=["hmn", "vi"])

    bench.make()

    assert set(bench.rows()) == {"vi", "hmn vi"}
    languages = {phrase.language for phrase in read_pack(bench.list_of("hmn vi")).phrases}
    assert languages == {"hmn", "vi"}
    assert {phrase.language for phrase in read_pack(bench.list_of("vi")).phrases} == {"vi"}


def test_a_language_without_words_is_told_and_has_the_vietnamese_ones(
    bench: Bench, shortened: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    shortened(FEW)
    with bench.sessions.begin() as session:
        set_policy(session, machine_owner("test"), AN_BINH, bench.now, languages=["km"])

    with caplog.at_level(logging.WARNING):
        bench.make()

    assert "no words in km" in caplog.text
    assert [phrase.language for phrase in read_pack(bench.list_of("km")).phrases] == ["vi"]


def test_a_voice_that_is_not_there_leaves_its_sentences_out(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW + '[languages.km.real]\nflood = "some words"\n')
    with bench.sessions.begin() as session:
        set_policy(session, machine_owner("test"), AN_BINH, bench.now, languages=["km"])

    maker = bench.maker()
    bench.make(maker)

    assert [phrase.language for phrase in read_pack(bench.list_of("km")).phrases] == ["vi"]
    assert bench.make(maker) == 0


class Hoarse(FakeVoice):
    """Cannot say one word until it is well again."""

    is_well = False

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        if "đồi" in text and not self.is_well:
            raise SpeechFailed(sentence=text, detail="hoarse")
        return super().speak(text, voice, speed, pitch)


def test_a_sentence_that_fails_keeps_the_old_pack_and_is_tried_again_later(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    shortened(FEW)
    bench.voice = voice = Hoarse()
    maker = bench.maker()
    bench.make(maker)
    old = bench.rows()["vi"].sha256

    bench.write('[languages.vi.real]\nflood = "Lũ về, xin bà con chạy lên đồi ngay."\n')
    failed = bench.make(maker)
    voice.is_well = True
    too_soon = bench.make(maker)
    kept = bench.rows()["vi"].sha256
    bench.now += timedelta(hours=1)
    bench.make(maker)

    assert (failed, too_soon, kept) == (1, 0, old)
    assert bench.rows()["vi"].sha256 != old


@pytest.mark.parametrize(
    "words",
    [
        "[languages.vi.real]\nmeteor = 'x'",
        "[languages.vi.real]\nflood = ''",
        "[languages.vi.real]\nflood = { text = 'x', file = 'none.wav' }",
        "[languages.Vietnam.real]\nflood = 'x'",
        "[sirens]\nwail = [[1, 2]]",
        "[sirens]\nwail = [[-1, 2, 3]]",
        "sirens = 3",
        "languages = 3",
        "[languages]\nvi = 3",
        "[",
    ],
)
def test_words_that_make_no_sense_are_named_and_the_pack_stays(
    bench: Bench, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench.write(words)

    with pytest.raises(WordsInvalid):
        load_words(bench.config.data_dir / "pack_words.toml")
    with caplog.at_level(logging.WARNING):
        maker = bench.maker()
        assert not maker.step()
        assert not maker.step()

    assert caplog.text.count("stays as it is") == 1


def test_a_change_of_languages_wakes_the_maker(bench: Bench) -> None:
    with bench.sessions() as session:
        set_policy(session, machine_owner("test"), AN_BINH, bench.now, languages=["vi", "km"])

        assert LANGUAGES_CHANGED in session.info["wake.asked"]
        session.rollback()


def test_the_real_voice_says_the_real_words_and_they_are_not_too_long(
    bench: Bench, shortened: Callable[[str], None]
) -> None:
    """The longest of the shipped sentences, by espeak-ng, through the whole of the ingest."""
    longest = max(load_words(SHIPPED).sayings, key=lambda one: len(one.text))
    shortened(f'[languages.vi.{longest.wording}]\n{longest.about} = "{longest.text}"\n')
    bench.voice = EspeakVoice()

    bench.make()

    (phrase,) = read_pack(bench.list_of()).phrases
    assert 3_000 < phrase.audio.duration_ms < 20_000
    assert phrase.audio.bytes < 100_000
