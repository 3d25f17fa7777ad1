"""The cache against a real HTTPS server that breaks off, lies, is slow or says no."""

import os
import resource
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.events import AssetFailed, AssetReady
from edge_agent.fetch import HttpFetch, holds
from edge_agent.identity import pinned_tls
from edge_agent.inbox import Inbox
from edge_agent.library import Library, Limits
from tests.edge.world import Controller, wait_until
from wire.plan import Asset

SOME = Limits(max_bytes=10**9, keep_free_percent=0)


@dataclass
class Room:
    """A library at work."""

    library: Library
    inbox: Inbox
    server: Controller
    folder: Path

    def want(self, *names: str) -> None:
        assets = tuple(
            Asset(sha256=n, bytes=max(1, len(self.server.audio.files.get(n, b"?"))), duration_ms=1)
            for n in names
        )
        self.library.want(assets, self.server.url)

    def next(self, within_s: float = 20.0) -> AssetReady | AssetFailed:
        event = self.inbox.get(within_s)
        assert isinstance(event, AssetReady | AssetFailed)
        return event

    def named(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


@contextmanager
def at_work(server: Controller, folder: Path, limits: Limits = SOME) -> Iterator[Room]:
    def tls() -> ssl.SSLContext:
        return pinned_tls(server.bundle, check_time=True)

    inbox = Inbox()
    library = Library(folder, limits, HttpFetch(tls), inbox)
    library.start()
    try:
        yield Room(library, inbox, server, folder)
    finally:
        library.stop()


@pytest.fixture
def room(https: Controller, tmp_path: Path) -> Iterator[Room]:
    with at_work(https, tmp_path / "audio") as room:
        yield room


@pytest.fixture
def blob() -> bytes:
    return os.urandom(300_000)


def test_a_file_is_fetched_verified_and_named_by_its_hash(room: Room, blob: bytes) -> None:
    name = room.server.add_audio(blob)

    room.want(name)

    assert room.next() == AssetReady(name)
    assert room.library.path(name).read_bytes() == blob
    assert room.library.missing() == ()


def test_a_broken_download_is_gone_on_with_and_not_begun_anew(room: Room, blob: bytes) -> None:
    name = room.server.add_audio(blob)
    room.server.audio.break_after = 100_000

    room.want(name)
    first = room.next()
    part = (room.folder / "partial" / name).stat().st_size
    room.server.audio.break_after = None

    assert isinstance(first, AssetFailed)
    assert room.named() == []
    assert room.next() == AssetReady(name)
    assert room.server.audio.requests[1] == (name, f"bytes={part}-")
    assert 0 < part <= 100_000 + 4096
    assert holds(room.library.path(name), name)


def test_a_download_begun_by_an_earlier_run_is_gone_on_with(
    https: Controller, tmp_path: Path, blob: bytes
) -> None:
    name = https.add_audio(blob)
    partial = tmp_path / "audio" / "partial"
    partial.mkdir(parents=True)
    (partial / name).write_bytes(blob[:50_000])

    with at_work(https, tmp_path / "audio") as room:
        room.want(name)
        ready = room.next()

    assert ready == AssetReady(name)
    assert https.audio.requests == [(name, "bytes=50000-")]


def test_wrong_bytes_are_never_named_and_fetched_anew(room: Room, blob: bytes) -> None:
    name = room.server.add_audio(blob)
    room.server.audio.lie = lambda data: data[:1000] + b"!" + data[1001:]

    room.want(name)
    first = room.next()
    left = room.named()
    room.server.audio.lie = None

    assert isinstance(first, AssetFailed)
    assert first.code == "damaged"
    assert left == []
    assert room.next() == AssetReady(name)
    assert room.server.audio.requests[1] == (name, None)


def test_a_damaged_beginning_of_an_earlier_run_does_not_stick(
    https: Controller, tmp_path: Path, blob: bytes
) -> None:
    name = https.add_audio(blob)
    partial = tmp_path / "audio" / "partial"
    partial.mkdir(parents=True)
    (partial / name).write_bytes(b"x" * 50_000)

    with at_work(https, tmp_path / "audio") as room:
        room.want(name)
        first, second = room.next(), room.next()

    assert isinstance(first, AssetFailed)
    assert second == AssetReady(name)


def test_a_longer_answer_than_promised_is_cut_off(room: Room, blob: bytes) -> None:
    name = room.server.add_audio(blob)
    asset = Asset(sha256=name, bytes=1000, duration_ms=1)

    room.library.want((asset,), room.server.url)
    event = room.next()

    assert isinstance(event, AssetFailed)
    assert event.code == "too_long"
    assert room.named() == []


def test_one_file_that_is_not_there_does_not_keep_the_others_back(room: Room, blob: bytes) -> None:
    name = room.server.add_audio(blob)

    room.want("0" * 64, name)
    events = [room.next(), room.next()]

    assert AssetReady(name) in events
    (failed,) = (event for event in events if isinstance(event, AssetFailed))
    assert failed.code == "http_404"
    assert room.library.missing() == ("0" * 64,)


def test_another_servers_certificate_is_not_believed(
    https: Controller, tmp_path: Path, blob: bytes
) -> None:
    name = https.add_audio(blob)
    inbox = Inbox()
    library = Library(tmp_path / "a", SOME, HttpFetch(ssl.create_default_context), inbox)
    library.start()

    library.want((Asset(sha256=name, bytes=len(blob), duration_ms=1),), https.url)
    event = inbox.get(20)
    library.stop()

    assert isinstance(event, AssetFailed)
    assert event.code == "network"
    assert https.audio.requests == []


def test_a_full_disk_is_told_and_the_file_comes_when_there_is_room(room: Room, blob: bytes) -> None:
    """R26, in part: a write that the system refuses (a file size limit stands for a full disk)."""
    name = room.server.add_audio(blob)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        room.want(name)
        first = room.next()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)

    assert isinstance(first, AssetFailed)
    assert first.code == "disk_full"
    assert room.named() == []
    assert room.next() == AssetReady(name)
    assert holds(room.library.path(name), name)


def test_a_part_of_the_disk_is_always_left_free(
    https: Controller, tmp_path: Path, blob: bytes
) -> None:
    name = https.add_audio(blob)

    with at_work(https, tmp_path / "audio", Limits(10**9, keep_free_percent=100)) as room:
        room.want(name)
        event = room.next()

    assert isinstance(event, AssetFailed)
    assert event.code == "disk_full"


def test_the_oldest_unused_files_make_room_and_pinned_ones_stay(
    https: Controller, tmp_path: Path
) -> None:
    folder = tmp_path / "audio"
    folder.mkdir()
    names = [https.add_audio(os.urandom(1000)) for _ in range(4)]
    for age, name in enumerate(names):
        (folder / name).write_bytes(https.audio.files[name])
        os.utime(folder / name, (time.time() - 100 + age, time.time() - 100 + age))

    with at_work(https, folder, Limits(max_bytes=2500, keep_free_percent=0)) as room:
        room.want(names[0])
        left = room.named()

    assert left == sorted([names[0], names[3]])
    assert not room.library.has(names[1])


def test_a_suspected_file_is_checked_and_a_damaged_one_removed(room: Room, blob: bytes) -> None:
    good, bad = room.server.add_audio(blob), room.server.add_audio(blob + b"!")
    room.want(good, bad)
    assert {room.next(), room.next()} == {AssetReady(good), AssetReady(bad)}
    room.library.path(bad).write_bytes(b"rotten")

    room.library.suspect(good)
    room.library.suspect(bad)
    event = room.next()

    assert event == AssetFailed(bad, "damaged", "other bytes than its name says")
    assert room.library.has(good)
    wait_until(lambda: not room.library.path(bad).exists())
    assert room.library.lacks((bad,))


def test_it_stops_at_once_in_the_middle_of_a_slow_download(room: Room, blob: bytes) -> None:
    name = room.server.add_audio(blob)
    room.server.audio.bytes_per_s = 20_000
    room.want(name)
    wait_until(lambda: room.server.audio.requests)

    began = time.monotonic()
    room.library.stop()

    assert time.monotonic() - began < 2
    assert room.named() == []


def test_the_audio_of_an_alert_breaks_off_what_else_is_being_fetched(
    room: Room, blob: bytes
) -> None:
    slow = [room.server.add_audio(blob[number:]) for number in (1, 2)]
    urgent = room.server.add_audio(b"flood")
    room.server.audio.bytes_per_s = 40_000
    room.want(*slow)
    partial = [room.folder / "partial" / name for name in slow]
    wait_until(lambda: all(path.exists() and path.stat().st_size > 8000 for path in partial))

    assets = tuple(
        Asset(sha256=name, bytes=len(room.server.audio.files[name]), duration_ms=1)
        for name in (urgent, *slow)
    )
    began = time.monotonic()
    room.library.want(assets, room.server.url, urgent=frozenset({urgent}))
    wait_until(lambda: room.library.has(urgent))

    assert time.monotonic() - began < 3, "each of the others takes 7 s"
    room.server.audio.bytes_per_s = None
    wait_until(lambda: all(room.library.has(name) for name in slow))
    assert any(wanted for _, wanted in room.server.audio.requests), "they are gone on with"
