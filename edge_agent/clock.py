"""The device's idea of the time: the monotonic clock plus an offset learnt from a source.

    none --(sync with own nonce, synchronised kernel, battery clock)--> trusted
    trusted --(1 h without a source)--> holdover --(error > 60 s or 14 days)--> none

The system's wall clock is never read for scheduling, so steps of it do not matter.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from wire.trust import CLOCK_TOLERANCE
from wire.up import ClockState

TRUSTED_FOR_S = 3600.0
HOLDOVER_FOR_S = 14 * 86_400.0
HOLDOVER_ERROR_S = 60.0
WORST_ROUND_TRIP_S = 30.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """At the monotonic instant `mono` it was `at`, give or take `error_s`."""

    mono: float
    at: datetime
    error_s: float
    confirmed_mono: float


class Clock:
    """Tells the time of a monotonic instant. `ppm` is how far the crystal may wander."""

    def __init__(self, ppm: float, floor: datetime | None = None) -> None:
        self._ppm = ppm
        self.floor = floor
        self.anchor: Anchor | None = None

    def state(self, mono: float) -> ClockState:
        """Return the state at a monotonic instant."""
        error_s = self.error_s(mono)
        if self.anchor is None or error_s is None:
            return ClockState.NONE
        age_s = mono - self.anchor.confirmed_mono
        if error_s > HOLDOVER_ERROR_S or age_s > HOLDOVER_FOR_S:
            return ClockState.NONE
        return ClockState.TRUSTED if age_s <= TRUSTED_FOR_S else ClockState.HOLDOVER

    def now(self, mono: float) -> datetime | None:
        """Return the time, or None while it is not known well enough to start anything."""
        if self.anchor is None or self.state(mono) is ClockState.NONE:
            return None
        at = self.anchor.at + timedelta(seconds=mono - self.anchor.mono)
        return None if self._is_past(at) else at

    def best_guess(self, mono: float) -> datetime:
        """Return the time, else the newest signed instant seen: for stamps, never for starting."""
        return self.now(mono) or self.floor or datetime(1970, 1, 1, tzinfo=UTC)

    def mono_of(self, at: datetime) -> float:
        """Return the monotonic instant of a time; only while the time is known."""
        if self.anchor is None:
            raise ValueError("no time is known")
        return self.anchor.mono + (at - self.anchor.at).total_seconds()

    def error_s(self, mono: float) -> float | None:
        """Return how wrong the time may be, in seconds; None when no source was ever seen."""
        if self.anchor is None:
            return None
        return self.anchor.error_s + abs(mono - self.anchor.mono) * self._ppm / 1e6

    def see(self, signed_at: datetime) -> None:
        """Take note of a signed instant: the time is never before the newest."""
        if self.floor is None or signed_at > self.floor:
            self.floor = signed_at

    def learn_sync(
        self, told: datetime, sent_mono: float, received_mono: float, held_s: float = 0.0
    ) -> bool:
        """Take the time from a `sync` that repeats our nonce; whether it was usable.

        The controller held the question for `held_s` and then said `told`; the rest of the round
        trip went to the two ways, so the middle is right to half of it. The better of this and of
        what is known is kept.
        """
        round_trip_s = received_mono - sent_mono
        if not 0 <= round_trip_s <= WORST_ROUND_TRIP_S or self._is_past(told):
            return False
        half_s = (round_trip_s - min(max(held_s, 0.0), round_trip_s)) / 2
        self.see(told)
        self._learn(Anchor(received_mono, told + timedelta(seconds=half_s), half_s, received_mono))
        return True

    def learn_system(self, wall: datetime, mono: float, error_s: float) -> bool:
        """Take the time from a synchronised kernel or a battery clock, unless `sync` disagrees."""
        if self._is_past(wall):
            return False
        known = self.now(mono)
        if known is not None and abs((wall - known).total_seconds()) > HOLDOVER_ERROR_S:
            return False
        self._learn(Anchor(mono, wall, error_s, mono))
        return True

    def resume(self, anchor: Anchor, mono: float) -> None:
        """Go on with the anchor of an earlier run of the agent since the same boot."""
        if anchor.mono <= mono:
            self.anchor = anchor

    def _is_past(self, at: datetime) -> bool:
        """Whether the newest signed instant seen says that it is later than this."""
        return self.floor is not None and at < self.floor - CLOCK_TOLERANCE

    def _learn(self, news: Anchor) -> None:
        held, held_error_s = self.anchor, self.error_s(news.mono)
        if held is None or held_error_s is None or self.state(news.mono) is ClockState.NONE:
            self.anchor = news
            return
        expected = held.at + timedelta(seconds=news.mono - held.mono)
        apart_s = abs((news.at - expected).total_seconds())
        if news.error_s < held_error_s or apart_s > held_error_s + news.error_s:
            self.anchor = news
        else:
            self.anchor = replace(held, confirmed_mono=news.mono)
