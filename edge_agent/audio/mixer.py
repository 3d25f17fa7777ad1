"""The orders of one output, and the next block of sound made of them. Knows no device and no clock.

    prepared --play--> waiting --its instant--> sounding --its end, a stop, the next one--> over

The caller's threads and the writer thread meet here, under one lock that is held for a few
hundred microseconds of arithmetic and never while anything is waited for.
"""

import logging
import threading

from edge_agent.audio.events import AudioEvent
from edge_agent.audio.pcm import Samples, factor, mixed, scaled, silence
from edge_agent.audio.sources import PlayOrder
from edge_agent.audio.voice import Voice

log = logging.getLogger(__name__)


class Mixer:
    """What sounds on an output: silence or one order, two for the length of a ramp."""

    def __init__(
        self,
        rate: int,
        block: int,
        *,
        ramp_ms: int,
        volume_ramp_ms: int,
        queue_ms: int,
        delay_s: float,
    ) -> None:
        self._rate, self._block = rate, block
        self._ramp_ms, self._queue_ms, self._delay_s = ramp_ms, queue_ms, delay_s
        self._ramp = rate * ramp_ms // 1000
        self._volume_ramp = rate * volume_ramp_ms // 1000
        self._lock = threading.Lock()
        self._prepared: dict[str, Voice] = {}
        self._waiting: dict[str, Voice] = {}
        self._sounding: list[Voice] = []
        self._events: list[AudioEvent] = []
        self._gain = self._wanted_gain = 1.0

    def prepare(self, order: PlayOrder, now: float) -> None:
        """Take an order in and get its sources ready; nothing sounds before `play`."""
        with self._lock:
            if not self._has(order):
                self._keep(self._prepared, order, now)

    def play(self, order: PlayOrder, now: float) -> None:
        """Let an order sound from its instant on."""
        with self._lock:
            ready = self._prepared.pop(order.id, None)
            if ready is not None and ready.order == order:
                self._waiting[order.id] = ready
                return
            if ready is not None:
                ready.close()
            if not self._has(order):
                self._keep(self._waiting, order, now)

    def stop_order(self, order_id: str, fade_ms: int) -> None:
        """End an order, fading out. An unknown id is no error."""
        fade = self._rate * fade_ms // 1000
        with self._lock:
            for voices in (self._prepared, self._waiting):
                voice = voices.pop(order_id, None)
                if voice is not None:
                    voice.finish("stopped")
            for voice in self._sounding:
                if voice.order.id == order_id:
                    voice.end_after(fade, fade, "stopped")

    def set_gain(self, db: float) -> None:
        """Set the volume of everything; the next blocks ramp to it."""
        with self._lock:
            self._wanted_gain = factor(db)

    def next_block(self, sounds_at: float) -> Samples:
        """Return the block whose first sample sounds at the monotonic instant `sounds_at`."""
        heard_at = sounds_at - self._delay_s
        with self._lock:
            self._change_over(heard_at)
            before, self._gain = self._gain, self._next_gain()
            gain = before if before == self._gain > 0 else 1.0
            blocks = [self._read(voice, heard_at, sounds_at, gain) for voice in self._sounding]
            self._sounding = [v for v in self._sounding if not v.is_over]
        if not blocks:
            return silence(self._block)
        block = blocks[0]
        for other in blocks[1:]:
            block = mixed(block, other)
        return scaled(block, before / gain, self._gain / gain)

    def tend(self, now: float) -> None:
        """Get ready what comes within seconds."""
        with self._lock:
            for voice in (*self._prepared.values(), *self._waiting.values()):
                voice.prepare(now)

    def end_past(self, now: float) -> None:
        """End what is over by the clock, when no device asks for blocks."""
        with self._lock:
            for voice in (*self._waiting.values(), *self._sounding):
                if voice.ends_at() <= now:
                    voice.finish()
            self._waiting = {k: v for k, v in self._waiting.items() if not v.is_over}
            self._sounding = [v for v in self._sounding if not v.is_over]

    def fade_out(self) -> None:
        """Let everything fade out within the next block."""
        with self._lock:
            for voice in self._sounding:
                voice.end_after(self._block, self._block, "stopped")

    def end_all(self) -> None:
        """End everything now."""
        with self._lock:
            for voice in (*self._waiting.values(), *self._sounding):
                voice.finish("stopped")
            for voice in self._prepared.values():
                voice.close()
            self._prepared, self._waiting, self._sounding = {}, {}, []

    def take_events(self) -> list[AudioEvent]:
        """Return what happened since the last call."""
        with self._lock:
            events, self._events[:] = self._events[:], []
        return events

    def _has(self, order: PlayOrder) -> bool:
        """Tell whether this very order waits, or one with its id sounds and stays."""
        waiting = self._prepared.get(order.id) or self._waiting.get(order.id)
        if waiting is not None and waiting.order == order:
            return True
        return any(v.order.id == order.id and not v.is_leaving for v in self._sounding)

    def _keep(self, voices: dict[str, Voice], order: PlayOrder, now: float) -> None:
        old = voices.get(order.id)
        if old is not None:
            if old.move(order):
                return
            old.close()
        voice = Voice(order, self._events.append, self._rate, self._ramp_ms, self._queue_ms)
        voices[order.id] = voice
        voice.prepare(now)

    def _change_over(self, heard_at: float) -> None:
        """Let the orders whose instant lies before the end of this block take over."""
        block_ends_at = heard_at + self._block / self._rate
        due = [v for v in self._waiting.values() if v.order.start_at < block_ends_at]
        for voice in due:
            del self._waiting[voice.order.id]
            lead = max(0, round((voice.order.start_at - heard_at) * self._rate))
            for old in self._sounding:
                old.end_after(lead + self._ramp, self._ramp, "replaced")
            self._sounding.append(voice)

    def _read(self, voice: Voice, heard_at: float, sounds_at: float, gain: float) -> Samples:
        try:
            return voice.read(heard_at, sounds_at, self._block, gain)
        except Exception as error:  # one broken order must not silence the output
            log.exception("order %s cannot be played", voice.order.id)
            voice.fail(repr(error))
            return silence(self._block)

    def _next_gain(self) -> float:
        step = self._block / max(self._block, self._volume_ramp)
        return self._gain + max(-step, min(step, self._wanted_gain - self._gain))
