"""When the next written frame will sound: the sound device's clock seen from the monotonic clock.

A measurement (now + latency) can only come too late, by as much as the writer was kept waiting for
a processor: the earliest tenth of the last two seconds is the truth. It follows a sound card that
is 100 ppm off within 0.2 ms.
"""

from collections import deque

SLIP_S = 0.005
SLIPS = 10
CLEAN_SLIPS, CLEAN_S = 4, 0.001
TENTH = 10


class Timeline:
    """The instant of every frame written to one opened device. Owned by the writer thread."""

    def __init__(self, rate: int, window: int = 100) -> None:
        self.rate = rate
        self.frames = 0
        self._offsets: deque[float] = deque(maxlen=window)
        self._offset = 0.0
        self._strange: list[float] = []

    def wrote(self, frames: int) -> None:
        """Count frames that the device has taken."""
        self.frames += frames

    def measure(self, now: float, latency_s: float) -> float:
        """Take in that a frame written at `now` sounds after `latency_s`; return the slip in s.

        The slip is 0.0 but when the device lost its place (ran dry, or swallowed frames): ten
        measurements in a row more than 5 ms off start the estimate anew, or four that agree within
        1 ms (lateness of the writer differs each time).
        """
        offset = now + latency_s - self.frames / self.rate
        if self._offsets and abs(offset - self._offset) > SLIP_S:
            self._strange.append(offset)
            fresh = self._believable()
            return self._restart(fresh) if fresh else 0.0
        self._strange.clear()
        self._offsets.append(offset)
        self._offset = _earliest_tenth(self._offsets)
        return 0.0

    def next_at(self) -> float:
        """Return the monotonic instant at which the next frame written will sound."""
        return self._offset + self.frames / self.rate

    def _believable(self) -> list[float]:
        """Return the strange measurements to begin anew with; none while they may be lateness."""
        last = self._strange[-CLEAN_SLIPS:]
        if len(last) == CLEAN_SLIPS and max(last) - min(last) < CLEAN_S:
            return last
        return self._strange if len(self._strange) >= SLIPS else []

    def _restart(self, fresh: list[float]) -> float:
        slip = min(fresh) - self._offset
        self._offset = min(fresh)
        self._offsets = deque(fresh, maxlen=self._offsets.maxlen)
        self._strange.clear()
        return slip


def _earliest_tenth(offsets: deque[float]) -> float:
    return sorted(offsets)[len(offsets) // TENTH]
