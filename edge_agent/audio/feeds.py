"""Samples of one part, by their place in it: files, tones and silence. The writer thread reads.

Reading never waits. What is not there yet is simply missing from the answer, and is thrown away
when it comes too late, so sound is either at its place on the clock or not at all.
"""

from typing import Protocol

from edge_agent.audio.decoder import Decoder, verified_file
from edge_agent.audio.errors import AudioError, DecoderDied
from edge_agent.audio.pcm import Samples, silence
from edge_agent.audio.sirens import siren
from edge_agent.audio.sources import DtmfPart, FilePart
from edge_agent.audio.tones import dtmf, tone
from wire.pack import SirenPattern

RESTARTS = 2
RESTART_AHEAD_S = 0.2
STUCK_S = 2.0


class Feed(Protocol):
    """The samples of one part."""

    @property
    def error(self) -> AudioError | None:
        """Why this part can never sound (again), or None."""

    def prepare(self, at: int) -> None:
        """Get ready to be read from sample `at` on. Returns at once."""

    def read(self, at: int, count: int) -> Samples:
        """Return the samples from `at` on: `count` of them, or fewer when they are not there."""

    def close(self) -> None:
        """Give everything back. Never waits."""


class SilenceFeed:
    """Nothing, on time."""

    error: AudioError | None = None

    def prepare(self, at: int) -> None:
        """Nothing is needed."""

    def read(self, at: int, count: int) -> Samples:  # noqa: ARG002 - the same everywhere
        """Return silence."""
        return silence(count)

    def close(self) -> None:
        """Nothing is held."""


class ToneFeed(SilenceFeed):
    """A sound made by code."""

    def __init__(self, kind: str, rate: int) -> None:
        self._kind, self._rate = kind, rate

    def read(self, at: int, count: int) -> Samples:
        """Return the tone, always all of it."""
        return tone(self._kind, at, count, self._rate)


class SirenFeed(SilenceFeed):
    """A siren by its pattern."""

    def __init__(self, pattern: SirenPattern, rate: int) -> None:
        self._pattern, self._rate = pattern, rate

    def read(self, at: int, count: int) -> Samples:
        """Return the siren, always all of it."""
        return siren(self._pattern, at, count, self._rate)


class DtmfFeed(SilenceFeed):
    """A call in dual tones."""

    def __init__(self, part: DtmfPart, rate: int) -> None:
        self._part, self._rate = part, rate

    def read(self, at: int, count: int) -> Samples:
        """Return the tones, always all of them."""
        part = self._part
        return dtmf(part.digits, part.tone_ms, part.gap_ms, at, count, self._rate)


class FileFeed:
    """A verified file. A decoder that dies or hangs starts again at the clock's place, twice."""

    def __init__(self, part: FilePart, rate: int, queue_ms: int) -> None:
        self.error: AudioError | None = None
        self._part, self._rate, self._queue_ms = part, rate, queue_ms
        self._end = part.duration_ms * rate // 1000
        self._decoder: Decoder | None = None
        self._restarts = 0
        self._hungry = 0

    def prepare(self, at: int) -> None:
        """Check the file and decode it from `at` on, in the background."""
        if self._decoder is None and self.error is None:
            self._decode_from(at)

    def read(self, at: int, count: int) -> Samples:
        """Return decoded samples; after the end of the file, silence."""
        decoder = self._decoder
        if self.error is not None:
            return silence(0)
        if decoder is None or at < decoder.first - self._rate:
            self._decode_from(at)
            return silence(0)
        got = decoder.take(min(count, self._end - at), at)
        if len(got) == count:
            self._hungry = 0
            return got
        if decoder.is_over and decoder.error is None and not decoder.queued:
            return got + silence(count - len(got))
        self._mend(decoder, at, count)
        return got

    def close(self) -> None:
        """Kill the decoder."""
        if self._decoder is not None:
            self._decoder.close()

    def _decode_from(self, at: int) -> None:
        self.close()
        self._hungry = 0
        part, into_ms = self._part, at * 1000 / self._rate
        self._decoder = Decoder(
            lambda: verified_file(part, into_ms),
            self._rate,
            self._queue_ms,
            first=at,
        )
        self._decoder.start()

    def _mend(self, decoder: Decoder, at: int, count: int) -> None:
        self._hungry += count
        is_stuck = self._hungry > STUCK_S * self._rate
        if decoder.error is None and not is_stuck:
            return
        may_retry = is_stuck or isinstance(decoder.error, DecoderDied)
        if may_retry and self._restarts < RESTARTS:
            self._restarts += 1
            self._decode_from(at + int(RESTART_AHEAD_S * self._rate))
            return
        self.error = decoder.error or DecoderDied(None)
        self.close()
