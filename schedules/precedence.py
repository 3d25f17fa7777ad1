"""The one total order that decides what sounds (docs/design.md, “Who sounds”).

{rung, level, class, origin, start, id}: the first part in which two differ decides. The names of
classes and origins are those of the wire.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schedules.rules import Occurrence


class Rung(StrEnum):
    """The ladder, highest first."""

    ALERT_REAL = "alert_real"
    ALL_CLEAR = "all_clear"
    MICROPHONE = "microphone"  # the local panic microphone, in an emergency
    DRILL = "drill"
    PROGRAMME = "programme"  # live sessions too, with the class of their session
    FALLBACK = "fallback"
    TEST_TONE = "test_tone"
    SILENCE = "silence"


class BroadcastClass(StrEnum):
    """Mức ưu tiên (the scheme of Circular 39/2020), highest first."""

    EMERGENCY = "emergency"
    PRIORITY = "priority"
    NORMAL = "normal"


class Origin(StrEnum):
    """The area level that speaks (nguồn tin), highest first."""

    CENTRAL = "central"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    VILLAGE = "village"


RANK_PARTS = ("rung", "level", "class", "origin", "start", "id")
_PLACE: dict[StrEnum, int] = {
    member: place
    for ladder in (Rung, BroadcastClass, Origin)
    for place, member in enumerate(ladder)
}
_EMERGENCY_RUNGS = frozenset({Rung.ALERT_REAL, Rung.ALL_CLEAR, Rung.MICROPHONE})

RankKey = tuple[int, int, int, int, datetime, str]


@dataclass(frozen=True, slots=True)
class Rank:
    """A place in the total order; `sorted()` puts the winner first.

    `level` is an alert's risk level 0-5 (higher first), 0 for everything else; `start` is the UTC
    start (earlier first) and `id` is unique among what competes (lower first).
    """

    rung: Rung
    level: int
    broadcast_class: BroadcastClass
    origin: Origin
    start: datetime
    id: str

    @property
    def key(self) -> RankKey:
        """What is compared: the smaller key wins."""
        return (
            _PLACE[self.rung],
            -self.level,
            _PLACE[self.broadcast_class],
            _PLACE[self.origin],
            self.start,
            self.id,
        )

    @property
    def is_emergency(self) -> bool:
        """Whether hours and ceilings do not bind it. A drill is never an emergency."""
        return self.rung in _EMERGENCY_RUNGS or (
            self.rung is Rung.PROGRAMME and self.broadcast_class is BroadcastClass.EMERGENCY
        )

    def __lt__(self, other: "Rank") -> bool:
        return self.key < other.key

    def beats(self, other: "Rank") -> bool:
        """Return whether this one sounds while both want to."""
        return self.key < other.key

    def decided_by(self, other: "Rank") -> str:
        """Return the name of the part, one of RANK_PARTS, in which the two first differ."""
        pairs = zip(RANK_PARTS, self.key, other.key, strict=True)
        return next((part for part, mine, theirs in pairs if mine != theirs), RANK_PARTS[-1])


def programme_rank(occurrence: Occurrence, broadcast_class: BroadcastClass, origin: Origin) -> Rank:
    """Return the rank of one occurrence of a scheduled programme."""
    return Rank(Rung.PROGRAMME, 0, broadcast_class, origin, occurrence.start, occurrence.id)
