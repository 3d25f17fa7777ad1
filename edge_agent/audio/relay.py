"""A live stream with a safety net: fallback within 5 s of silence or failure, and back again.

    CONNECTING --samples--> LIVE --3 s without sound, or the stream ends--> FALLBACK
    FALLBACK --back-off over, new stream gives 1 s of sound--> LIVE
    CONNECTING --3 s without samples, or it fails--> FALLBACK

All times are counted in samples read, so the feed needs no clock.
"""

import random
from collections.abc import Callable

from edge_agent.audio.decoder import Decoder, live_stream
from edge_agent.audio.errors import AudioError
from edge_agent.audio.feeds import FileFeed
from edge_agent.audio.pcm import Samples, is_silent, silence
from edge_agent.audio.sources import RelayPart

PATIENCE_S = 3.0
PREFILL_S = 0.5
WELCOME_S = 1.0
CONNECT_S = 10.0
BACKOFF_S, BACKOFF_MOST_S = 2.0, 60.0


class RelayFeed:
    """The stream while it is heard, else its fallback (looped) at its clock place."""

    error: AudioError | None = None

    def __init__(
        self,
        part: RelayPart,
        rate: int,
        queue_ms: int,
        on_fall_back: Callable[[str], None],
        on_back: Callable[[], None],
    ) -> None:
        self._part, self._rate, self._queue_ms = part, rate, queue_ms
        self._on_fall_back, self._on_back = on_fall_back, on_back
        self._fallback = FileFeed(part.fallback, rate, queue_ms) if part.fallback else None
        self._stream: Decoder | None = None
        self._is_live, self._is_filling = True, True
        self._quiet_s, self._waited_s, self._next_try_s = 0.0, 0.0, 0.0
        self._backoff_s = BACKOFF_S

    def prepare(self, at: int) -> None:
        """Connect, and have the fallback ready, in the background."""
        if self._stream is None:
            self._connect()
            if self._fallback is not None:
                self._fallback.prepare(self._looped(at))

    def read(self, at: int, count: int) -> Samples:
        """Return what should sound now; fewer samples when neither source has any."""
        self.prepare(at)
        if self._is_live:
            return self._read_live(at, count)
        self._try_again(count)
        return self._read_fallback(at, count)

    def close(self) -> None:
        """Kill both decoders."""
        for source in (self._stream, self._fallback):
            if source is not None:
                source.close()

    def _read_live(self, at: int, count: int) -> Samples:
        got = self._take(count)
        if len(got) == count and not is_silent(got):
            self._quiet_s = 0.0
            self._backoff_s = BACKOFF_S
            return got
        self._quiet_s += count / self._rate
        reason = self._trouble(len(got) < count)
        if reason is None:
            return got
        self._fall_back(reason)
        return self._read_fallback(at, count)

    def _take(self, count: int) -> Samples:
        """Take from the stream, after a gap only when there is enough to go on with."""
        stream = self._stream
        if stream is None or (self._is_filling and not self._has(stream, PREFILL_S)):
            return silence(0)
        got = stream.take(count)
        self._is_filling = len(got) < count
        return got

    def _has(self, stream: Decoder, seconds: float) -> bool:
        return stream.is_over or stream.queued >= min(seconds, self._queue_ms / 2000) * self._rate

    def _trouble(self, is_short: bool) -> str | None:  # noqa: FBT001 - private, one caller
        stream = self._stream
        if is_short and stream is not None and stream.is_over:
            return "failed" if stream.error else "ended"
        if self._quiet_s >= PATIENCE_S:
            return "stalled" if is_short else "silent"
        return None

    def _fall_back(self, reason: str) -> None:
        self._is_live = False
        self._hang_up()
        self._on_fall_back(reason)

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._waited_s = None, 0.0
        self._next_try_s = self._backoff_s * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        self._backoff_s = min(BACKOFF_MOST_S, self._backoff_s * 2)

    def _try_again(self, count: int) -> None:
        """One step of the return: wait, connect, listen, change over."""
        self._waited_s += count / self._rate
        stream = self._stream
        if stream is None:
            if self._waited_s >= self._next_try_s:
                self._connect()
        elif stream.is_over or self._waited_s > CONNECT_S:
            self._hang_up()
        elif self._has(stream, WELCOME_S):
            self._listen(stream, count)

    def _listen(self, stream: Decoder, count: int) -> None:
        if not is_silent(stream.take(count)):
            self._is_live, self._is_filling, self._quiet_s = True, False, 0.0
            self._on_back()

    def _connect(self) -> None:
        url = self._part.url
        self._stream, self._waited_s = (
            Decoder(lambda: live_stream(url), self._rate, self._queue_ms),
            0.0,
        )
        self._stream.start()

    def _read_fallback(self, at: int, count: int) -> Samples:
        if self._fallback is None:
            return silence(count)
        return self._fallback.read(self._looped(at), count)

    def _looped(self, at: int) -> int:
        fallback = self._part.fallback
        return at % max(1, fallback.duration_ms * self._rate // 1000) if fallback else 0
