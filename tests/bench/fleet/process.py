"""A process of simulated devices: one epoll over some thousands of TLS connections.

It does what it is told over a pipe and answers with figures. Instants are CLOCK_MONOTONIC, taken
right after a read: what a message means is looked at when the reads at hand are done.
"""

import contextlib
import gc
import heapq
import itertools
import random
import resource
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.bench.fleet import mqtt5
from tests.bench.fleet.device import (
    KEEPALIVE_S,
    Said,
    Scribe,
    Simulated,
    authority_in,
    certify,
    device_id,
    key_of,
    said_of,
    tls_of,
)
from wire import topics

AT_ONCE = 40
"""Handshakes under way at first; in a storm it is the jitter that spreads them."""
CONNECT_WITHIN_S = 10.0  # as the agent's link
PING_EVERY_S = 50.0
READS, READ_ROUNDS, WORKS = 512, 20, 20
"""Reads go before looking at what came, and that before work that is due: it shall not be late."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which devices a process plays, and where the broker and our CA are."""

    numbers: range
    areas: tuple[tuple[str, ...], ...]
    port: int
    keys: Path
    folder: Path


@dataclass(slots=True)
class _Line:
    """The connection of one device."""

    number: int
    device: Simulated
    scribe: Scribe
    sock: ssl.SSLSocket | None = None
    is_up: bool = False
    is_shaking: bool = False
    began: float = 0.0
    tries: int = 0
    mid: int = 1
    buffer: bytearray = field(default_factory=bytearray)
    out: bytearray = field(default_factory=bytearray)


class Fleet:
    """Plays devices until it is told to stop, or nobody is there to tell."""

    def __init__(self, place: Place, pipe: Connection) -> None:
        self._place, self._pipe = place, pipe
        self._lines: list[_Line] = []
        self._by_fd: dict[int, _Line] = {}
        self._epoll = select.epoll()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._times: dict[bytes, dict[int, float]] = {}
        self._sample: dict[bytes, bytes] = {}
        self._refused = 0
        self._lost = 0
        self._jitter_s = 30.0
        self._is_answering = False
        self._said: dict[bytes, Said] = {}
        self._random = random.Random(place.numbers.start)

    def run(self) -> None:
        """Serve the pipe and the connections."""
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2
        )
        self._make()
        gc.collect()
        gc.freeze()
        self._pipe.send(("made", len(self._lines)))
        self._epoll.register(self._pipe.fileno(), select.EPOLLIN)
        is_wanted = True
        while is_wanted:
            self._round()
            while is_wanted and self._pipe.poll():
                is_wanted = self._obey()
        for line in self._lines:
            self._close(line)

    def _obey(self) -> bool:
        try:
            order, *given = self._pipe.recv()
        except EOFError:
            return False
        match str(order):
            case "connect":
                self._connect_all()
            case "state":
                up = sum(line.is_up for line in self._lines)
                self._pipe.send((up, self._refused, self._lost))
            case "count":
                tag, since = given
                found = self._times.get(tag, {})
                self._pipe.send(sum(at >= since for at in found.values()))
            case "times":
                tag, since = given
                found = self._times.get(tag, {})
                times = [at for at in found.values() if at >= since]
                self._pipe.send((times, self._sample.get(tag)))
            case "answer":
                (self._is_answering,) = given
                self._pipe.send(None)
            case "storm":
                (self._jitter_s,) = given
            case "forget":
                self._times.clear()
                self._sample.clear()
        return str(order) != "stop"

    # Connections

    def _make(self) -> None:
        authority = authority_in(self._place.keys)
        for number, chain in zip(self._place.numbers, self._place.areas, strict=True):
            name, key = device_id(number), key_of(number)
            pem = self._place.folder / f"{name}.pem"
            certify(authority, key, name, pem)
            filters = (topics.down_all(name), topics.TRUST, *map(topics.alerts_of, chain))
            clusters = tuple(f"k-{number}-{k}" for k in range(3))
            device = Simulated(name, key, pem, filters, clusters)
            self._lines.append(_Line(number, device, Scribe(device, number)))

    def _connect_all(self) -> None:
        """Connect one after another, a few handshakes at a time."""
        waiting = iter(self._lines)

        def next_one() -> None:
            shaking = sum(line.is_shaking for line in self._by_fd.values())
            for line in itertools.islice(waiting, max(0, AT_ONCE - shaking)):
                self._open(line)
            if any(line.sock is None for line in self._lines):
                self._at(0.01, next_one)

        next_one()
        for line in self._lines:
            self._at(self._random.uniform(0, PING_EVERY_S), partial(self._ping, line))

    def _open(self, line: _Line) -> None:
        line.tries += 1
        context = tls_of(self._place.keys / "ca.pem", line.device.pem)
        raw = socket.socket()
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            raw.connect(("127.0.0.1", self._place.port))
        try:
            sock = context.wrap_socket(
                raw, do_handshake_on_connect=False, server_hostname="localhost"
            )
        except OSError:
            raw.close()
            self._again(line)
            return
        line.sock, line.is_shaking, line.began = sock, True, time.monotonic()
        line.buffer.clear()
        line.out.clear()
        self._by_fd[sock.fileno()] = line
        self._epoll.register(sock.fileno(), select.EPOLLOUT)
        tries = line.tries
        self._at(CONNECT_WITHIN_S, lambda: self._give_up(line, tries))

    def _give_up(self, line: _Line, tries: int) -> None:
        if line.tries == tries and line.sock is not None and not line.is_up:
            self._refused += 1
            self._drop(line)

    def _drop(self, line: _Line) -> None:
        self._lost += line.is_up
        self._close(line)
        self._again(line)

    def _again(self, line: _Line) -> None:
        self._at(self._random.uniform(0.1, self._jitter_s), lambda: self._open(line))

    def _close(self, line: _Line) -> None:
        if line.sock is not None:
            with contextlib.suppress(OSError, ValueError):
                self._epoll.unregister(line.sock.fileno())
            self._by_fd.pop(line.sock.fileno(), None)
            line.sock.close()
        line.sock, line.is_up, line.is_shaking = None, False, False

    def _ping(self, line: _Line) -> None:
        if line.is_up:
            self._write(line, mqtt5.PING)
        self._at(PING_EVERY_S, lambda: self._ping(line))

    # Rounds

    def _at(self, in_s: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + in_s, next(self._count), work))

    def _round(self) -> None:
        """Read all that is there, then look at it, then do a little of what is due."""
        wait_s = self._due[0][0] - time.monotonic() if self._due else 0.5
        came: list[tuple[_Line, float]] = []
        ready = self._epoll.poll(min(0.5, max(0.0, wait_s)), READS)
        for _ in range(READ_ROUNDS):
            self._serve_all(ready, came)
            if len(ready) < READS:
                break
            ready = self._epoll.poll(0, READS)
        for line, at in came:
            self._take(line, at)
        until = time.monotonic()
        for _ in range(WORKS if came else len(self._due)):
            if not self._due or self._due[0][0] > until:
                break
            heapq.heappop(self._due)[2]()

    def _serve_all(self, ready: list[tuple[int, int]], came: list[tuple[_Line, float]]) -> None:
        for fd, event in ready:
            line = self._by_fd.get(fd)
            if line is None:
                continue
            try:
                self._serve(line, event, came)
            except OSError:
                self._drop(line)

    def _serve(self, line: _Line, event: int, came: list[tuple[_Line, float]]) -> None:
        sock = line.sock
        assert sock is not None
        if line.is_shaking:
            self._shake(line, sock)
            return
        if event & select.EPOLLOUT:
            self._write(line, b"")
        if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            self._read(line, sock)
            came.append((line, time.monotonic()))

    def _shake(self, line: _Line, sock: ssl.SSLSocket) -> None:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            self._epoll.modify(sock.fileno(), select.EPOLLIN)
            return
        except ssl.SSLWantWriteError:
            self._epoll.modify(sock.fileno(), select.EPOLLOUT)
            return
        line.is_shaking = False
        self._epoll.modify(sock.fileno(), select.EPOLLIN)
        self._write(line, mqtt5.connect(line.device.id, KEEPALIVE_S))

    def _read(self, line: _Line, sock: ssl.SSLSocket) -> None:
        while True:
            try:
                data = sock.recv(16384)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not data:
                raise ConnectionError("closed")
            line.buffer += data
            if not sock.pending():
                return

    def _write(self, line: _Line, data: bytes) -> None:
        if line.sock is None:
            return
        line.out += data
        try:
            while line.out:
                del line.out[: line.sock.send(line.out)]
            wanted = select.EPOLLIN
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            wanted = select.EPOLLIN | select.EPOLLOUT
        except OSError:
            self._drop(line)
            return
        if data == b"" or wanted & select.EPOLLOUT:
            self._epoll.modify(line.sock.fileno(), wanted)

    # Messages

    def _take(self, line: _Line, at: float) -> None:
        for packet in mqtt5.packets(line.buffer):
            match packet.kind:
                case mqtt5.CONNACK:
                    self._write(line, mqtt5.subscribe(1, line.device.filters))
                case mqtt5.SUBACK:
                    line.is_up = True
                case mqtt5.PUBLISH:
                    topic, mid, payload = mqtt5.published(packet)
                    if "/alert/" in topic:
                        self._alerted(line, payload, at)
                    if mid:
                        self._write(line, mqtt5.acknowledgement(mid))

    def _alerted(self, line: _Line, payload: bytes, at: float) -> None:
        tag = payload[-20:]
        self._times.setdefault(tag, {})[line.number] = at
        self._sample.setdefault(tag, payload)
        if self._is_answering:
            if tag not in self._said:
                self._said[tag] = said_of(payload)
            # What a device says of an alert it says within a random 2 s, in one batch.
            self._at(self._random.uniform(0, 2.0), partial(self._answer, line, self._said[tag]))

    def _answer(self, line: _Line, said: Said) -> None:
        line.mid = line.mid % 60_000 + 2
        token = line.scribe.batch(("received", "started"), said)
        self._write(line, mqtt5.publish(line.mid, topics.up(line.device.id, "receipts"), token))


def main(place: Place, pipe: Any) -> None:
    """Play devices in a process of their own."""
    Fleet(place, pipe).run()
