"""The only way out to an address that a stranger wrote: few hosts, few bytes, five seconds.

Every address that a name has is checked, and the connection goes to the very address that was
checked, so that a name cannot change its mind in between (DNS rebinding). Each redirect is asked
the same questions. Nothing here follows a proxy setting, keeps a cookie or unpacks a compression.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from controller.errors import ControllerError

CAP_TYPES = frozenset(
    {
        *("application/cap+xml", "application/xml", "text/xml"),
        *("application/atom+xml", "application/rss+xml"),
    }
)
AUDIO_TYPES = frozenset(
    {
        *("audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav", "audio/wave"),
        *("audio/ogg", "audio/opus", "audio/flac", "audio/x-ipaws-audio-mp3", "application/ogg"),
    }
)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)

Resolver = Callable[[str, int], Sequence[str]]


class FetchRefused(ControllerError):
    """An address may not be asked; facts `url`, `why_vi`, `why_en`. Nothing was sent there."""

    code = "fetch_refused"
    vi = "Không được phép lấy {url}: {why_vi}"
    en = "{url} may not be fetched: {why_en}"


class FetchFailed(ControllerError):
    """An allowed address did not give what was asked; facts `url`, `why_vi`, `why_en`."""

    code = "fetch_failed"
    status = 502
    vi = "Không lấy được {url}: {why_vi}"
    en = "{url} could not be fetched: {why_en}"


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a server said of the version that we have; sent back, it may answer "not modified"."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: `content` is None when nothing changed since `freshness`."""

    url: str
    content: bytes | None
    content_type: str
    freshness: Freshness


def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a host, or raise `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


def is_public(address: str) -> bool:
    """Whether an address is on the open Internet: no loopback, private, link-local, metadata.

    An address that carries another inside (mapped, 6to4, Teredo, NAT64) is refused as it is.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in ipaddress.ip_network("64:ff9b::/96")
    ):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def pause(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: 1, 2, 4 ... minutes to an hour."""
    doublings = min(max(failures - 1, 0), 16)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


@dataclass(frozen=True)
class Fetcher:
    """Fetches from the hosts of a list; a host may be written with a port.

    `resolver`, `allows` and `context` are for tests and for sites with a CA of their own.
    """

    hosts: frozenset[str]
    max_bytes: int = 2 * 1024 * 1024
    timeout_s: float = 5.0
    resolver: Resolver = resolve
    allows: Callable[[str], bool] = is_public
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def fetch(
        self,
        url: str,
        types: frozenset[str] = CAP_TYPES,
        known: Freshness | None = None,
    ) -> Fetched:
        """Return what is at an address, or raise `FetchRefused` or `FetchFailed`."""
        asked = url
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask(asked, types, known or Freshness())
            if isinstance(answer, Fetched):
                return answer
            asked = urljoin(asked, answer)
        raise _failed(url, "chuyển hướng quá nhiều", "too many redirects")

    def _ask(self, url: str, types: frozenset[str], known: Freshness) -> Fetched | str:
        """Ask one address; return its answer, or where it sends us."""
        host, port, path = self._allowed(url)
        address = self._checked_address(url, host, port)
        connection = _Pinned(host, port, address, self.timeout_s, self.context)
        deadline = threading.Timer(self.timeout_s, connection.abort)
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("GET", path, headers=_headers(known))
            answer = self._read(url, connection.getresponse(), types)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            raise _failed(url, f"{error or 'quá giờ'}", f"{error or 'time-out'}") from None
        finally:
            deadline.cancel()
            connection.close()
        if connection.is_aborted:
            raise _failed(url, "quá giờ", "time-out")
        return answer

    def _allowed(self, url: str) -> tuple[str, int, str]:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port or 443
        except ValueError:
            raise _refused(url, "địa chỉ sai", "the address is malformed") from None
        if parts.scheme != "https" or parts.username is not None or parts.password is not None:
            raise _refused(url, "chỉ dùng https", "only https, without a name, is allowed")
        if (host if port == 443 else f"{host}:{port}") not in self.hosts:
            raise _refused(url, "máy chủ ngoài danh sách", "the host is not on the list")
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        if not path.isascii() or any(one <= " " or one == "\x7f" for one in path):
            raise _refused(url, "địa chỉ sai", "the address is malformed")
        return host, port, path

    def _checked_address(self, url: str, host: str, port: int) -> str:
        """Return the address to connect to; a host with one bad address is refused as a whole."""
        try:
            addresses = list(self.resolver(host, port))
        except (OSError, UnicodeError):
            raise _failed(url, "không tìm thấy máy chủ", "the host has no address") from None
        if not addresses:
            raise _failed(url, "không tìm thấy máy chủ", "the host has no address")
        if not all(map(self.allows, addresses)):
            raise _refused(url, "địa chỉ nội bộ", "the host has an address that is not public")
        return addresses[0]

    def _read(
        self, url: str, response: http.client.HTTPResponse, types: frozenset[str]
    ) -> Fetched | str:
        freshness = Freshness(
            (response.getheader("ETag") or "")[:200],
            (response.getheader("Last-Modified") or "")[:100],
        )
        kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        if response.status in REDIRECTS:
            return response.getheader("Location") or url
        if response.status == 304:
            return Fetched(url, None, kind, freshness)
        if response.status != 200:
            raise _failed(url, f"trả lời {response.status}", f"answered {response.status}")
        if kind not in types or response.getheader("Content-Encoding", "identity") != "identity":
            raise _failed(url, f"kiểu dữ liệu {kind}", f"content of type {kind}")
        promised = response.length
        if (promised or 0) > self.max_bytes:
            raise _failed(url, "quá lớn", "it is too large")
        content = response.read(self.max_bytes + 1)
        if promised is not None and len(content) < promised:
            raise _failed(url, "bị cắt cụt", "it was cut short")
        if len(content) > self.max_bytes:
            raise _failed(url, "quá lớn", "it is too large")
        return Fetched(url, content, kind, freshness)


class _Pinned(http.client.HTTPSConnection):
    """A connection to one address that was checked, under the name of the host."""

    def __init__(
        self, host: str, port: int, address: str, timeout_s: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(host, port, timeout=timeout_s, context=context)
        self._address, self._tls = address, context
        self._open: ssl.SSLSocket | None = None  # http.client forgets its own before the body
        self.is_aborted = False

    def connect(self) -> None:
        """Connect to the checked address; the certificate must be the host's."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._open = self._tls.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        self._open.do_handshake()

    def abort(self) -> None:
        """End whatever is going on: the time is over, however slowly bytes drip."""
        self.is_aborted = True
        if self._open is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._open, socket.SHUT_RDWR)  # leaves the TLS state alone


def _headers(known: Freshness) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "truyenthanh"}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _refused(url: str, vi: str, en: str) -> FetchRefused:
    return FetchRefused(url=url[:200], why_vi=vi, why_en=en)


def _failed(url: str, vi: str, en: str) -> FetchFailed:
    return FetchFailed(url=url[:200], why_vi=vi, why_en=en)
