"""What normalising gives: the text to be spoken, what was changed and why, and what is in doubt."""

from dataclasses import dataclass
from typing import Literal

Doubt = Literal["unread", "no_date", "two_ways"]

_SENTENCES: dict[Doubt, tuple[str, str]] = {
    "unread": ("Chưa biết đọc: {text}", "Not read: {text}"),
    "no_date": ("Không phải ngày tháng: {text}", "Not a date: {text}"),
    "two_ways": ("Có thể hiểu hai cách: {text}", "Can be understood in two ways: {text}"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A changed piece: [start, end) of the written text became [spoken_start, spoken_end)."""

    start: int
    end: int
    spoken_start: int
    spoken_end: int
    rule: str


@dataclass(frozen=True, slots=True)
class SpeechWarning:
    """A written piece that a person must look at: an unknown acronym, a doubtful date."""

    doubt: Doubt
    text: str
    start: int
    end: int

    def sentence(self, language: str = "vi") -> str:
        """Return the sentence for people, `vi` or `en`."""
        return _SENTENCES[self.doubt][language == "en"].format(text=self.text)


@dataclass(frozen=True, slots=True)
class Spoken:
    """`text` is what is said for `written`, the given text in Unicode's composed form (NFC).

    Spans are in order and never overlap; outside of them both texts are the same, save for spaces
    put between a changed piece and a letter beside it.
    """

    written: str
    text: str
    spans: tuple[Span, ...]
    warnings: tuple[SpeechWarning, ...]
