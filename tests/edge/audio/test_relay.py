"""Relays from a local HTTP server that goes silent, breaks, stalls, and comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from edge_agent.audio.events import AudioEvent, RelayBack, RelayFellBack
from edge_agent.audio.mixer import Mixer
from edge_agent.audio.pcm import is_silent
from edge_agent.audio.sources import PlayOrder, RelayPart
from edge_agent.audio.tones import tone
from tests.edge.audio.conftest import MakeFile

RATE = 48_000
PIECE = RATE // 10
WAV_HEADER = (
    b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0"
    + RATE.to_bytes(4, "little")
    + (2 * RATE).to_bytes(4, "little")
    + b"\x02\0\x10\0data\xff\xff\xff\xff"
)


class Broadcaster:
    """Streams a tone as endless WAV; `mood` is well, silent, stalled, broken or gone."""

    def __init__(self) -> None:
        self.mood = "well"
        caster = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if caster.mood == "gone":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "audio/wav")
                self.end_headers()
                self.wfile.write(WAV_HEADER)
                caster.stream(self.wfile.write)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/live"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def stream(self, write: Callable[[bytes], object]) -> None:
        loud, quiet = tone("test", 0, PIECE, RATE).tobytes(), bytes(2 * PIECE)
        begun, sent = time.monotonic(), -10
        try:
            while self.mood != "broken" and not self._closing.is_set():
                if self.mood != "stalled":
                    write(quiet if self.mood == "silent" else loud)
                sent += 1
                self._closing.wait(max(0.0, begun + sent * 0.1 - time.monotonic()))
        except OSError:
            return

    def close(self) -> None:
        self._closing.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


class Listener:
    """Reads a mixer at the pace of real time, as an output would."""

    def __init__(self) -> None:
        self.mixer = Mixer(RATE, 960, ramp_ms=10, volume_ramp_ms=10, queue_ms=2000, delay_s=0)
        self._begun = self._at = time.monotonic()
        self.told: list[AudioEvent] = []
        self.sounding_at: list[float] = []

    def hear(self, seconds: float, until: Callable[[], object] = lambda: False) -> float:
        """Listen for so long, or until something is so; return for how long."""
        begun = self._at
        while self._at - begun < seconds and not until():
            if not is_silent(self.mixer.next_block(self._at)):
                self.sounding_at.append(self._at)
            self._at += 0.02
            self.told += self.mixer.take_events()
            time.sleep(max(0.0, self._at - time.monotonic()))
        return self._at - begun

    def has(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.told)

    def longest_silence(self, since: float) -> float:
        at = [since, *(t for t in self.sounding_at if t > since), self._at]
        return max(b - a for a, b in pairwise(at))


@pytest.fixture
def broadcaster() -> Iterator[Broadcaster]:
    one = Broadcaster()
    yield one
    one.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.mixer.end_all()


@pytest.mark.parametrize("mood", ["silent", "broken", "stalled"])
def test_a_relay_falls_back_within_five_seconds_and_comes_back(
    mood: str,
    broadcaster: Broadcaster,
    listener: Listener,
    make_file: MakeFile,
) -> None:
    start = time.monotonic()
    part = RelayPart(broadcaster.url, 60_000, make_file(seconds=30))
    listener.mixer.play(PlayOrder("vov", start, None, (part,)), start)
    listener.hear(15, until=lambda: listener.sounding_at)
    listener.hear(0.5)
    assert not listener.told or not listener.has(RelayFellBack)

    broadcaster.mood = mood
    failed_at = time.monotonic()
    listener.hear(15, until=lambda: listener.has(RelayFellBack))
    listener.hear(0.3)
    broadcaster.mood = "well"
    listener.hear(20, until=lambda: listener.has(RelayBack))
    listener.hear(0.5)

    fell_back = next(e for e in listener.told if isinstance(e, RelayFellBack))
    assert fell_back.url == broadcaster.url
    assert fell_back.reason == {"broken": "ended"}.get(mood, mood)
    assert listener.has(RelayBack)
    assert listener.longest_silence(failed_at) < 5


def test_a_relay_that_is_not_there_gives_way_to_its_fallback(
    broadcaster: Broadcaster, listener: Listener, make_file: MakeFile
) -> None:
    broadcaster.mood = "gone"
    fallback = make_file(seconds=2)
    start = time.monotonic()

    part = RelayPart(broadcaster.url, 60_000, fallback)
    listener.mixer.play(PlayOrder("vov", start, None, (part,)), start)
    listener.hear(15, until=lambda: len(listener.sounding_at) > 150)

    assert next(e for e in listener.told if isinstance(e, RelayFellBack)).reason == "failed"
    assert len(listener.sounding_at) > 150  # three seconds: the two-second fallback goes round


def test_a_relay_cannot_read_files_of_the_device(listener: Listener, make_file: MakeFile) -> None:
    """R12: only the network protocols of a relay are allowed to its decoder."""
    secret = make_file(seconds=2)
    start = time.monotonic()

    part = RelayPart(f"file:{secret.path}", 60_000)
    listener.mixer.play(PlayOrder("vov", start, None, (part,)), start)
    listener.hear(6, until=lambda: listener.has(RelayFellBack))

    assert listener.has(RelayFellBack)
    assert listener.sounding_at == []
