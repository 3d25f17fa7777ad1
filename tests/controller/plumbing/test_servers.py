"""Our HTTP listeners: TLS with our own CA, threads, and a stop that leaves the port free."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from flask import Flask

from controller.demo.stage import free_ports
from controller.keys import Keyring
from controller.servers import HttpServer
from tests.controller.plumbing.peer import accepts


@pytest.fixture
def app() -> Flask:
    app = Flask("test")
    app.add_url_rule("/", view_func=lambda: "loa")
    return app


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def tls_server(app: Flask, port: int, live_keys: Keyring) -> Iterator[HttpServer]:
    files = live_keys.server_files(("localhost", "127.0.0.1"), datetime.now(UTC))
    server = HttpServer(app, "127.0.0.1", port, threads=4, tls=files)
    server.start()
    yield server
    server.stop()


def test_it_serves_until_it_is_stopped_and_again(app: Flask, port: int) -> None:
    server = HttpServer(app, "127.0.0.1", port, threads=2)
    for _ in range(2):
        server.start()
        server.start()
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text == "loa"
        server.stop()
        server.stop()

        assert not accepts(port)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # cheroot forgets it
def test_a_port_that_is_taken_is_an_error_at_the_start(app: Flask, port: int) -> None:
    first = HttpServer(app, "127.0.0.1", port, threads=2)
    first.start()

    with pytest.raises(OSError, match="No socket could be created"):
        HttpServer(app, "127.0.0.1", port, threads=2).start()

    first.stop()


@pytest.mark.usefixtures("tls_server")
def test_devices_see_a_certificate_of_our_own_ca(port: int, live_keys: Keyring) -> None:
    ours = ssl.create_default_context(cafile=str(live_keys.authority_file))
    with httpx.Client(verify=ours, trust_env=False) as client:
        assert client.get(f"https://localhost:{port}/").text == "loa"

    strangers = ssl.create_default_context()
    with httpx.Client(verify=strangers, trust_env=False) as client, pytest.raises(httpx.HTTPError):
        client.get(f"https://localhost:{port}/")


@pytest.mark.usefixtures("tls_server")
def test_plain_http_gets_nothing_from_the_devices_listener(port: int) -> None:
    """R23."""
    with httpx.Client(trust_env=False) as client:
        try:
            answer = client.get(f"http://localhost:{port}/")
        except httpx.HTTPError:
            return
    assert answer.status_code == 400
    assert "loa" not in answer.text


@pytest.mark.usefixtures("tls_server")
def test_who_only_connects_keeps_nobody_waiting(port: int, live_keys: Keyring) -> None:
    """Silent strangers, more than there are threads."""
    silent = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(12)]
    ours = ssl.create_default_context(cafile=str(live_keys.authority_file))

    def ask(_: int) -> str:
        with httpx.Client(verify=ours, trust_env=False, timeout=25) as client:
            return client.get(f"https://localhost:{port}/").text

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    for one in silent:
        one.close()

    assert answers == ["loa"] * 4
