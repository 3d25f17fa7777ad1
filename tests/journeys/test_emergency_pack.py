"""The emergency pack from its words to what sounds: made by the controller, held by a device."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config import Config
from controller.db import make_engine, make_sessions
from controller.emergencies.pack import PackMaker
from controller.emergencies.pack_words import load_words
from controller.library.speech import EspeakVoice, Reader
from controller.library.store import AssetStore
from controller.stations.models import EmergencyPack as PackRow
from controller.tables import Base
from edge_agent.audio.decoder import Decoder, verified_file
from edge_agent.audio.pcm import is_silent
from edge_agent.audio.sirens import BUILT_IN
from edge_agent.audio.sources import FilePart
from edge_agent.fetch import holds
from edge_agent.pack import PackHolder
from wire.alert import Hazard
from wire.down import Desired
from wire.pack import Wording

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
RATE = 16_000


@dataclass
class Shelf:
    """A device's cache that has fetched everything from the controller's store."""

    store: AssetStore

    def path(self, sha256: str) -> Path:
        return self.store.path(sha256)

    def has(self, sha256: str) -> bool:
        return self.store.has(sha256) and holds(self.path(sha256), sha256)

    def suspect(self, sha256: str) -> None:
        raise AssertionError(f"{sha256} is damaged")


class NoMemory:
    """A device at its first start."""

    def fact(self, _name: str) -> str | None:
        return None

    def remember(self, name: str, value: str) -> None:
        """Nobody asks for it here."""


def decoded_ms(part: FilePart) -> int:
    decoder = Decoder(lambda: verified_file(part, 0), RATE, 60_000)
    decoder.start()
    decoder.join(20)
    samples = decoder.take(60 * RATE)
    assert decoder.error is None
    assert not is_silent(samples)
    return len(samples) * 1000 // RATE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[PackRow, AssetStore]:
    """The shipped pack, spoken by espeak-ng and encoded by ffmpeg."""
    folder = tmp_path_factory.mktemp("controller")
    engine = make_engine(f"sqlite:///{folder / 'truyenthanh.db'}")
    Base.metadata.create_all(engine)
    sessions = make_sessions(engine)
    store = AssetStore(folder / "assets")
    store.start()
    maker = PackMaker(
        Config.model_validate({"data_dir": folder}), sessions, sessions, store,
        Reader(EspeakVoice(), folder / "speech"), lambda: NOW, "vn",
    )  # fmt: skip
    while maker.step():
        pass
    with sessions() as session:
        row = session.get_one(PackRow, "vi")
    engine.dispose()
    return row, store


@pytest.fixture
def device(made: tuple[PackRow, AssetStore]) -> PackHolder:
    row, store = made
    holder = PackHolder(Shelf(store), NoMemory())
    holder.desire(
        Desired(
            iss="vn", iat=NOW, exp=NOW + timedelta(days=1), jti="j", rev=1, device="d-anbinh01",
            station="An Bình", areas=("vn",), profile="software", audio_url="https://localhost",
            emergency_pack=row.sha256, emergency_pack_bytes=row.bytes, languages=("vi",),
        )
    )  # fmt: skip
    return holder


def test_a_device_holds_the_whole_pack_that_the_controller_made(
    made: tuple[PackRow, AssetStore], device: PackHolder
) -> None:
    row, store = made

    assert device.digest == row.sha256
    for asset in device.assets():
        assert store.path(asset.sha256).stat().st_size == asset.bytes
    assert sum(asset.bytes for asset in device.assets()) < 3_000_000


@pytest.mark.parametrize("wording", Wording)
def test_every_hazard_has_a_sentence_of_its_own_that_sounds(
    device: PackHolder, wording: Wording
) -> None:
    heard = set()
    for about in (*Hazard, "any", "all_clear"):
        part = device.phrase(about, wording, "vi")
        assert part is not None, about
        assert decoded_ms(part) == pytest.approx(part.duration_ms, abs=100)
        heard.add(part.sha256)
    assert len(heard) == len(Hazard) + 2


def test_the_sirens_of_the_pack_are_those_that_the_device_makes_without_it(
    device: PackHolder,
) -> None:
    assert {siren.name for siren in load_words().sirens} == set(BUILT_IN)
    for name, own in BUILT_IN.items():
        assert device.pattern(name) == own
