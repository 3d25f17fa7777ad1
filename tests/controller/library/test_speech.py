import io
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.library.errors import NothingToSay, SpeechFailed, VoiceUnknown
from controller.library.limits import Limits
from controller.library.sentences import LONGEST_SENTENCE, split_sentences
from controller.library.speech import EspeakVoice, FakeVoice, Manner, Reader, SpokenText, Voice

GREETING = "Kính thưa bà con xã An Bình."


@pytest.fixture(params=[EspeakVoice, FakeVoice], ids=["espeak-ng", "fake"])
def voice(request: pytest.FixtureRequest) -> Voice:
    make: Callable[[], Voice] = request.param
    return make()


def test_a_voice_speaks_mono_sixteen_bits_with_a_true_header(voice: Voice) -> None:
    wav = voice.speak(GREETING, voice.voices()[0].id, 150, 50)

    with wave.open(io.BytesIO(wav)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() * 2 + 44 == len(wav)
        assert any(sound.readframes(sound.getnframes()))
    assert 1 < seconds(wav) < 6


def test_faster_is_shorter(voice: Voice) -> None:
    slow = voice.speak(GREETING, "vi", 100, 50)
    fast = voice.speak(GREETING, "vi", 250, 50)

    assert seconds(fast) < seconds(slow)


def test_another_pitch_is_another_sound(voice: Voice) -> None:
    assert voice.speak(GREETING, "vi", 150, 10) != voice.speak(GREETING, "vi", 150, 90)


def test_an_unknown_voice_is_refused_with_those_that_exist(voice: Voice) -> None:
    with pytest.raises(VoiceUnknown) as refusal:
        voice.speak(GREETING, "tieng-sao-hoa", 150, 50)

    assert "vi" in str(refusal.value.facts["known"])


@pytest.mark.parametrize("text", ["", "  \n", "...", "\0\x1b"])
def test_a_text_without_words_is_refused(voice: Voice, text: str) -> None:
    with pytest.raises(NothingToSay):
        voice.speak(text, "vi", 150, 50)


def test_odd_characters_do_no_harm(voice: Voice) -> None:
    wav = voice.speak("-v en; $(reboot) [[xin]] <b>chào</b> \0 100 %", "vi", 150, 50)

    assert seconds(wav) > 0.5


def test_the_three_regions_sound_different() -> None:
    espeak = EspeakVoice()

    sounds = {espeak.speak(GREETING, voice.id, 150, 50) for voice in espeak.voices()}

    assert [voice.id for voice in espeak.voices()] == ["vi", "vi-vn-x-central", "vi-vn-x-south"]
    assert len(sounds) == 3


def test_a_stuck_speech_program_is_given_up_with_the_sentence_it_failed_on() -> None:
    hasty = EspeakVoice(Limits(wall_s=0.0, file_bytes=2**27))

    with pytest.raises(SpeechFailed) as failure:
        hasty.speak("xin chào bà con " * 20, "vi", 80, 50)

    assert str(failure.value.facts["sentence"]).startswith("xin chào")


def test_a_text_is_read_sentence_by_sentence_with_pauses(tmp_path: Path) -> None:
    voice, heard = FakeVoice(), list[float]()

    wav = Reader(voice, tmp_path).read("Câu một. Câu hai!\n\nCâu ba", on_progress=heard.append)

    assert voice.said == ["Câu một.", "Câu hai!", "Câu ba"]
    assert heard == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert seconds(wav) == pytest.approx((8 + 8 + 6) * 0.06 + 2 * 0.35, abs=0.02)


def test_a_corrected_text_costs_only_its_new_sentence(tmp_path: Path) -> None:
    voice = FakeVoice()
    first = Reader(voice, tmp_path).read("Chào bà con. Họp lúc bảy giờ.")

    again = Reader(voice, tmp_path).read("Chào bà con. Họp lúc bảy giờ.")
    Reader(voice, tmp_path).read("Chào bà con. Họp lúc tám giờ.")

    assert again == first
    assert voice.said == ["Chào bà con.", "Họp lúc bảy giờ.", "Họp lúc tám giờ."]


def test_another_manner_is_not_taken_from_the_cache(tmp_path: Path) -> None:
    voice = FakeVoice()
    reader = Reader(voice, tmp_path)

    reader.read(GREETING)
    reader.read(GREETING, Manner(speed=200))

    assert voice.said == [GREETING, GREETING]


def test_the_normaliser_decides_what_is_said(tmp_path: Path) -> None:
    voice = FakeVoice()

    def say_in_full(text: str) -> SpokenText:
        return SpokenText(text, text.replace("UBND", "Ủy ban nhân dân"))

    Reader(voice, tmp_path, say_in_full).read("UBND xã.")

    assert voice.said == ["Ủy ban nhân dân xã."]


def test_an_empty_text_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(NothingToSay):
        Reader(FakeVoice(), tmp_path).read(" \n… \n")


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert split_sentences("Đoàn của TP. Huế và Q. 1 đã đến. Mực nước 3.25 m!") == [
        "Đoàn của TP. Huế và Q. 1 đã đến.",
        "Mực nước 3.25 m!",
    ]


@given(st.text(alphabet="aắĐ TP.,!…\n1", max_size=2000))
def test_no_sentence_is_too_long_and_no_letter_is_lost(text: str) -> None:
    sentences = split_sentences(text)

    assert all(0 < len(sentence) <= LONGEST_SENTENCE for sentence in sentences)
    assert letters("".join(sentences)) == letters(text)


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as sound:
        return float(sound.getnframes() / sound.getframerate())
