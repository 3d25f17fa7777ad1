"""The device's own voice: espeak-ng speaks an alert's text when its audio did not come.

    speak(text, language) ─> thread ─> espeak-ng (a child of its own) ─> WAV file ─> post(Spoken)

espeak-ng is GPL and runs only as a separate process: bounded in time, processor and output, and its
broken pipe ends it when we are gone. What was spoken is kept under the data folder, or in memory
where that takes no writes, under a name that carries the hash of its bytes.

How to use it: `start`, then `speak` as soon as an alert is accepted; the `Spoken` that comes holds
a part to play, or None and a word for the fault. `Spoken` goes into `events.Event`.
"""

import contextlib
import hashlib
import io
import logging
import math
import os
import queue
import resource
import shutil
import subprocess
import tempfile
import threading
import wave
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.audio.pcm import PEAK
from edge_agent.audio.sources import FilePart

log = logging.getLogger(__name__)

WORDS_A_MINUTE: Final = 150
TIMEOUT_S: Final = 20.0
CPU_S: Final = 20
MOST_BYTES: Final = 16 * 2**20  # six minutes of 22,050 Hz: the longest text of an alert fits
MEMORY_BYTES: Final = 512 * 2**20
FILES_KEPT: Final = 8
LOUDEST_DB, MOST_GAIN_DB = -1.0, 12.0
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only to make a folder of our own in it
WAITING: Final = 16


class VoiceFailed(Exception):
    """The device could not speak; `code` is a word for status and receipts."""

    def __init__(self, code: str, why: str) -> None:
        self.code, self.why = code, why
        super().__init__(f"{code}: {why}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The answer to `speak`: a part to play, or None and the word for why there is none."""

    text: str
    language: str
    part: FilePart | None
    fault: str = ""


class DeviceVoice:
    """Speaks texts one after the other in a thread of its own, and remembers the last few."""

    def __init__(
        self,
        folder: Path,
        post: Callable[[Spoken], None],
        *,
        program: str = "espeak-ng",
        timeout_s: float = TIMEOUT_S,
        in_memory: Path = IN_MEMORY,
    ) -> None:
        self._folder, self._post = folder / "speech", post
        self._program, self._timeout_s, self._in_memory = program, timeout_s, in_memory
        self._spare: Path | None = None
        self._texts: queue.Queue[tuple[str, str] | None] = queue.Queue(WAITING)
        self._voices: tuple[str, ...] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.fault = ""

    def start(self) -> None:
        """Begin to work. May be called twice."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._work, name="voice", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Kill the child, end the thread, leave nothing in memory. May be called twice."""
        thread, self._thread = self._thread, None
        self._stopping.set()
        with contextlib.suppress(queue.Full):
            self._texts.put_nowait(None)
        if child := self._child:
            child.kill()
        if thread is not None:
            thread.join(1.0)
        self._texts = queue.Queue(WAITING)
        spare, self._spare = self._spare, None
        if spare is not None:
            shutil.rmtree(spare, ignore_errors=True)

    def speak(self, text: str, language: str) -> bool:
        """Have a text spoken; `Spoken` is posted later. False when too much waits. Never waits."""
        try:
            self._texts.put_nowait((text, language))
        except queue.Full:
            return False
        return True

    def _work(self) -> None:
        while (asked := self._texts.get()) is not None and not self._stopping.is_set():
            spoken = self._answer(*asked)
            if not self._stopping.is_set():
                self._post(spoken)

    def _answer(self, text: str, language: str) -> Spoken:
        try:
            part = self._part(text, language)
        except VoiceFailed as error:
            self.fault = error.code
            log.warning("the device cannot speak: %s", error)
            return Spoken(text, language, None, error.code)
        except Exception as error:
            self.fault = "bug"
            log.exception("speaking failed")
            return Spoken(text, language, None, f"bug {type(error).__name__}")
        self.fault = ""
        return Spoken(text, language, part)

    def _part(self, text: str, language: str) -> FilePart:
        voice = self._voice(language)
        key = _key(voice, text)
        for folder in self._folders():
            if kept := _kept(folder, key):
                return kept
        wav = whole_wav(self._run(["-v", voice, *_MANNER], plain(text)))
        return self._keep(key, wav)

    def _voice(self, language: str) -> str:
        if self._voices is None:
            said = self._run(["--voices"], b"").decode("utf-8", "replace")
            self._voices = tuple(line.split()[1] for line in said.splitlines()[1:])
        name = voice_for(language, self._voices)
        if name is None:
            raise VoiceFailed("no_voice", language)
        return name

    def _run(self, arguments: list[str], said: bytes) -> bytes:
        """Return what espeak-ng writes, at most 16 MB. Raises VoiceFailed."""
        child = self._spawn(arguments)
        watch = threading.Timer(self._timeout_s, child.kill)
        watch.start()
        try:
            with child, contextlib.suppress(BrokenPipeError):
                assert child.stdin and child.stdout  # noqa: S101, PT018 - pipes; tells mypy
                child.stdin.write(said)
                child.stdin.close()
                out = child.stdout.read(MOST_BYTES + 1)
                if len(out) > MOST_BYTES:
                    child.kill()
        finally:
            was_in_time = watch.is_alive()
            watch.cancel()
            self._child = None
        if child.returncode != 0 or not out:
            code = "speech_failed" if was_in_time else "speech_timeout"
            raise VoiceFailed(code, f"{self._program} ended with {child.returncode}")
        return out

    def _spawn(self, arguments: list[str]) -> "subprocess.Popen[bytes]":
        try:
            self._child = child = subprocess.Popen(
                [self._program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # It greets a sound server, and would start one, even when it writes to a pipe.
                env={**os.environ, "PULSE_SERVER": "unix:/nonexistent"},
                process_group=0,
            )
        except OSError as error:
            raise VoiceFailed("no_espeak", str(error)) from error
        limits = ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_S))
        with contextlib.suppress(ProcessLookupError):
            for which, limit in limits:
                resource.prlimit(child.pid, which, (limit, limit))
        if self._stopping.is_set():
            child.kill()
        return child

    def _folders(self) -> tuple[Path, ...]:
        return (self._folder, self._spare) if self._spare else (self._folder,)

    def _keep(self, key: str, wav: bytes) -> FilePart:
        sha256 = hashlib.sha256(wav).hexdigest()
        try:
            path = _write(self._folder, f"{key}.{sha256}.wav", wav)
        except OSError as error:
            log.debug("speech is kept in memory: %s", error)
            try:
                path = _write(self._memory_folder(), f"{key}.{sha256}.wav", wav)
            except OSError as worse:
                raise VoiceFailed("storage", str(worse)) from worse
        return _part_of(path, wav)

    def _memory_folder(self) -> Path:
        if self._spare is None:
            where = self._in_memory if os.access(self._in_memory, os.W_OK) else None
            self._spare = Path(tempfile.mkdtemp(prefix="truyenthanh-", dir=where))
        return self._spare


_MANNER: Final = ["-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]


def voice_for(language: str, voices: tuple[str, ...]) -> str | None:
    """Return the voice of a language: the very one, of the language at large, or of a region."""
    wanted, at_large = language.lower(), language.partition("-")[0]
    regions = (voice for voice in voices if voice.startswith(f"{at_large}-"))
    return next((name for name in (wanted, at_large) if name in voices), next(regions, None))


def plain(text: str) -> bytes:
    """Keep what can be read aloud: no control characters, none of espeak-ng's [[phonemes]]."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.replace("[[", "[ [").split()).encode()


def whole_wav(stream: bytes) -> bytes:
    """Return espeak-ng's output with true lengths in its header. Raises VoiceFailed.

    It writes the header before it knows how long it will speak.
    """
    out = io.BytesIO()
    try:
        with wave.open(io.BytesIO(stream)) as said, wave.open(out, "wb") as whole:
            frames = said.readframes(said.getnframes())
            whole.setparams(said.getparams()._replace(nframes=0))
            whole.writeframes(frames)
    except (wave.Error, EOFError) as error:
        raise VoiceFailed("speech_failed", str(error)) from error
    if not frames:
        raise VoiceFailed("speech_failed", "nothing to say")
    return out.getvalue()


def _part_of(path: Path, wav: bytes) -> FilePart:
    """Return the part to play, raised so that its loudest sample is 1 dB below full scale."""
    with wave.open(io.BytesIO(wav)) as said:
        count, rate = said.getnframes(), said.getframerate()
        samples = array("h", said.readframes(count))
    loudest = max(1, max(samples), -min(samples))  # noqa: PLW3301 - it would unpack the samples
    gain_db = min(MOST_GAIN_DB, LOUDEST_DB - 20 * math.log10(loudest / PEAK))
    sha256 = hashlib.sha256(wav).hexdigest()
    return FilePart(path, sha256, count * 1000 // rate, gain_db=round(gain_db, 1))


def _kept(folder: Path, key: str) -> FilePart | None:
    """Return what was spoken before, if its bytes are those that its name promises."""
    for path in folder.glob(f"{key}.*.wav"):
        try:
            wav = path.read_bytes()
            if hashlib.sha256(wav).hexdigest() == path.name.split(".")[1]:
                return _part_of(path, wav)
        except (OSError, wave.Error, EOFError) as error:
            log.debug("kept speech cannot be read: %s", error)
    return None


def _write(folder: Path, name: str, wav: bytes) -> Path:
    """Write a whole file and forget the oldest others. Raises OSError, leaving no half file."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, half = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(wav)
        Path(half).replace(folder / name)
    except OSError:
        Path(half).unlink(missing_ok=True)
        raise
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in files[FILES_KEPT:]:
        old.unlink(missing_ok=True)
    return folder / name


def _key(voice: str, text: str) -> str:
    return hashlib.sha256(f"{voice}\0{WORDS_A_MINUTE}\0{text}".encode()).hexdigest()[:32]
