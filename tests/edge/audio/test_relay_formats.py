"""The streams that stations really send: an Icecast MP3 mount, and a live HLS playlist."""

import functools
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge_agent.audio.events import RelayFellBack
from edge_agent.audio.mixer import Mixer
from edge_agent.audio.pcm import is_silent
from edge_agent.audio.sources import PlayOrder, RelayPart

RATE = 48_000
TONE = ("-re", "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={RATE}")
QUIET = ("ffmpeg", "-nostdin", "-loglevel", "error")


@pytest.fixture
def icecast() -> Iterator[str]:
    """An endless MP3 with the headers of an Icecast mount."""

    class Mount(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in (
                ("Content-Type", "audio/mpeg"),
                ("icy-name", "VOV mẫu".encode().decode("latin-1")),
                ("icy-br", "64"),
            ):
                self.send_header(name, value)
            self.end_headers()
            command = [*QUIET, *TONE, "-b:a", "64k", "-f", "mp3", "-"]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as encoder:
                assert encoder.stdout is not None
                try:
                    while piece := encoder.stdout.read1(4096):  # type: ignore[attr-defined] # buffered reader
                        self.wfile.write(piece)
                except OSError:
                    pass
                finally:
                    encoder.kill()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(Mount) as address:
        yield f"{address}/vov1.mp3"


@pytest.fixture
def hls(tmp_path: Path) -> Iterator[str]:
    """A live playlist of one-second segments, written as they come."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    playlist = tmp_path / "live.m3u8"
    segments = ("-f", "hls", "-hls_time", "1", "-hls_list_size", "4")
    command = [*QUIET, *TONE, "-c:a", "aac", "-b:a", "64k", *segments, str(playlist)]
    with (
        subprocess.Popen(command) as encoder,
        _serving(functools.partial(Quiet, directory=str(tmp_path))) as address,
    ):
        until = time.monotonic() + 20
        while not playlist.exists() and time.monotonic() < until:
            time.sleep(0.1)
        yield f"{address}/live.m3u8"
        encoder.kill()


@pytest.mark.parametrize("kind", ["icecast", "hls"])
def test_a_relay_carries_what_stations_really_send(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(kind)
    mixer = Mixer(RATE, 960, ramp_ms=10, volume_ramp_ms=10, queue_ms=2000, delay_s=0)
    start = time.monotonic()
    mixer.play(PlayOrder("vov", start, None, (RelayPart(url, 60_000),)), start)

    heard, told = _hear(mixer, start, seconds=15, enough=100)
    mixer.end_all()

    assert heard >= 100, told
    assert not any(isinstance(event, RelayFellBack) for event in told)


def _hear(mixer: Mixer, at: float, seconds: float, enough: int) -> tuple[int, list[object]]:
    heard, told, until = 0, list[object](), at + seconds
    while at < until and heard < enough:
        heard += not is_silent(mixer.next_block(at))
        told += mixer.take_events()
        at += 0.02
        time.sleep(max(0.0, at - time.monotonic()))
    return heard, told


class _serving:  # noqa: N801 - reads as the statement it stands in
    def __init__(self, handler: object) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type] # a partial of a handler
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
