"""A small radio station on loopback, so that the demo has something to relay."""

import http.server
import shutil
import subprocess
import threading
from pathlib import Path
from typing import ClassVar


class Stream:
    """Serves a file over and over as an endless MP3 stream in real time."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._server: http.server.ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the address to relay; ValueError before `start`."""
        if self._server is None:
            raise ValueError("the stream has not been started")
        return f"http://127.0.0.1:{self._server.server_port}/vov-mau.mp3"

    def start(self) -> None:
        """Begin to serve on a free port; may be called twice."""
        if self._server is None:
            handler = type("Handler", (_Handler,), {"source": self._source})
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            self._thread = threading.Thread(target=self._server.serve_forever, name="demo-stream")
            self._thread.start()

    def stop(self) -> None:
        """Go off the air; may be called twice."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(timeout=5)
            self._server = None


class _Handler(http.server.BaseHTTPRequestHandler):
    source: ClassVar[Path]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "audio/mpeg")
        self.end_headers()
        looped = ["-re", "-stream_loop", "-1", "-i", str(self.source)]
        as_mp3 = ["-ac", "1", "-b:a", "96k", "-f", "mp3", "-"]
        command = ["ffmpeg", "-nostdin", "-loglevel", "quiet", *looped, *as_mp3]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as encoder:
            assert encoder.stdout is not None  # noqa: S101 - a pipe was asked for
            try:
                shutil.copyfileobj(encoder.stdout, self.wfile, 1024)
            except OSError:
                pass  # the listener hung up
            finally:
                encoder.kill()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing: the demo narrates."""
