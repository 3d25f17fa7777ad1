"""Run a foreign program on hostile input: bounded CPU, memory, time and files.

The limits are set by prlimit(1) of util-linux, because a `preexec_fn` is not safe in a program
with threads. The child gets no environment of ours and can only answer on its standard output.
"""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from controller.library.errors import ProgramMissing

CHUNK_BYTES = 65_536
SAID_BYTES = 16_384
# espeak-ng greets a sound server, and would start one, even when it only writes to a pipe.
_ENVIRONMENT = {"LANG": "C.UTF-8", "PULSE_SERVER": "unix:/nonexistent"}


@dataclass(frozen=True)
class Limits:
    """What a child may use: CPU and wall seconds, bytes of memory (docs/promises.md R48).

    192 MB of its own and the shared libraries stay below the 256 MB of R48. The address space is
    wider, because those libraries are mapped into it.
    `file_bytes` bounds each file written; the default is none at all.
    """

    cpu_s: int = 10
    wall_s: float = 60.0
    memory_bytes: int = 192 * 2**20
    address_bytes: int = 2 * 2**30
    open_files: int = 64
    file_bytes: int = 0


class ChildFailed(Exception):
    """The child ended badly. `said`: end of its standard error; `over_limit`: killed by us."""

    def __init__(self, program: str, status: int, said: str, *, over_limit: bool) -> None:
        self.program = program
        self.status = status
        self.said = said
        self.over_limit = over_limit
        super().__init__(f"{program}: {'over its limits' if over_limit else status}: {said[-300:]}")


class LimitedChild:
    """One run of `argv` under `limits`, fed with `stdin` (at most 32 kB, it must fit the pipe)."""

    def __init__(self, argv: list[str], limits: Limits, stdin: bytes = b"") -> None:
        self._argv = argv
        self._limits = limits
        self._stdin = stdin
        self._timed_out = False
        self._said = b""

    @property
    def said(self) -> str:
        """Return the last 16 kB of standard error, complete once `chunks` is exhausted."""
        return self._said.decode("utf-8", "replace")

    def chunks(self) -> Iterator[bytes]:
        """Yield standard output as it comes; raise ChildFailed at the end, or ProgramMissing.

        Leaving the iteration early kills the child; it never outlives this generator.
        """
        with self._running() as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            while chunk := process.stdout.read(CHUNK_BYTES):
                yield chunk
        self._judge(process.returncode)

    @contextmanager
    def _running(self) -> Iterator[subprocess.Popen[bytes]]:
        process = self._spawn()
        listener = threading.Thread(target=self._listen, args=(process.stderr,))
        watch = threading.Timer(self._limits.wall_s, self._give_up, args=(process,))
        listener.start()
        watch.start()
        try:
            self._feed(process)
            yield process
            process.wait()
        finally:
            watch.cancel()
            process.kill()
            process.wait()
            listener.join()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()

    def _spawn(self) -> subprocess.Popen[bytes]:
        for program in ("prlimit", "nice", self._argv[0]):
            if shutil.which(program) is None:
                raise ProgramMissing(program=program)
        return subprocess.Popen(
            [*_prlimit(self._limits), "nice", "-n", "10", *self._argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)},
            start_new_session=True,
        )

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            with process.stdin as pipe:
                pipe.write(self._stdin)
        except BrokenPipeError:
            return  # the exit status tells more

    def _listen(self, pipe: IO[bytes]) -> None:
        while chunk := os.read(pipe.fileno(), 4096):
            self._said = (self._said + chunk)[-SAID_BYTES:]

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        self._timed_out = True
        process.kill()

    def _judge(self, status: int) -> None:
        killed = status in (-signal.SIGKILL, -signal.SIGXCPU)
        if status != 0:
            over_limit = killed or self._timed_out
            raise ChildFailed(self._argv[0], status, self.said, over_limit=over_limit)


def _prlimit(limits: Limits) -> list[str]:
    """Soft and hard CPU limits are equal: ffmpeg would treat the soft one as a polite request."""
    return [
        "prlimit",
        f"--cpu={limits.cpu_s}:{limits.cpu_s}",
        f"--data={limits.memory_bytes}",
        f"--as={limits.address_bytes}",
        f"--nofile={limits.open_files}",
        f"--fsize={limits.file_bytes}",
        "--core=0",
        "--",
    ]
