"""One ffmpeg child and the thread that empties it into a bounded queue of samples.

The child is limited (processor, memory, no files written), speaks only the protocols it is given
and can be killed at any moment. Nobody but the thread ever waits for it.
"""

import contextlib
import hashlib
import logging
import resource
import subprocess
import threading
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from edge_agent.audio.errors import AudioError, DecoderDied, FileDamaged, FileMissing
from edge_agent.audio.pcm import Samples, silence
from edge_agent.audio.sources import FilePart

log = logging.getLogger(__name__)

CHUNK_BYTES = 19_200
MEMORY_BYTES = 512 * 2**20
RELAY_PROTOCOLS = "http,https,tls,tcp,hls,crypto"


@dataclass(frozen=True, slots=True)
class Input:
    """What ffmpeg reads: arguments up to the input, an open file as stdin, processor seconds."""

    arguments: tuple[str, ...]
    stdin: IO[bytes] | None = None
    cpu_s: int = resource.RLIM_INFINITY


def verified_file(part: FilePart, into_ms: float) -> Input:
    """Open a file, check its SHA-256, and return it as input from `into_ms` of the part on.

    ffmpeg reads the very file that was checked (the open one, not the name). Raises FileMissing
    and FileDamaged.
    """
    file = _open_checked(part)
    seek = f"{(part.offset_ms + into_ms) / 1000:.6f}"
    allowed = ("-protocol_whitelist", "file", "-ss", seek, "-i", "/dev/stdin")
    return Input(allowed, file, 10 + part.duration_ms // 2000)


def _open_checked(part: FilePart) -> IO[bytes]:
    with contextlib.ExitStack() as on_error:
        try:
            file = on_error.enter_context(part.path.open("rb"))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise FileMissing(part.path, error.strerror or str(error)) from error
        if digest != part.sha256:
            raise FileDamaged(part.path)
        on_error.pop_all()
    return file


def live_stream(url: str) -> Input:
    """Return a stream from the network as input. Never a file, whatever the stream refers to."""
    hurry = ("-probesize", "65536", "-analyzeduration", "1000000", "-rw_timeout", "10000000")
    return Input(("-protocol_whitelist", RELAY_PROTOCOLS, *hurry, "-i", url))


class Decoder:
    """Samples of one input, in order, from the sample number `first` on.

    `open_input` is called in the decoder's thread: it may take its time and raise AudioError.
    """

    def __init__(
        self,
        open_input: Callable[[], Input],
        rate: int,
        queue_ms: int,
        first: int = 0,
    ) -> None:
        self.error: AudioError | None = None
        self.is_over = False
        self._open_input = open_input
        self._rate = rate
        self._room = rate * queue_ms // 1000
        self._first = first
        self._queue: deque[Samples] = deque()
        self._queued = 0
        self._changed = threading.Condition()
        self._closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._work, name="decoder", daemon=True)

    @property
    def first(self) -> int:
        """The number of the oldest sample that can still be taken."""
        return self._first

    @property
    def queued(self) -> int:
        """The number of samples waiting."""
        return self._queued

    def start(self) -> None:
        """Begin to decode in the background."""
        self._thread.start()

    def take(self, count: int, at: int | None = None) -> Samples:
        """Return up to `count` samples, from number `at` on; what lies before it is thrown away.

        Without `at`, the oldest ones. Never waits; fewer (or none) when they are not there yet.
        """
        with self._changed:
            if at is not None:
                self._discard(at - self._first)
            wanted = self._cut(count if at is None or at >= self._first else 0)
            if self._queued < self._room // 2:  # in gulps: waking up costs more than decoding
                self._changed.notify()
        return wanted

    def close(self) -> None:
        """Kill the child and let the thread end. Never waits; may be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        child = self._child
        if child is not None:
            child.kill()

    def join(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for the thread of a closed decoder."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _cut(self, count: int) -> Samples:
        out = silence(0)
        while self._queue and len(out) < count:
            block = self._queue.popleft()
            need = count - len(out)
            out.extend(block[:need])
            if len(block) > need:
                self._queue.appendleft(block[need:])
        self._queued -= len(out)
        self._first += len(out)
        return out

    def _discard(self, count: int) -> None:
        while count > 0 and self._queue:
            count -= len(self._cut(min(count, len(self._queue[0]))))

    def _work(self) -> None:
        try:
            self._decode(self._open_input())
        except AudioError as error:
            self.error = error
        except OSError as error:
            log.exception("ffmpeg could not be run")
            self.error = DecoderDied(error.errno)
        finally:
            self.is_over = True

    def _decode(self, source: Input) -> None:
        with source.stdin or contextlib.nullcontext():
            child = self._spawn(source)
        with child:
            self._limit(child, source)
            if self._closed:
                child.kill()
            self._empty(child)
            if self._closed:
                child.kill()
        if child.returncode != 0 and not self._closed:
            raise DecoderDied(child.returncode)

    def _spawn(self, source: Input) -> "subprocess.Popen[bytes]":
        quiet = ("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "1")
        plain = ("-map", "0:a:0", "-ac", "1", "-ar", str(self._rate), "-f", "s16le", "pipe:1")
        self._child = subprocess.Popen(
            [*quiet, *source.arguments, *plain],
            stdin=source.stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
            process_group=0,
        )
        return self._child

    def _limit(self, child: "subprocess.Popen[bytes]", source: Input) -> None:
        limits = (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CPU, source.cpu_s),
        )
        with contextlib.suppress(ProcessLookupError):
            for which, limit in limits:
                resource.prlimit(child.pid, which, (limit, limit))

    def _empty(self, child: "subprocess.Popen[bytes]") -> None:
        assert child.stdout is not None  # noqa: S101 - opened as a pipe above; tells mypy
        odd = b""
        while data := child.stdout.read(CHUNK_BYTES):
            data = odd + data
            whole = len(data) & ~1
            odd = data[whole:]
            if not self._put(array("h", data[:whole])):
                return

    def _put(self, block: Samples) -> bool:
        with self._changed:
            while self._queued >= self._room and not self._closed:
                self._changed.wait()
            self._queue.append(block)
            self._queued += len(block)
            return not self._closed
