"""Where assets live: one file each, named by the SHA-256 of its bytes, never half written.

Layout: `aa/aabbcc....opus` below the root, unfinished files in `incoming/`. Nothing here knows
what is inside a file or who may use it.
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from controller.library.errors import AssetDamaged, AssetMissing, StoreFull

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Usage:
    """How much the store holds: assets and their bytes, and the bytes free on its disk."""

    assets: int
    bytes: int
    free_bytes: int


class Incoming:
    """A file on its way into the store. Write it, look at it by `path`, then `keep` it or not."""

    def __init__(self, root: Path, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._root = root
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Append; StoreFull when the disk takes no more."""
        with _space_checked(self._root):
            _write_all(self._file, chunk)
        self._hash.update(chunk)

    def restart(self) -> None:
        """Forget everything written so far."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()

    def keep(self) -> str:
        """Make the file an asset that survives a power cut, and return its SHA-256."""
        sha256 = self._hash.hexdigest()
        target = _path(self._root, sha256)
        with _space_checked(self._root):
            os.fchmod(self._file.fileno(), 0o644)  # content is public: a web server may serve it
            os.fsync(self._file.fileno())
            target.parent.mkdir(exist_ok=True)
            self.path.replace(target)
            _sync_folder(target.parent)
            _sync_folder(self._root)
        return sha256


class AssetStore:
    """A folder of assets. Several processes may use one; equal bytes are stored once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(self) -> None:
        """Make the folders and drop what a killed process left unfinished. May be called twice."""
        _incoming_folder(self.root).mkdir(parents=True, exist_ok=True)
        for part in _incoming_folder(self.root).iterdir():
            if not _is_being_written(part):
                part.unlink(missing_ok=True)

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """Open a new file; what was not kept by the end is gone. StoreFull as `Incoming.write`."""
        with _space_checked(self.root):
            _incoming_folder(self.root).mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=_incoming_folder(self.root), suffix=".part")
        try:
            # Unbuffered: what was written can be read by path at once, and errors come when due.
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield Incoming(self.root, Path(name), file)
        finally:
            Path(name).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Return where this asset is or would be; AssetMissing for what is no SHA-256 in hex."""
        return _path(self.root, sha256)

    def has(self, sha256: str) -> bool:
        """Tell whether the asset is here."""
        return bool(_SHA256.fullmatch(sha256)) and self.path(sha256).is_file()

    def open(self, sha256: str) -> BufferedReader:
        """Open an asset for reading, or raise AssetMissing."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise AssetMissing(sha256=sha256) from None

    def verify(self, sha256: str) -> None:
        """Read the whole asset again: AssetMissing, or AssetDamaged if its bytes have changed."""
        with self.open(sha256) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise AssetDamaged(sha256=sha256)

    def remove(self, sha256: str) -> None:
        """Delete an asset if it is here."""
        self.path(sha256).unlink(missing_ok=True)

    def usage(self) -> Usage:
        """Count what is stored now."""
        sizes = [path.stat().st_size for path in self.root.glob("??/*.opus")]
        return Usage(len(sizes), sum(sizes), shutil.disk_usage(self.root).free)


def _path(root: Path, sha256: str) -> Path:
    if not _SHA256.fullmatch(sha256):
        raise AssetMissing(sha256=sha256[:64])
    return root / sha256[:2] / f"{sha256}.opus"


def _incoming_folder(root: Path) -> Path:
    return root / "incoming"


def _is_being_written(part: Path) -> bool:
    """Tell by the lock that every writer holds and the kernel drops when a process dies."""
    try:
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _write_all(file: IO[bytes], chunk: bytes) -> None:
    """Write again what an unbuffered file on a nearly full disk did not take."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _space_checked(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StoreFull(folder=str(root)) from error
