"""How alerts are read: by the voice and the words of the area that speaks."""

from pathlib import Path

import pytest

from controller.emergencies.announcer import Announcer
from controller.emergencies.drafting import look
from controller.emergencies.errors import LanguageUnspoken
from controller.emergencies.speech import Studio
from controller.library.reading import Reading, set_reading
from controller.library.speech import FakeVoice, Manner, Reader, VoiceInfo
from controller.library.store import AssetStore
from controller.speech import Settings
from tests.controller.cast import AN_BINH
from tests.controller.emergencies.conftest import Desk, a_draft


class TwoVoices(FakeVoice):
    """Remembers which voice said what."""

    def __init__(self) -> None:
        super().__init__()
        self.by: list[tuple[str, int]] = []

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the usual voice and one of the site."""
        return (*super().voices(), VoiceInfo("piper-site", "Giọng riêng", "Own voice"))

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        """Hum, and note who did."""
        self.by.append((voice, speed))
        return super().speak(text, "vi", speed, pitch)


@pytest.fixture
def voice() -> TwoVoices:
    return TwoVoices()


@pytest.fixture
def two(voice: TwoVoices, tmp_path: Path) -> Studio:
    store = AssetStore(tmp_path / "assets")
    store.start()
    return Studio(store, Reader(voice, None))


def test_an_alert_is_read_with_the_voice_and_words_of_its_area(
    two: Studio, voice: TwoVoices
) -> None:
    read = Reading(Manner("piper-site", 120), Settings("ngàn", "lẻ"))
    words = Announcer(read).theirs("Sơ tán 1.005 hộ.", "vi")

    two.speak({"vi": words}, manner=read.manner)

    assert voice.by == [("piper-site", 120)]
    assert voice.said == ["Sơ tán một ngàn không trăm lẻ năm hộ."]


def test_an_alert_never_waits_for_a_voice_that_is_gone(two: Studio, voice: TwoVoices) -> None:
    two.speak({"vi": "Nước lên nhanh."}, manner=Manner("piper-gone", 120))

    assert voice.by == [("vi", 120)]


def test_another_language_is_not_read_by_the_voice_of_the_area(two: Studio) -> None:
    with pytest.raises(LanguageUnspoken):
        two.speak({"en": "Water is rising."}, manner=Manner("piper-site"))


def test_the_area_that_speaks_decides_for_a_draft(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        set_reading(
            session,
            actor=desk.cast.chief,
            area_id=AN_BINH,
            voices=("vi",),
            now=desk.at,
            region="south",
        )
    with desk.sessions() as session:
        looked = look(session, desk.cast.an, a_draft(), desk.at)

    assert looked.reading.settings == Settings("ngàn", "lẻ")
