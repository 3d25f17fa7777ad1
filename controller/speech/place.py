"""What a rule sees of a text, and what it answers."""

import re
from dataclasses import dataclass, field

from controller.speech.settings import Settings
from controller.speech.spoken import Doubt

LEFT_CHARACTERS = 80  # how far back a rule may look; bounded, so that the time stays linear


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule's answer: the text up to `end` is said as `spoken`; the rule names itself."""

    end: int
    spoken: str
    rule: str
    doubt: Doubt | None = None


@dataclass(slots=True)
class Place:
    """One place in a text: `text[start:]` is written, `left` is the end of what is spoken so far.

    Rules look back at *spoken* words and forward at *written* ones: so a text that was read
    once is not read differently the second time. `previous` names the rule that read what
    ended at `previous_end`.
    """

    text: str
    start: int
    left: str
    previous: str
    previous_end: int
    settings: Settings
    words: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.words = tuple(self.left.lower().split())

    @property
    def last(self) -> str:
        """Return the last word before this place, in small letters, punctuation attached."""
        return self.words[-1] if self.words else ""

    def follows(self, phrases: frozenset[str], most_words: int = 3) -> bool:
        """Say whether one of some phrases of 1 to `most_words` words stands right before."""
        tail = self.words[-most_words:]
        return any(" ".join(tail[n:]) in phrases for n in range(len(tail)))

    @property
    def is_free(self) -> bool:
        """Say whether no letter stands right before; a digit does no harm, it is read by itself."""
        return self.start == 0 or not self.text[self.start - 1].isalpha()

    @property
    def gap(self) -> str:
        """Return what is written between the last read piece and this place."""
        return self.text[self.previous_end : self.start]

    def goes_on(self, *rules: str, gaps: str = r"\s*(?:,|và|hoặc|hay|đến|-|–)?\s*") -> bool:
        """Say whether this place goes on with a list or range that some rule began."""
        return (
            self.previous in rules
            and self.start - self.previous_end <= 10
            and re.fullmatch(gaps, self.gap) is not None
        )

    @property
    def begins_line(self) -> bool:
        """Say whether nothing but space stands before this place in its line."""
        return not self.left.rpartition("\n")[2].strip()


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set: how rules keep their lists of words."""
    return frozenset(text.split())
