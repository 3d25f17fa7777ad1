"""The audio cache: fetches, verifies, pins and prunes files named by their SHA-256.

A file gets its name only when it is complete, verified and synced; what is being fetched lies in
`partial/` and is gone on with after a break. Two threads at most, so that a programme on a thin
line is not starved by the next; everything they find out is posted to the conductor.
"""

import logging
import random
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge_agent.errors import AssetUnavailable
from edge_agent.events import AssetFailed, AssetReady
from edge_agent.fetch import Fetch, holds
from edge_agent.identity import sync_folder
from edge_agent.inbox import Inbox
from wire.plan import Asset

log = logging.getLogger(__name__)

RETRY_FIRST_S: Final = 1.0
RETRY_MOST_S: Final = 300.0
RETRY_URGENT_S: Final = 8.0
DISK_CODES: Final = frozenset({"disk_full", "disk"})


@dataclass
class _Wanted:
    """A file on the list: when to try (monotonic) and how often it failed."""

    asset: Asset
    try_at: float = 0.0
    failures: int = 0
    is_being_fetched: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the cache may hold, from the device profile."""

    max_bytes: int
    keep_free_percent: int


@dataclass
class _List:
    """What is wanted, in order of need; guarded by `changed`."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    wanted: dict[str, _Wanted] = field(default_factory=dict)
    suspects: set[str] = field(default_factory=set)
    audio_url: str = ""
    urgent: frozenset[str] = frozenset()


class Library:
    """The files of one device below `folder`."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        fetch: Fetch,
        inbox: Inbox,
        *,
        threads: int = 2,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._partial = folder, folder / "partial"
        self._limits, self._fetch, self._inbox = limits, fetch, inbox
        self._count, self._monotonic = threads, monotonic
        self._list = _List()
        self._present: set[str] = set()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take stock and begin to fetch. May be called twice."""
        if self._threads:
            return
        self._stopping.clear()
        try:
            self._partial.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.warning("the audio folder cannot be made: %s", error)
        self._present = {path.name for path in _files(self._folder) if len(path.name) == 64}
        for number in range(self._count):
            thread = threading.Thread(target=self._work, name=f"library-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Break off. A thread that hangs in the network is left behind: nothing half is named."""
        self._stopping.set()
        with self._list.changed:
            self._list.changed.notify_all()
        for thread in self._threads:
            thread.join(0.3)
        self._threads.clear()

    def path(self, sha256: str) -> Path:
        """Return where a file is, or will be."""
        return self._folder / sha256

    def has(self, sha256: str) -> bool:
        """Return whether a file is complete and verified."""
        return sha256 in self._present

    def want(
        self,
        assets: tuple[Asset, ...],
        audio_url: str,
        spread_s: float = 0.0,
        urgent: frozenset[str] = frozenset(),
    ) -> None:
        """Fetch what is missing of these, in this order, and keep nothing else if room is short.

        Each begins after a random part of `spread_s`, so that a province does not ask at once. For
        `urgent` ones others that are being fetched are broken off, and gone on with later.
        """
        with self._list.changed:
            before = self._list.wanted
            missing = [asset for asset in assets if asset.sha256 not in self._present]
            self._list.wanted = {
                asset.sha256: before.get(asset.sha256) or self._later(asset, spread_s)
                for asset in missing
            }
            for name in (urgent - self._list.urgent) & self._list.wanted.keys():
                self._list.wanted[name].try_at = 0.0
            self._list.audio_url, self._list.urgent = audio_url, urgent
            self._list.changed.notify_all()
        try:
            self._prune({asset.sha256 for asset in assets}, sum(asset.bytes for asset in missing))
        except OSError as error:
            log.warning("the audio folder cannot be tidied: %s", error)

    def lacks(self, names: tuple[str, ...]) -> bool:
        """Return whether one of these is neither here nor on the list."""
        with self._list.changed:
            return any(n not in self._present and n not in self._list.wanted for n in names)

    def missing(self) -> tuple[str, ...]:
        """Return what is wanted and not here, in order of need."""
        with self._list.changed:
            return tuple(self._list.wanted)

    def suspect(self, sha256: str) -> None:
        """Have a file checked that could not be played; a damaged one is removed."""
        with self._list.changed:
            self._list.suspects.add(sha256)
            self._list.changed.notify()

    def _later(self, asset: Asset, spread_s: float) -> _Wanted:
        return _Wanted(asset, self._monotonic() + random.uniform(0, spread_s))  # noqa: S311 - jitter

    def _work(self) -> None:
        while not self._stopping.is_set():
            wanted = self._next()
            self._check_suspects()
            if wanted is None:
                continue
            try:
                self._fetch_one(wanted)
            except AssetUnavailable as error:
                self._put_off(wanted, error)
            except Exception as error:
                log.exception("fetching %s failed", wanted.asset.sha256)
                self._put_off(wanted, AssetUnavailable(wanted.asset.sha256, "bug", repr(error)))

    def _next(self) -> _Wanted | None:
        """Return the first file whose time has come, or None after waiting a while."""
        with self._list.changed:
            now = self._monotonic()
            idle = [w for w in self._list.wanted.values() if not w.is_being_fetched]
            ready = next((w for w in idle if w.try_at <= now), None)
            if ready is not None and self._list.audio_url:
                ready.is_being_fetched = True
                return ready
            if self._list.suspects:
                return None
            soonest = min((w.try_at - now for w in idle), default=60.0)
            self._list.changed.wait(max(0.05, soonest))
            return None

    def _check_suspects(self) -> None:
        with self._list.changed:
            names, self._list.suspects = self._list.suspects, set()
        for name in names:
            if not holds(self.path(name), name):
                log.warning("file %s is damaged and removed", name[:12])
                with self._list.changed:
                    self._present.discard(name)
                self.path(name).unlink(missing_ok=True)
                self._inbox.post(AssetFailed(name, "damaged", "other bytes than its name says"))

    def _fetch_one(self, wanted: _Wanted) -> None:
        asset = wanted.asset
        self._require_room(asset)
        part = self._partial / asset.sha256
        self._fetch(self._list.audio_url, asset, part, lambda: self._must_break_off(asset))
        try:
            part.rename(self.path(asset.sha256))
            sync_folder(self._folder)
        except OSError as error:
            raise AssetUnavailable(asset.sha256, "disk", str(error)) from error
        with self._list.changed:
            self._present.add(asset.sha256)
            self._list.wanted.pop(asset.sha256, None)
        self._inbox.post(AssetReady(asset.sha256))

    def _must_break_off(self, asset: Asset) -> bool:
        """Whether we are stopping, or something urgent waits for the line."""
        if self._stopping.is_set():
            return True
        with self._list.changed:
            is_urgent, now = asset.sha256 in self._list.urgent, self._monotonic()
            waiting = (self._list.wanted.get(name) for name in self._list.urgent)
            return not is_urgent and any(
                one is not None and not one.is_being_fetched and one.try_at <= now
                for one in waiting
            )

    def _put_off(self, wanted: _Wanted, error: AssetUnavailable) -> None:
        if self._stopping.is_set():
            return
        is_urgent = wanted.asset.sha256 in self._list.urgent
        most_s = RETRY_URGENT_S if is_urgent else RETRY_MOST_S
        wanted.failures += 1
        longest_s = min(most_s, RETRY_FIRST_S * 2**wanted.failures)
        with self._list.changed:
            wanted.try_at = self._monotonic() + random.uniform(0.5, longest_s)  # noqa: S311 - jitter
            wanted.is_being_fetched = False
        level = logging.WARNING if wanted.failures == 1 else logging.DEBUG
        log.log(level, "%s", error)
        self._inbox.post(AssetFailed(error.sha256, error.code, error.why))

    def _require_room(self, asset: Asset) -> None:
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError as error:
            raise AssetUnavailable(asset.sha256, "disk", str(error)) from error
        left = disk.free - asset.bytes
        if left * 100 < disk.total * self._limits.keep_free_percent:
            raise AssetUnavailable(asset.sha256, "disk_full", f"{disk.free} bytes free")

    def _prune(self, pinned: set[str], needed: int) -> None:
        """Remove the files longest unused until the cache fits; never what a plan needs."""
        files = sorted(_files(self._folder), key=lambda path: path.stat().st_mtime)
        used = sum(path.stat().st_size for path in files)
        for path in files:
            if path.name not in pinned and self._is_tight(used + needed, needed):
                used -= path.stat().st_size
                with self._list.changed:
                    self._present.discard(path.name)
                path.unlink(missing_ok=True)
        for part in _files(self._partial):
            if part.name not in pinned:
                part.unlink(missing_ok=True)

    def _is_tight(self, used: int, needed: int) -> bool:
        disk = shutil.disk_usage(self._folder)
        free = disk.free - needed
        return used > self._limits.max_bytes or (
            free * 100 < disk.total * self._limits.keep_free_percent
        )


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []
