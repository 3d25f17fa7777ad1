"""Sentences that were spoken before, in a folder; what was not asked for longest goes first.

Only a cache: it may be emptied at any time, and losing it in a power cut costs nothing but time.
"""

import os
import tempfile
import threading
from pathlib import Path

MOST_BYTES = 2**30
"""Ten hours of speech: far more than what an area reads again."""
LOOKED_AT_EVERY = 64


class SentenceCache:
    """WAVs by a key; several threads and processes may use one folder."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept = 0

    def get(self, key: str) -> bytes | None:
        """Return what is kept, None without."""
        path = self._path(key)
        try:
            wav = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        return wav

    def put(self, key: str, wav: bytes) -> None:
        """Keep a sentence; now and then the oldest ones go."""
        _write_whole(self._path(key), wav)
        with self._lock:
            self._kept += 1
            is_due = self._kept % LOOKED_AT_EVERY == 1
        if is_due:
            self.prune()

    def prune(self) -> None:
        """Let the sentences go that were not asked for longest, down to the size."""
        found = []
        for path in self._folder.glob("*.wav"):
            try:
                state = path.stat()
            except FileNotFoundError:  # another process was quicker
                continue
            found.append((state.st_mtime_ns, state.st_size, path))
        held = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if held <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            held -= size

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.wav"


def _write_whole(path: Path, data: bytes) -> None:
    """Never let a second reader of the sentence see half a file; a cache needs no fsync."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(name).replace(path)
