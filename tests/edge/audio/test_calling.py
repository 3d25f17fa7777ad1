"""A whole addressed output, heard in the file that its `wav` driver writes."""

import queue
import time
import wave
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio.events import AudioEvent, OrderFinished, OrderStarted
from edge_agent.audio.outputs import WavDriver
from edge_agent.audio.player import OutputPlayer
from edge_agent.audio.sources import TonePart
from edge_agent.calls import Calls, Line
from edge_agent.claims import Claim, Rank, Rung
from edge_agent.performance import Act, Volume
from edge_agent.stage import Stage
from firmware_profiles import DtmfWake, load_profile
from tests.edge.audio.goertzel import dialled, power
from wire.down import Cluster
from wire.message import Origin
from wire.plan import Slot

RATE = 8_000
AREAS = ("vn", "lam-dong", "an-binh")
CLUSTERS = tuple(
    Cluster(id=name, name=name, kind="wired", areas=AREAS, address=address)
    for name, address in (("cho", "007"), ("dinh", "042"), ("cau", "915"))
)


class Notes:
    """A receipt book nobody reads."""

    def note(self, *_: Any, **__: Any) -> None:
        """Forget it."""


class Booth:
    """A stage and its real player; `until` lets it work until something was told."""

    def __init__(self, folder: Path) -> None:
        wake = load_profile("wired-gateway").outputs[0].wake
        assert isinstance(wake, DtmfWake)
        self.wake, self.path = wake, folder / "heard.wav"
        self.events: queue.Queue[AudioEvent] = queue.Queue()
        self.seen: list[AudioEvent] = []
        book: Any = Notes()
        player = OutputPlayer("main", WavDriver(self.path), self.events.put, rate=RATE)
        self.calls = Calls(Line("main", wake, 0.3), player, book)
        self.calls.know(CLUSTERS)
        self.stage = Stage(
            "main", "wav", player, book, Volume(-60, 0, -6), time.monotonic, print, self.calls
        )
        self.stage.start()

    def perform(self, in_s: float, for_s: float, clusters: tuple[str, ...]) -> float:
        at = time.monotonic() + in_s
        begin = datetime.now(UTC) + timedelta(seconds=in_s)
        slot = Slot(
            id="s1", output="main", programme="p1", starts_at=begin, origin=Origin.COMMUNE,
            ends_at=begin + timedelta(seconds=for_s), clusters=clusters,
        )  # fmt: skip
        claim = Claim("s1", Rank(Rung.PROGRAMME), at, at + for_s)
        self.stage.perform(Act(claim, (TonePart("test", 60_000),), slot=slot))
        return at

    def until(self, kind: type[AudioEvent], order: str) -> AudioEvent:
        while True:
            event = self.events.get(timeout=30)
            self.seen.append(event)
            self.stage.hear(event)
            if isinstance(event, kind) and getattr(event, "id", "").startswith(order):
                return event

    def heard(self) -> "array[int]":
        self.stage.stop()
        with wave.open(str(self.path)) as file:
            return array("h", file.readframes(file.getnframes()))


@pytest.fixture
def booth(tmp_path: Path) -> Iterator[Booth]:
    booth = Booth(tmp_path)
    yield booth
    booth.stage.stop()


def test_the_calls_are_heard_first_and_the_audio_starts_at_its_instant(booth: Booth) -> None:
    """R1, in part: what is called ahead makes nothing late."""
    at = booth.perform(in_s=4.0, for_s=1.5, clusters=("cho", "cau"))

    call = booth.until(OrderStarted, "call:")
    audio = booth.until(OrderStarted, "s1")
    booth.until(OrderFinished, "close:")
    samples = booth.heard()

    assert isinstance(call, OrderStarted)
    assert isinstance(audio, OrderStarted)
    assert abs(audio.at - at) < 0.02
    first = next(number for number, sample in enumerate(samples) if sample)
    begin = first + round((audio.at - call.at) * RATE)
    assert audio.at - call.at == pytest.approx(booth.calls.lead_s(("cho", "cau")), abs=0.01)
    assert dialled(samples[:begin], RATE) == "##*007*007*915*915"
    assert power(samples[begin : begin + RATE], 1000, RATE) == pytest.approx(0.25, rel=0.05)
    assert dialled(samples[begin + 3 * RATE // 2 :], RATE) == "##"
    quiet = begin - round((booth.wake.lead_ms - booth.wake.call_ms) / 1000 * RATE)
    assert not any(samples[quiet + 80 : begin - 80])


def test_who_comes_late_hears_the_calls_whole_and_then_the_audio(booth: Booth) -> None:
    time.sleep(0.5)
    at = booth.perform(in_s=-5.0, for_s=12.0, clusters=("dinh",))

    audio = booth.until(OrderStarted, "s1")
    booth.stage.withdraw("s1", "stopped")
    booth.until(OrderFinished, "close:")
    samples = booth.heard()

    assert isinstance(audio, OrderStarted)
    assert audio.at - at > 5.0 + booth.calls.lead_s(("dinh",))
    assert dialled(samples, RATE)[: len("##*042*042")] == "##*042*042"
