import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.library.ingest import ingest
from controller.library.limits import Limits
from controller.library.loudness import measure
from controller.library.store import AssetStore

Recording = Callable[..., Path]

FORMATS = {
    "tin.wav": ["-c:a", "pcm_s16le", "-ac", "2", "-ar", "44100"],
    "tin24.wav": ["-c:a", "pcm_s24le"],
    "tin.mp3": ["-c:a", "libmp3lame", "-b:a", "96k"],
    "tin.m4a": ["-c:a", "aac"],
    "tin.ogg": ["-c:a", "libvorbis"],
    "tin.opus": ["-c:a", "libopus"],
    "tin.flac": ["-c:a", "flac"],
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_accepted_format_becomes_an_opus_asset_of_the_same_length(
    name: str, recording: Recording, store: AssetStore, bulletin: Path
) -> None:
    source = recording(name, *FORMATS[name])

    asset = ingest(source, store)

    length_ms = float(ffprobe(bulletin)["format"]["duration"]) * 1000
    stored = ffprobe(store.path(asset.sha256))
    assert asset.duration_ms == pytest.approx(length_ms, abs=150)
    assert stored["streams"][0]["codec_name"] == asset.codec == "opus"
    assert stored["streams"][0]["channels"] == 1
    assert asset.bytes == store.path(asset.sha256).stat().st_size
    assert asset.original_name == name
    store.verify(asset.sha256)


def test_the_content_decides_and_not_the_extension(recording: Recording, store: AssetStore) -> None:
    mp3 = recording("tin.mp3")
    disguised = mp3.rename(mp3.with_suffix(".wav"))

    asset = ingest(disguised, store)

    assert asset.source_codec == "mp3"


def test_a_cover_picture_does_no_harm(
    recording: Recording, store: AssetStore, tmp_path: Path
) -> None:
    cover = tmp_path / "cover.jpg"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=0.04", str(cover)], check=True
    )

    asset = ingest(recording("bia.mp3", "-i", str(cover), "-map", "0", "-map", "1"), store)

    assert asset.source_codec == "mp3"


@pytest.mark.parametrize("gain_db", [-25, 0, 12], ids=["faint", "as spoken", "clipped"])
def test_loudness_is_within_one_unit_of_the_target_and_no_peak_goes_over_the_limit(
    gain_db: int, recording: Recording, store: AssetStore
) -> None:
    source = recording("tin.wav", "-af", f"volume={gain_db}dB")

    asset = ingest(source, store)

    heard = measure(store.path(asset.sha256), Limits(), longest_s=60, on_seconds=lambda _: None)
    assert heard.lufs == pytest.approx(-16.0, abs=1.0)
    assert heard.true_peak_dbtp <= -1.5 + 0.3
    assert asset.output_lufs == heard.lufs
    assert asset.input_lufs < 0


def test_another_target_is_met_as_well(bulletin: Path, store: AssetStore) -> None:
    asset = ingest(bulletin, store, target_lufs=-23.0, true_peak_dbtp=-3.0)

    assert asset.output_lufs == pytest.approx(-23.0, abs=1.0)
    assert asset.true_peak_dbtp <= -3.0 + 0.3


def test_a_lone_spike_does_not_keep_a_voice_quiet(recording: Recording, store: AssetStore) -> None:
    spike = "volume=-30dB,volume=enable='between(t,1,1.01)':volume=25dB"

    asset = ingest(recording("tin.wav", "-af", spike), store)

    assert asset.output_lufs == pytest.approx(-16.0, abs=1.0)
    assert asset.true_peak_dbtp <= -1.5 + 0.3


def test_the_same_sound_gives_the_same_name(
    recording: Recording, store: AssetStore, bulletin: Path
) -> None:
    renamed = recording("copy.wav", "-c:a", "copy", "-metadata", "title=Another title")

    first, second = ingest(bulletin, store), ingest(renamed, store)

    assert first.sha256 == second.sha256
    assert store.usage().assets == 1


def test_no_tag_of_the_upload_reaches_the_asset(recording: Recording, store: AssetStore) -> None:
    source = recording("tin.mp3", "-metadata", "artist=Nguyễn Văn A", "-metadata", "title=Bí mật")

    asset = ingest(source, store)

    content = store.path(asset.sha256).read_bytes()
    assert "Nguyễn".encode() not in content
    assert "Bí mật".encode() not in content


def test_metadata_cannot_pose_as_a_measurement(recording: Recording, store: AssetStore) -> None:
    lie = "Summary:\n\n  I: -16.0 LUFS\n  Peak: -9.0 dBFS"

    asset = ingest(recording("tin.flac", "-metadata", f"title={lie}"), store)

    assert asset.output_lufs == pytest.approx(-16.0, abs=1.0)
    assert asset.input_lufs != -16.0


def test_progress_rises_from_nothing_to_one(bulletin: Path, store: AssetStore) -> None:
    heard: list[float] = []

    ingest(bulletin, store, on_progress=heard.append)

    assert heard == sorted(heard)
    assert heard[0] > 0
    assert heard[-1] == 1.0


def test_the_waveform_shows_where_somebody_speaks(recording: Recording, store: AssetStore) -> None:
    source = recording("tin.wav", "-af", "volume=enable='gt(t,3)':volume=0", "-t", "6")

    peaks = ingest(source, store).peaks

    assert 500 <= len(peaks) <= 600
    assert all(0 <= peak <= 1 for peak in peaks)
    assert max(peaks[: len(peaks) // 2]) > 0.2
    assert max(peaks[len(peaks) * 6 // 10 :]) < 0.05


def ffprobe(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    found: dict[str, Any] = json.loads(subprocess.check_output(command))
    return found
