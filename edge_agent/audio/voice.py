"""One order while it sounds: its parts laid end to end, its envelope and what it has to tell.

Positions are samples since the order's `start_at`; they follow the clock, never the sources.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from edge_agent.audio.events import (
    AudioEvent,
    OrderFailed,
    OrderFinished,
    OrderStarted,
    PartFailed,
    PartStarted,
    RelayBack,
    RelayFellBack,
)
from edge_agent.audio.feeds import DtmfFeed, Feed, FileFeed, SilenceFeed, SirenFeed, ToneFeed
from edge_agent.audio.pcm import Samples, factor, scaled, silence
from edge_agent.audio.relay import RelayFeed
from edge_agent.audio.sources import (
    DtmfPart,
    FilePart,
    Part,
    PlayOrder,
    RelayPart,
    SilencePart,
    SirenPart,
    TonePart,
    length_ms,
)

JUMP_S = 0.02
NUDGE_S = 0.0005
AHEAD_S = 5.0


@dataclass(slots=True)
class _Span:
    """A part, its place in the order in samples [begin, end), and where its samples come from."""

    part: Part
    begin: int
    end: int
    feed: Feed
    gain: float
    has_started: bool = False
    has_failed: bool = False


class Voice:
    """An order on its way to one output. The player's lock guards it."""

    def __init__(
        self,
        order: PlayOrder,
        tell: Callable[[AudioEvent], None],
        rate: int,
        ramp_ms: int,
        queue_ms: int,
    ) -> None:
        self.order = order
        self.is_over = False
        self._tell, self._rate, self._queue_ms = tell, rate, queue_ms
        self._rise = self._fall = max(1, rate * ramp_ms // 1000)
        self._into = rate * order.into_ms // 1000
        self._spans = self._lay_out()
        self._position: int | None = None
        self._attack_at: int | None = None
        self._sounded = 0
        self._output_gain = 1.0
        self._last = self._length()
        self._reason = "ended"

    @property
    def is_leaving(self) -> bool:
        """Tell whether it was stopped or replaced and only fades out."""
        return self.is_over or self._reason != "ended"

    def prepare(self, now: float) -> None:
        """Start what takes time (check, decode, connect) for the next 5 s. Returns at once."""
        self._prepare_from(self._at(now))

    def move(self, order: PlayOrder) -> bool:
        """Take new instants for the same sound; False when it differs or sounds already."""
        here = replace(order, start_at=self.order.start_at, end_at=self.order.end_at)
        if here != self.order or self._position is not None:
            return False
        self.order = order
        self._last = self._length()
        return True

    def ends_at(self) -> float:
        """Return the monotonic instant at which this order is over."""
        return self.order.start_at + self._last / self._rate

    def end_after(self, samples: int, fade: int, reason: str) -> None:
        """End `samples` from now, the last `fade` of them fading out."""
        here = self._position if self._position is not None else 0
        if here + samples < self._last:
            self._last, self._reason = here + samples, reason
            self._fall = max(1, fade)

    def finish(self, reason: str | None = None) -> None:
        """Say that it is over and give everything back. May be called twice."""
        if self.is_over:
            return
        self.close()
        played_ms = self._sounded * 1000 // self._rate
        self._tell(OrderFinished(self.order.id, played_ms, reason or self._reason))

    def read(self, heard_at: float, sounds_at: float, count: int, gain: float = 1.0) -> Samples:
        """Return `count` samples for the clock place `heard_at`, that sound at `sounds_at`.

        `gain` (a factor) is the output's steady volume; with the order's own it is one pass.

        A small difference between clock and position is closed by dropping or repeating one
        sample; a large one (the device stood still) by a jump.
        """
        self._output_gain = gain
        nudge = self._follow(self._at(heard_at))
        block = self._render(count + nudge, sounds_at)
        if nudge > 0:
            del block[count // 2]
        elif nudge < 0:
            block.append(block[-1])
        if self._position is not None and self._position >= self._last:
            self.finish()
        return block

    def _at(self, instant: float) -> int:
        return round((instant - self.order.start_at) * self._rate)

    def _follow(self, wanted: int) -> int:
        if self._position is None or abs(wanted - self._position) > JUMP_S * self._rate:
            self._position = wanted
            return 0
        behind = wanted - self._position
        if abs(behind) < NUDGE_S * self._rate:
            return 0
        return 1 if behind > 0 else -1

    def _render(self, count: int, sounds_at: float) -> Samples:
        begin = self._position or 0
        end = begin + count
        self._position = end
        block = silence(max(0, min(count, -begin)))
        while len(block) < count:
            block.extend(self._piece(begin + len(block), end, begin, sounds_at))
        return block

    def _piece(self, at: int, end: int, begin: int, sounds_at: float) -> Samples:
        """Return the samples from `at` to the end of the block, of the part or of the order."""
        place = at + self._into
        span = next((s for s in self._spans if s.begin <= place < s.end), None)
        if span is None or at >= self._last:
            return silence(end - at)
        count = min(end, self._last, span.end - self._into) - at
        got = span.feed.read(place - span.begin, count)
        self._prepare_from(at)
        self._report(span, len(got), at, sounds_at + (at - begin) / self._rate)
        return self._shaped(got, at, span.gain * self._output_gain) + silence(count - len(got))

    def _report(self, span: _Span, got: int, at: int, sounds_at: float) -> None:
        if span.feed.error is not None and not span.has_failed:
            span.has_failed = True
            self._report_failure(span)
        if not got:
            self._attack_at = None
            return
        self._sounded += got
        if all(not s.has_started for s in self._spans):
            self._tell(OrderStarted(self.order.id, sounds_at, at * 1000 / self._rate))
        if not span.has_started:
            span.has_started = True
            self._tell(PartStarted(self.order.id, self._spans.index(span), sounds_at))

    def fail(self, reason: str) -> None:
        """Say that it cannot sound and give everything back. May be called twice."""
        if not self.is_over:
            self.close()
            self._tell(OrderFailed(self.order.id, reason))

    def close(self) -> None:
        """Give everything back and say nothing. Never waits; may be called twice."""
        self.is_over = True
        for span in self._spans:
            span.feed.close()

    def _report_failure(self, span: _Span) -> None:
        reason = str(span.feed.error)
        self._tell(PartFailed(self.order.id, self._spans.index(span), reason))
        if all(s.has_failed for s in self._spans):
            self.fail(reason)

    def _shaped(self, block: Samples, at: int, gain: float) -> Samples:
        """Apply the gain and the ramps of start and end to samples that begin at `at`."""
        if not block:
            return block
        if self._attack_at is None:
            self._attack_at = at
        out = array("h")
        for first, last in _pieces(at, at + len(block), self._corners()):
            part = block[first - at : last - at]
            out.extend(scaled(part, gain * self._envelope(first), gain * self._envelope(last)))
        return out

    def _corners(self) -> tuple[int, ...]:
        attack = self._attack_at or 0
        return attack, attack + self._rise, self._last - self._fall

    def _envelope(self, at: int) -> float:
        rise = (at - (self._attack_at or 0)) / self._rise
        fall = (self._last - at) / self._fall
        return max(0.0, min(1.0, rise, fall))

    def _prepare_from(self, at: int) -> None:
        place = at + self._into
        for span in self._spans:
            if span.end <= place:
                span.feed.close()
            elif span.begin - place < AHEAD_S * self._rate:
                span.feed.prepare(max(0, place - span.begin))

    def _length(self) -> int:
        """Return how many samples the order sounds for: its parts, or less by its `end_at`."""
        length = (self._spans[-1].end if self._spans else 0) - self._into
        if self.order.end_at is None:
            return length
        return min(length, round((self.order.end_at - self.order.start_at) * self._rate))

    def _lay_out(self) -> list[_Span]:
        spans: list[_Span] = []
        begin_ms = 0
        for part in self.order.parts:
            end_ms = begin_ms + length_ms(part)
            own_db = part.gain_db if not isinstance(part, SilencePart) else 0.0
            spans.append(
                _Span(
                    part,
                    begin_ms * self._rate // 1000,
                    end_ms * self._rate // 1000,
                    self._feed(part),
                    factor(self.order.gain_db + own_db),
                ),
            )
            begin_ms = end_ms
        return spans

    def _feed(self, part: Part) -> Feed:
        match part:
            case FilePart():
                return FileFeed(part, self._rate, self._queue_ms)
            case RelayPart():
                tell, order = self._tell, self.order.id
                return RelayFeed(
                    part,
                    self._rate,
                    self._queue_ms,
                    lambda reason: tell(RelayFellBack(order, part.url, reason)),
                    lambda: tell(RelayBack(order, part.url)),
                )
            case TonePart():
                return ToneFeed(part.kind, self._rate)
            case SirenPart():
                return SirenFeed(part.pattern, self._rate)
            case DtmfPart():
                return DtmfFeed(part, self._rate)
            case _:
                return SilenceFeed()


def _pieces(begin: int, end: int, corners: tuple[int, ...]) -> list[tuple[int, int]]:
    """Cut [begin, end) at the corners of the envelope, so that each piece is a straight line."""
    cuts = sorted({begin, end, *(c for c in corners if begin < c < end)})
    return list(pairwise(cuts))
