"""One output: what the mixer gives, handed to the sound device without a gap.

    caller --> mixer --writer thread--> driver
                           ^ watch thread: tells when the writer is stuck

The device is kept open and fed with silence: its clock is then known when an order must start, and
an alert waits only for what the buffer holds. Nobody waits for the device with a lock held.
"""

import contextlib
import logging
import os
import random
import threading
import time
from collections.abc import Callable

from edge_agent.audio.errors import DeviceFailed
from edge_agent.audio.events import AudioEvent, DriverBack, DriverLost, Underrun
from edge_agent.audio.mixer import Mixer
from edge_agent.audio.outputs import OutputDriver
from edge_agent.audio.pcm import Samples, on_channel, silence
from edge_agent.audio.sources import PlayOrder
from edge_agent.audio.timeline import Timeline

log = logging.getLogger(__name__)

BLOCK_MS_LEAST, BLOCK_MS_MOST = 10, 30
SETTLE_BLOCKS = 5
SETTLE_S = 3.0
STUCK_S = 2.0
WATCH_S = 0.25
STOP_S = 0.8
NICE = -11
BACKOFF_S, BACKOFF_MOST_S = 0.5, 10.0


class OutputPlayer:
    """Plays one order at a time on one output; the caller decides which.

    `on_event` is called from the player's own threads and must return at once (put it in a queue).
    Orders begin and end with `ramp_ms`, just enough not to click.
    No method waits for the sound device but `stop`, which waits at most 1 s. A stopped player is
    not started again: make a new one, with a new driver.
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
        volume_ramp_ms: int = 10,
        queue_ms: int = 2000,
        buffer_ms: int = 60,
        delay_ms: int = 0,
    ) -> None:
        self.output_id = output_id
        self._driver, self._on_event, self._monotonic = driver, on_event, monotonic
        self._rate, self._channels, self._channel = rate, channels, channel
        self._buffer_ms = buffer_ms
        block_ms = max(BLOCK_MS_LEAST, min(BLOCK_MS_MOST, buffer_ms // 2))
        self._block = rate * block_ms // 1000
        self._mixer = Mixer(
            rate,
            self._block,
            ramp_ms=ramp_ms,
            volume_ramp_ms=volume_ramp_ms,
            queue_ms=queue_ms,
            delay_s=delay_ms / 1000,
        )
        self._timeline = Timeline(rate)
        self._underruns = 0
        self._lost_at: float | None = None
        self._loss, self._telling = threading.Lock(), threading.Lock()
        self._progress = monotonic()
        self._stopping = threading.Event()
        self._is_left_behind = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Open the device in the background and feed it. May be called twice."""
        if self._threads:
            return
        self._progress = self._monotonic()
        for work in (self._write, self._watch):
            name = f"audio-{self.output_id}{work.__name__}"
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Fade out, end every order and release the device; at most 1 s. May be called twice.

        A writer held by a frozen sound server is left behind: it tells nothing any more, ends
        by itself when the server answers, and does not keep the process alive.
        """
        self._stopping.set()
        deadline = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._mixer.end_all()
        self._tell_orders()
        if any(thread.is_alive() for thread in self._threads):
            self._is_left_behind = True
            log.warning("%s: the sound device holds its writer; left behind", self.output_id)

    def prepare(self, order: PlayOrder) -> None:
        """Check, decode or connect ahead, so that the first sample is exact.

        May be called any time before; work begins 5 s before each part. Again with an equal
        order: nothing; with a changed one: the new one holds.
        """
        self._mixer.prepare(order, self._monotonic())

    def play(self, order: PlayOrder) -> None:
        """Sound an order from its `start_at` on, in place of what sounds then.

        In the past: at once, from the clock's place. Again with the id of an order that waits or
        sounds: nothing, but an order that only waits takes a changed content or instant.
        """
        self._mixer.play(order, self._monotonic())

    def stop_order(self, order_id: str, fade_ms: int = 10) -> None:
        """End an order, fading out over `fade_ms`. An unknown id is no error."""
        self._mixer.stop_order(order_id, fade_ms)

    def set_gain(self, db: float) -> None:
        """Set the output's volume; the change is ramped over `volume_ramp_ms`."""
        self._mixer.set_gain(db)

    def progress(self) -> float:
        """Return when the writer last got something done (monotonic): frames taken, or a try."""
        return self._progress

    # The writer thread.

    def _write(self) -> None:
        _hurry()
        backoff_s = BACKOFF_S
        while not self._stopping.is_set():
            opened_at = self._monotonic()
            try:
                self._feed_device()
            except DeviceFailed as error:
                self._lose(str(error))
            except Exception as error:  # a bug here must be seen, and must not silence the output
                log.exception("%s: the writer failed", self.output_id)
                self._lose(repr(error))
            finally:
                self._driver.close()
            self._progress = self._monotonic()
            lived_s = self._progress - opened_at
            backoff_s = (
                BACKOFF_S if lived_s > BACKOFF_MOST_S else min(BACKOFF_MOST_S, backoff_s * 2)
            )
            self._stopping.wait(backoff_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    def _feed_device(self) -> None:
        """Open the device and feed it until it fails or the player stops."""
        self._driver.open(self._rate, self._channels, self._buffer_ms)
        self._timeline = Timeline(self._rate)
        for _ in range(SETTLE_BLOCKS):
            self._hand_over(silence(self._block))
        while not self._stopping.is_set():
            self._hand_over(self._mixer.next_block(self._timeline.next_at()))
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
        if slip_s > 0 and self._timeline.frames > SETTLE_S * self._rate:
            self._underruns += 1
            self._tell(Underrun(self._underruns))
        self._regain(now)
        self._tell_orders()

    def _fade_out(self) -> None:
        """Fade within a block, then push it through the buffer with silence."""
        self._mixer.fade_out()
        for _ in range(2 + self._rate * self._buffer_ms // 1000 // self._block):
            self._hand_over(self._mixer.next_block(self._timeline.next_at()))

    # Loss and return of the device.

    def _watch(self) -> None:
        """Say so when the writer is stuck; get ready what comes; end what is past meanwhile."""
        while not self._stopping.wait(WATCH_S):
            now = self._monotonic()
            if now - self._progress > STUCK_S and self._lost_at is None:
                self._lose("không trả lời / does not answer")
            self._mixer.tend(now)
            if self._lost_at is not None:
                self._mixer.end_past(now)
            self._tell_orders()

    def _lose(self, reason: str) -> None:
        with self._loss:
            if self._lost_at is not None:
                return
            self._lost_at = self._monotonic()
        log.warning("%s: sound device lost: %s; trying again", self.output_id, reason)
        self._tell(DriverLost(reason))

    def _regain(self, now: float) -> None:
        with self._loss:
            lost_at, self._lost_at = self._lost_at, None
        if lost_at is not None:
            log.info("%s: sound device back after %.1f s", self.output_id, now - lost_at)
            self._tell(DriverBack(now - lost_at))

    def _tell_orders(self) -> None:
        with self._telling:  # so that they arrive in the order in which they happened
            for event in self._mixer.take_events():
                self._tell(event)

    def _tell(self, event: AudioEvent) -> None:
        if not self._is_left_behind:
            self._on_event(event)


def _hurry() -> None:
    """Let this thread go before others, as sound servers do; without the right to it, go on."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
