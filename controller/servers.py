"""Our HTTP listeners: the console on loopback, the devices' one over TLS. Threads, one process.

cheroot instead of gunicorn: it runs two listeners, one of them TLS, beside the worker's threads
in one process, which is what the embedded default needs. As it comes, it shakes hands in the one
thread that accepts and gives every new connection a thread: a few silent strangers would stop it.
"""

import logging
import ssl
import threading
from pathlib import Path
from typing import Any

from cheroot.errors import FatalSSLAlert
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from flask import Flask

log = logging.getLogger(__name__)


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
        server = _Server(self._address, self._app, numthreads=self._threads, request_queue_size=512)
        if self._tls is not None:
            certificate, key = self._tls
            server.ssl_adapter = _LateHandshake(str(certificate), str(key))
        server.prepare()
        self._server = server
        self._thread = threading.Thread(target=server.serve, name=f"http-{self._address[1]}")
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests in hand, for a few seconds."""
        if self._server is None:
            return
        self._server.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._server = None


class _Server(Server):
    """Gives a connection a thread when its first byte has come, not before."""

    def process_conn(self, conn: Any) -> None:
        if getattr(conn, "has_waited", False):
            super().process_conn(conn)
        else:
            conn.has_waited = True
            self._connections.put(conn)  # type: ignore[attr-defined] # cheroot's types lack it

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - cheroot's signature
        """Log what cheroot says; strangers who hang up are worth no line."""
        log.log(level if traceback else logging.DEBUG, msg, exc_info=traceback)


class _LateHandshake(BuiltinSSLAdapter):
    """Shakes hands with the first read, in the thread of the connection."""

    def wrap(self, sock: Any) -> tuple[ssl.SSLSocket, dict[str, str]]:
        try:
            wrapped = self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
        except OSError as error:  # the peer has hung up already
            raise FatalSSLAlert(*error.args) from error
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}
