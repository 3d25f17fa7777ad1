from collections.abc import Callable
from pathlib import Path

import pytest

from controller.library import errors
from controller.library.ingest import ingest
from controller.library.store import AssetStore

Recording = Callable[..., Path]


def nothing(tmp_path: Path, _recording: Recording) -> Path:
    (tmp_path / "rong.mp3").touch()
    return tmp_path / "rong.mp3"


def a_text(tmp_path: Path, _recording: Recording) -> Path:
    (tmp_path / "tin.mp3").write_text("Kính thưa bà con xã An Bình.\n" * 100, encoding="utf-8")
    return tmp_path / "tin.mp3"


def a_picture(_tmp_path: Path, recording: Recording) -> Path:
    return recording("anh.png", "-f", "lavfi", "-i", "testsrc", "-map", "1:v", "-frames:v", "1")


def a_film_without_sound(_tmp_path: Path, recording: Recording) -> Path:
    film = ["-f", "lavfi", "-i", "testsrc=d=1", "-map", "1:v", "-c:v", "mjpeg"]
    return recording("phim.mov", *film)


def a_cut_wav(tmp_path: Path, recording: Recording) -> Path:
    return cut_short(recording("dai.wav"), tmp_path / "cut.wav")


def a_cut_mp3(tmp_path: Path, recording: Recording) -> Path:
    return cut_short(recording("dai.mp3"), tmp_path / "cut.mp3")


def a_cut_flac(tmp_path: Path, recording: Recording) -> Path:
    return cut_short(recording("dai.flac"), tmp_path / "cut.flac")


def a_cut_m4a(tmp_path: Path, recording: Recording) -> Path:
    return cut_short(recording("dai.m4a"), tmp_path / "cut.m4a")


def silence(_tmp_path: Path, recording: Recording) -> Path:
    return recording("im.wav", "-af", "volume=0")


def a_whisper(_tmp_path: Path, recording: Recording) -> Path:
    return recording("nho.wav", "-af", "volume=-50dB", "-c:a", "pcm_s24le")


def a_click(_tmp_path: Path, recording: Recording) -> Path:
    return recording("ngan.wav", "-t", "0.2")


def cut_short(path: Path, shorter: Path) -> Path:
    content = path.read_bytes()
    shorter.write_bytes(content[: len(content) // 2])
    return shorter


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (nothing, errors.EmptyFile),
        (a_text, errors.NotAudio),
        (a_picture, errors.NotAudio),
        (a_film_without_sound, errors.NoSoundTrack),
        (a_cut_wav, errors.Truncated),
        (a_cut_mp3, errors.Truncated),
        (a_cut_flac, errors.Truncated),
        (a_cut_m4a, errors.NotAudio),
        (silence, errors.TooQuiet),
        (a_whisper, errors.TooQuiet),
        (a_click, errors.TooShort),
    ],
    ids=lambda value: value.__name__,
)
def test_what_is_no_usable_sound_is_refused_in_both_languages(
    make: Callable[[Path, Recording], Path],
    error: type[errors.LibraryError],
    tmp_path: Path,
    recording: Recording,
    store: AssetStore,
) -> None:
    source = make(tmp_path, recording)

    with pytest.raises(error) as refusal:
        ingest(source, store)

    assert len(refusal.value.vi) > 20
    assert len(refusal.value.en) > 20
    assert "{" not in str(refusal.value)
    assert store.usage().assets == 0
    assert list((store.root / "incoming").iterdir()) == []


def test_what_is_too_long_is_refused_with_the_limit(bulletin: Path, store: AssetStore) -> None:
    with pytest.raises(errors.TooLong) as refusal:
        ingest(bulletin, store, longest_s=2)

    assert refusal.value.facts == {"limit_s": 2}


def test_a_wav_written_to_a_pipe_is_not_taken_for_a_truncated_one(
    bulletin: Path, store: AssetStore, tmp_path: Path
) -> None:
    content = bytearray(bulletin.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    streamed = tmp_path / "streamed.wav"
    streamed.write_bytes(content)

    asset = ingest(streamed, store)

    assert asset.duration_ms > 4000


def test_each_error_tells_its_facts_and_whether_to_try_again() -> None:
    full = errors.StoreFull(folder="/srv/audio")

    assert full.may_retry
    assert full.facts == {"folder": "/srv/audio"}
    assert "/srv/audio" in full.vi
    assert "/srv/audio" in full.en
