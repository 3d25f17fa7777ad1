import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.library.editing import chime_then, cut, duration_ms, fade, from_samples, join
from controller.library.music import demo_music, start_chime
from controller.library.speech import FakeVoice
from controller.library.waveform import PeakCollector


def test_joined_parts_follow_each_other_with_pauses_at_the_rate_of_the_first() -> None:
    low, high = tone(1.0, rate_hz=16_000), tone(0.5, rate_hz=48_000)

    joined = join([low, high, low], pause_ms=250)

    assert duration_ms(joined) == pytest.approx(3000, abs=2)


def test_nothing_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="nothing"):
        join([])


def test_what_is_no_wav_is_never_handed_to_another_program() -> None:
    with pytest.raises(ValueError, match="not a PCM WAV"):
        join([b"#EXTM3U\nhttp://127.0.0.1/"])


def test_a_faded_piece_begins_and_ends_softly() -> None:
    faded = fade(tone(2.0), in_ms=500, out_ms=500)

    levels = peaks(faded, 20)
    assert levels[0] < levels[4] <= levels[10]
    assert levels[-1] < levels[-5] <= levels[10]


def test_a_cut_keeps_its_stretch() -> None:
    assert duration_ms(cut(tone(2.0), 500, 1250)) == 750


def test_the_chime_calls_before_the_speech() -> None:
    speech = FakeVoice().speak("Kính thưa bà con", "vi", 150, 50)

    programme = chime_then(start_chime(), speech)

    assert duration_ms(programme) == pytest.approx(4000 + 400 + duration_ms(speech), abs=2)


def test_our_music_is_a_minute_of_sound_that_never_clips_and_is_the_same_each_time() -> None:
    music = demo_music()

    levels = peaks(music, 60)
    assert duration_ms(music) == 60_000
    assert 0.5 < max(levels) < 0.9
    assert min(levels[2:-3]) > 0.05
    assert music == demo_music()


def test_another_seed_is_another_tune() -> None:
    assert demo_music(10, seed=1) != demo_music(10, seed=2)


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_peaks_do_not_depend_on_how_the_sound_was_cut_into_chunks(
    pcm: bytes, chunk_bytes: int
) -> None:
    whole, pieces = PeakCollector(48_000), PeakCollector(48_000)

    whole.feed(pcm)
    for start in range(0, len(pcm), chunk_bytes):
        pieces.feed(pcm[start : start + chunk_bytes])

    assert whole.peaks() == pieces.peaks()
    assert whole.bytes_seen == pieces.bytes_seen == len(pcm)


def test_the_loudest_negative_sample_is_full_scale() -> None:
    collector = PeakCollector(48_000)

    collector.feed(b"\x00\x80")

    assert collector.peaks() == (1.0,)


def tone(length_s: float, rate_hz: int = 48_000) -> bytes:
    time = np.arange(int(length_s * rate_hz)) / rate_hz
    return from_samples(0.5 * np.sin(2 * np.pi * 440 * time), rate_hz)


def peaks(wav: bytes, count: int) -> tuple[float, ...]:
    collector = PeakCollector(48_000)
    collector.feed(wav[44:])
    return collector.peaks(count)
