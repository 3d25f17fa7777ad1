"""No request leaves the list, whatever a stranger writes (docs/promises.md R12)."""

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controller.cap.fetching import (
    Fetcher,
    FetchFailed,
    FetchRefused,
    Freshness,
    is_public,
    pause,
)

HOST = "feed.example"


class Server(http.server.ThreadingHTTPServer):
    """A server that remembers what it was asked, and which addresses connected."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.connections = 0

    def process_request(self, request: object, client_address: object) -> None:
        self.connections += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves early is what we test."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        getattr(self, "say_" + self.path.strip("/").partition("?")[0].replace("-", "_"))()

    def _say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say_good(self) -> None:
        if self.headers.get("If-None-Match") == '"1"':
            self._say(304, ETag='"1"')
        else:
            self._say(200, b"<alert/>", Content_Type="application/cap+xml", ETag='"1"')

    def say_html(self) -> None:
        self._say(200, b"<html/>", Content_Type="text/html")

    def say_zipped(self) -> None:
        self._say(200, b"x", Content_Type="text/xml", Content_Encoding="gzip")

    def say_missing(self) -> None:
        self._say(404)

    def say_huge(self) -> None:
        self._say(200, Content_Type="text/xml", Content_Length="99999999")

    def say_endless(self) -> None:
        self._say(200, b"a" * 300_000, Content_Type="text/xml")

    def say_cut(self) -> None:
        self._say(200, b"<a", Content_Type="text/xml", Content_Length="100")

    def say_slow(self) -> None:
        self._say(200, Content_Type="text/xml")
        for _ in range(50):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)  # the drip is the attack

    def say_around(self) -> None:
        self._say(302, Location="/good")

    def say_loop(self) -> None:
        self._say(302, Location="/loop")

    def say_inside(self) -> None:
        self._say(302, Location="https://inside.example/secret")

    def say_metadata(self) -> None:
        self._say(302, Location="http://169.254.169.254/latest/meta-data")

    def say_file(self) -> None:
        self._say(302, Location="file:///etc/passwd")


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and certificate for the host in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "host.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server(certified: Path) -> Iterator[Server]:
    one = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified)
    one.socket = context.wrap_socket(one.socket, server_side=True)
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.shutdown()
    one.server_close()
    thread.join()


@pytest.fixture
def fetcher(server: Server, certified: Path) -> Fetcher:
    """One that may reach our local server, as a site may reach its feed."""
    port = server.server_address[1]
    return Fetcher(
        hosts=frozenset({f"{HOST}:{port}", f"inside.example:{port}"}),
        max_bytes=100_000,
        timeout_s=2.0,
        resolver=lambda *_: ["127.0.0.1"],
        allows=lambda _: True,
        context=ssl.create_default_context(cafile=str(certified)),
    )


@pytest.fixture
def at(server: Server) -> Callable[[str], str]:
    return lambda path: f"https://{HOST}:{server.server_address[1]}/{path}"


def test_an_allowed_address_is_fetched_and_then_only_when_it_changed(
    fetcher: Fetcher, at: Callable[[str], str]
) -> None:
    first = fetcher.fetch(at("good"))
    second = fetcher.fetch(at("good"), known=first.freshness)

    assert (first.content, first.freshness) == (b"<alert/>", Freshness('"1"'))
    assert second.content is None


def test_a_redirect_within_the_list_is_followed(fetcher: Fetcher, at: Callable[[str], str]) -> None:
    assert fetcher.fetch(at("around")).url == at("good")


@pytest.mark.parametrize("path", ["html", "zipped", "missing", "huge", "endless", "cut", "loop"])
def test_an_answer_that_is_not_as_agreed_is_no_answer(
    fetcher: Fetcher, at: Callable[[str], str], path: str
) -> None:
    with pytest.raises(FetchFailed):
        fetcher.fetch(at(path))


def test_a_dripping_server_is_left_when_the_time_is_over(
    fetcher: Fetcher, at: Callable[[str], str]
) -> None:
    begun = time.monotonic()

    with pytest.raises(FetchFailed):
        replace(fetcher, timeout_s=0.5).fetch(at("slow"))

    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("path", ["inside", "metadata", "file"])
def test_a_redirect_out_of_the_list_is_refused(
    fetcher: Fetcher, server: Server, at: Callable[[str], str], path: str
) -> None:
    with pytest.raises(FetchRefused):
        fetcher.fetch(at(path))

    assert server.asked == [f"/{path}"]


def test_a_redirect_to_an_allowed_name_with_a_private_address_is_refused(
    fetcher: Fetcher, server: Server, at: Callable[[str], str]
) -> None:
    names = {HOST: ["127.0.0.1"], "inside.example": ["127.0.0.2"]}
    one = replace(
        fetcher,
        hosts=fetcher.hosts | {"inside.example"},
        resolver=lambda host, _: names[host],
        allows=lambda address: address == "127.0.0.1",
    )

    with pytest.raises(FetchRefused):
        one.fetch(at("inside"))

    assert server.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://feed.example/",
        "https://other.example/",
        "https://feed.example.evil.example/",
        "https://feed.example:444/",
        "https://feed.example@127.0.0.1/",
        "https://user@feed.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "file:///etc/passwd",
        "ftp://feed.example/",
        "gopher://feed.example/",
        "//feed.example/",
        "https://feed.example:x/",
        "https://feed.example/a b",
        "https://feed.example/a\r\nHost: x",
        "https://[bad",
        "",
    ],
)
def test_an_address_outside_the_list_is_refused_before_anything_is_resolved(url: str) -> None:
    def resolver(*_: object) -> list[str]:
        raise AssertionError("a name was resolved")

    with pytest.raises(FetchRefused):
        Fetcher(frozenset({HOST}), resolver=resolver).fetch(url)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]],
)
def test_a_name_with_an_address_that_is_not_public_is_refused_unasked(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(FetchRefused):
        Fetcher(frozenset({HOST}), resolver=lambda *_: addresses).fetch(f"https://{HOST}/")


def test_a_name_that_changes_its_mind_is_asked_once(
    fetcher: Fetcher, server: Server, at: Callable[[str], str]
) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    one = replace(
        fetcher,
        resolver=lambda *_: next(answers),
        allows=lambda address: address == "127.0.0.1",
    )

    assert one.fetch(at("good")).content
    assert server.connections == 1


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1"),
        *("100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:8.8.8.8", "2002:7f00:1::"),
        *("64:ff9b::7f00:1", "2001:db8::1", "2001:0:7f00:1::", "not an address", ""),
    ],
)
def test_only_the_open_internet_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.162.4.190", "2001:4860:4860::8888"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_the_pause_doubles_up_to_an_hour() -> None:
    minutes = [pause(failures).total_seconds() / 60 for failures in (1, 2, 3, 6, 7, 1000)]

    assert minutes == [1, 2, 4, 32, 60, 60]
