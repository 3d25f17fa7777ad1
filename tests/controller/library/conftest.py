"""Sounds to try the library with: real ones, made by the real ffmpeg and espeak-ng."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.library.speech import EspeakVoice
from controller.library.store import AssetStore

Recording = Callable[..., Path]
BULLETIN = (
    "Kính thưa bà con xã An Bình, ngày mai trạm y tế xã tiêm phòng cho trẻ em dưới năm tuổi, "
    "đề nghị bà con đưa cháu đến đúng giờ."
)


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-y", "-v", "error", "-nostdin", *arguments], check=True)


@pytest.fixture(scope="session")
def bulletin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spoken bulletin of some seconds: WAV, mono, 22,050 Hz."""
    path = tmp_path_factory.mktemp("bulletin") / "bulletin.wav"
    path.write_bytes(EspeakVoice().speak(BULLETIN, "vi", 165, 50))
    return path


@pytest.fixture
def recording(tmp_path: Path, bulletin: Path) -> Recording:
    """The bulletin in another format: `recording("a.mp3", "-b:a", "96k")`."""

    def make(name: str, *options: str) -> Path:
        ffmpeg("-i", str(bulletin), *options, str(tmp_path / name))
        return tmp_path / name

    return make


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    store = AssetStore(tmp_path / "assets")
    store.start()
    return store
