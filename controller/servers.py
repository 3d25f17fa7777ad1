"""Our HTTP listeners: the console on loopback, the devices' one over TLS. Threads, one process.

cheroot instead of gunicorn: it runs two listeners, one of them TLS, beside the worker's threads
in one process, which is what the embedded default needs.
"""

import threading
from pathlib import Path
from typing import Any

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from flask import Flask


class HttpServer:
    """Serves a Flask app in threads; start and stop may be called twice."""

    def __init__(
        self,
        app: Flask,
        host: str,
        port: int,
        *,
        threads: int,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        self._app = app
        self._address = (host, port)
        self._threads = threads
        self._tls = tls
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve; `OSError` when the port is taken."""
        if self._server is not None:
            return
        self._server = Server(
            self._address, self._app, numthreads=self._threads, request_queue_size=512
        )
        if self._tls is not None:
            certificate, key = self._tls
            self._server.ssl_adapter = BuiltinSSLAdapter(str(certificate), str(key))
        self._server.prepare()
        self._thread = threading.Thread(target=self._server.serve, name=f"http-{self._address[1]}")
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests in hand, for a few seconds."""
        if self._server is None:
            return
        self._server.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._server = None
