"""The counts of an alert as a bar: states in order, their share, and a word for all of it."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from zlib import crc32

from controller.emergencies.progress import AreaProgress, Counts, Shown

ORDER = (
    Shown.SOUNDING,
    Shown.FINISHED,
    Shown.RECEIVED,
    Shown.WAITING,
    Shown.FAILED,
    Shown.NOT_REACHED,
)


@dataclass(frozen=True, slots=True)
class Bar:
    """What one person sees of an alert: the clusters of their own areas."""

    counts: Counts
    areas: tuple[AreaProgress, ...]

    @property
    def by_state(self) -> tuple[tuple[str, int], ...]:
        """Return every state with its count, in order."""
        return tuple((state.value, getattr(self.counts, state)) for state in ORDER)

    @property
    def silent(self) -> int:
        """Return at how many clusters somebody must be called."""
        return self.counts.failed + self.counts.not_reached

    @property
    def version(self) -> str:
        """Return a word that changes when a count of an area does."""
        numbers = (str(getattr(area.counts, state)) for area in self.areas for state in ORDER)
        return f"{crc32('.'.join(numbers).encode()):x}"

    @property
    def segments(self) -> tuple[tuple[str, float, float], ...]:
        """Return state, left and width in percent of each part of the bar that is not empty."""
        found, left = list[tuple[str, float, float]](), 0.0
        for state, count in self.by_state:
            width = 100 * count / max(1, self.counts.total)
            if count:
                found.append((state, round(left, 3), round(width, 3)))
            left += width
        return tuple(found)


def bar_of(areas: Iterable[AreaProgress], seen: Set[str] | None) -> Bar:
    """Return the bar of the areas that a person sees; None sees all."""
    mine = tuple(one for one in areas if seen is None or one.area_id in seen)
    sums = {state: sum(getattr(one.counts, state) for one in mine) for state in Shown}
    return Bar(Counts(**{state.value: count for state, count in sums.items()}), mine)
