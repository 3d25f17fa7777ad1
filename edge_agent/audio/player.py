"""One output: silence, or the order that sounds now, handed to the sound device without a gap.

    caller --lock--> orders --writer thread--> driver
                                  ^ watch thread: says when the writer is stuck

The device is kept open and fed with silence: its clock is then known when an order must start, and
an alert waits only for what the buffer holds. Nobody waits for the device with the lock held.
"""

import logging
import random
import threading
import time
from collections.abc import Callable

from edge_agent.audio.errors import DeviceFailed, DeviceMissing
from edge_agent.audio.events import AudioEvent, DriverBack, DriverLost, Underrun
from edge_agent.audio.outputs import OutputDriver
from edge_agent.audio.pcm import Samples, factor, mixed, on_channel, scaled, silence
from edge_agent.audio.sources import PlayOrder
from edge_agent.audio.timeline import Timeline
from edge_agent.audio.voice import Voice

log = logging.getLogger(__name__)

BLOCK_MS = 20
SETTLE_BLOCKS = 5
STUCK_S = 2.0
WATCH_S = 0.25
STOP_S = 0.8
BACKOFF_S, BACKOFF_MOST_S = 0.5, 10.0


class OutputPlayer:
    """Plays one order at a time on one output; the caller decides which.

    `on_event` is called from the player's own threads and must return at once (put it in a queue).
    No method waits for the sound device; `stop` waits at most one second.
    """

    def __init__(
        self,
        output_id: str,
        driver: OutputDriver,
        on_event: Callable[[AudioEvent], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        rate: int = 48_000,
        channels: int = 1,
        channel: int | None = None,
        ramp_ms: int = 10,
        queue_ms: int = 2000,
        buffer_ms: int = 60,
        delay_ms: int = 0,
    ) -> None:
        self.output_id = output_id
        self._driver, self._on_event, self._monotonic = driver, on_event, monotonic
        self._rate, self._channels, self._channel = rate, channels, channel
        self._ramp_ms, self._queue_ms, self._buffer_ms = ramp_ms, queue_ms, buffer_ms
        self._delay_s = delay_ms / 1000
        self._block = rate * BLOCK_MS // 1000
        self._lock = threading.Lock()
        self._prepared: dict[str, Voice] = {}
        self._waiting: dict[str, Voice] = {}
        self._sounding: list[Voice] = []
        self._events: list[AudioEvent] = []
        self._gain = self._wanted_gain = 1.0
        self._timeline = Timeline(rate)
        self._underruns = 0
        self._lost_at: float | None = None
        self._progress = monotonic()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Open the device in the background and feed it. May be called twice."""
        if self._threads:
            return
        self._stopping.clear()
        self._progress = self._monotonic()
        for work in (self._write, self._watch):
            name = f"audio-{self.output_id}-{work.__name__.strip('_')}"
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Fade out, end every order and release the device; at most 1 s. May be called twice.

        A writer held by a frozen sound server is left behind: it ends by itself and touches
        nothing, and it does not keep the process alive.
        """
        self._stopping.set()
        deadline = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                log.warning("%s: the sound device holds its writer; left behind", self.output_id)
        self._threads.clear()
        with self._lock:
            for voice in self._all():
                voice.finish("stopped")
        self._tell_all()

    def prepare(self, order: PlayOrder) -> None:
        """Check, decode or connect ahead, so that the first sample is exact. Idempotent by id."""
        with self._lock:
            if self._find(order.id) is None:
                self._prepared[order.id] = self._voice(order)

    def play(self, order: PlayOrder) -> None:
        """Sound an order from its `start_at` on, in place of what sounds then. Idempotent by id.

        In the past: at once, from the clock's place. An order that waits already is replaced by
        one with an earlier or equal start only when that one ends after it begins.
        """
        with self._lock:
            voice = self._prepared.pop(order.id, None)
            if voice is None and self._find(order.id) is None:
                voice = self._voice(order)
            if voice is not None:
                self._waiting[order.id] = voice

    def stop_order(self, order_id: str, fade_ms: int = 10) -> None:
        """End an order, fading out over `fade_ms`. An unknown id is no error."""
        fade = self._rate * fade_ms // 1000
        with self._lock:
            for voices in (self._prepared, self._waiting):
                voice = voices.pop(order_id, None)
                if voice is not None:
                    voice.finish("stopped")
            for voice in self._sounding:
                if voice.order.id == order_id:
                    voice.end_after(fade, fade, "stopped")
        self._tell_all()

    def set_gain(self, db: float) -> None:
        """Set the output's volume; the change is ramped over `ramp_ms`."""
        with self._lock:
            self._wanted_gain = factor(db)

    def progress(self) -> float:
        """Return when the writer last got something done (monotonic): frames taken, or a try."""
        return self._progress

    def _voice(self, order: PlayOrder) -> Voice:
        voice = Voice(order, self._events.append, self._rate, self._ramp_ms, self._queue_ms)
        voice.prepare(self._monotonic())
        return voice

    def _find(self, order_id: str) -> Voice | None:
        return next((v for v in self._all() if v.order.id == order_id), None)

    def _all(self) -> list[Voice]:
        waiting = [*self._prepared.values(), *self._waiting.values()]
        return [v for v in (*waiting, *self._sounding) if not v.is_over]

    def _tell_all(self) -> None:
        with self._lock:
            events, self._events[:] = self._events[:], []
        for event in events:
            self._on_event(event)

    # The writer thread.

    def _write(self) -> None:
        backoff_s = BACKOFF_S
        while not self._stopping.is_set():
            try:
                self._feed_device()
                backoff_s = BACKOFF_S
            except (DeviceFailed, DeviceMissing) as error:
                self._lose(str(error))
            finally:
                self._driver.close()
            self._progress = self._monotonic()
            self._stopping.wait(backoff_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            backoff_s = min(BACKOFF_MOST_S, backoff_s * 2)

    def _feed_device(self) -> None:
        """Open the device and feed it until it fails or the player stops."""
        self._driver.open(self._rate, self._channels, self._buffer_ms)
        self._timeline = Timeline(self._rate)
        for _ in range(SETTLE_BLOCKS):
            self._hand_over(silence(self._block))
        while not self._stopping.is_set():
            self._hand_over(self._next_block())
        self._fade_out()

    def _hand_over(self, block: Samples) -> None:
        began = self._monotonic()
        self._driver.write(on_channel(block, self._channels, self._channel))
        self._timeline.wrote(len(block))
        now = self._monotonic()
        self._progress = now
        if now - began > STUCK_S:
            self._timeline = Timeline(self._rate)
        slip_s = self._timeline.measure(now, self._driver.latency_s)
        self._regain(now)
        if slip_s > 0:
            self._underruns += 1
            self._on_event(Underrun(self._underruns))
        self._tell_all()

    def _next_block(self) -> Samples:
        sounds_at = self._timeline.next_at()
        heard_at = sounds_at - self._delay_s
        with self._lock:
            self._change_over(heard_at)
            blocks = [v.read(heard_at, sounds_at, self._block) for v in self._sounding]
            self._sounding = [v for v in self._sounding if not v.is_over]
            before, self._gain = self._gain, self._next_gain()
        block = silence(self._block)
        for number, voice_block in enumerate(blocks):
            block = mixed(block, voice_block) if number else voice_block
        return scaled(block, before, self._gain) if blocks else block

    def _change_over(self, heard_at: float) -> None:
        """Let the orders whose instant lies in this block take over from what sounds."""
        block_ends_at = heard_at + self._block / self._rate
        due = [v for v in self._waiting.values() if v.order.start_at < block_ends_at]
        for voice in sorted(due, key=lambda v: v.order.start_at):
            del self._waiting[voice.order.id]
            ramp = self._rate * self._ramp_ms // 1000
            lead = max(0, round((voice.order.start_at - heard_at) * self._rate))
            for old in self._sounding:
                old.end_after(lead + ramp, ramp, "replaced")
            self._sounding.append(voice)

    def _next_gain(self) -> float:
        step = BLOCK_MS / max(BLOCK_MS, self._ramp_ms)
        return self._gain + max(-step, min(step, self._wanted_gain - self._gain))

    def _fade_out(self) -> None:
        with self._lock:
            for voice in self._sounding:
                voice.end_after(self._block, self._block, "stopped")
        for _ in range(2):
            self._hand_over(self._next_block())
        time.sleep(min(0.2, self._driver.latency_s))

    # Loss and return of the device.

    def _lose(self, reason: str) -> None:
        with self._lock:
            is_news = self._lost_at is None
            self._lost_at = self._lost_at or self._monotonic()
        if is_news:
            log.warning("%s: sound device lost: %s; trying again", self.output_id, reason)
            self._on_event(DriverLost(reason))

    def _regain(self, now: float) -> None:
        with self._lock:
            lost_at, self._lost_at = self._lost_at, None
        if lost_at is not None:
            log.info("%s: sound device back after %.1f s", self.output_id, now - lost_at)
            self._on_event(DriverBack(now - lost_at))

    def _watch(self) -> None:
        """Say so when the writer is stuck, and end orders whose time passes meanwhile."""
        while not self._stopping.wait(WATCH_S):
            now = self._monotonic()
            if self._lost_at is None and now - self._progress > STUCK_S:
                self._lose("write stalled")
            if self._lost_at is not None:
                self._end_what_is_past(now - self._delay_s)

    def _end_what_is_past(self, now: float) -> None:
        with self._lock:
            for voice in self._all():
                if voice.ends_at() <= now:
                    voice.finish("ended")
            self._waiting = {k: v for k, v in self._waiting.items() if not v.is_over}
            self._sounding = [v for v in self._sounding if not v.is_over]
        self._tell_all()
