"""When the next written frame will sound: the sound device's clock seen from the monotonic clock.

One measurement (now + latency) jitters by the block; the median of the last second does not, and
follows a sound card that is 100 ppm off within 0.1 ms.
"""

from collections import deque
from statistics import median

SLIP_S = 0.015
SLIPS = 4


class Timeline:
    """The instant of every frame written to one opened device. Owned by the writer thread."""

    def __init__(self, rate: int, window: int = 50) -> None:
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

        The slip is 0.0 but when the device lost its place (ran dry, or swallowed frames): four
        measurements in a row more than 15 ms off start the estimate anew.
        """
        offset = now + latency_s - self.frames / self.rate
        if self._offsets and abs(offset - self._offset) > SLIP_S:
            self._strange.append(offset)
            return self._restart() if len(self._strange) >= SLIPS else 0.0
        self._strange.clear()
        self._offsets.append(offset)
        self._offset = median(self._offsets)
        return 0.0

    def next_at(self) -> float:
        """Return the monotonic instant at which the next frame written will sound."""
        return self._offset + self.frames / self.rate

    def _restart(self) -> float:
        fresh = median(self._strange)
        slip = fresh - self._offset
        self._offset = fresh
        self._offsets = deque(self._strange, maxlen=self._offsets.maxlen)
        self._strange.clear()
        return slip
