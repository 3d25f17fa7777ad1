"""From a written text to the one that is spoken: tokens, classes of what they are, words.

Each token is offered to the rules of its kind, in order; the first that understands it says it. No
rule looks further than a bounded number of characters in either direction, so the time is linear
in the length of the text.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from controller.speech.classes import rules_for
from controller.speech.classes.acronyms import Lookup, is_doubtful
from controller.speech.dictionary import Dictionary, layers, shipped
from controller.speech.place import LEFT_CHARACTERS, Place, Reading
from controller.speech.settings import Settings
from controller.speech.spoken import Doubt, Span, SpeechWarning, Spoken
from controller.speech.tokens import TOKEN, folded

# What joins two pieces is not what the second one goes on from: in `thứ 2-6` that is `2`.
_LINKS = frozenset({"range", "pause", "score", "plus"})
_SENTENCE_STARTS = re.compile(r"(?:^|[.!?…]\s+|\n)\s*$")


def normalise(
    text: str, settings: Settings = Settings(), dictionaries: tuple[Dictionary, ...] = ()
) -> Spoken:
    """Return how a text is read aloud; never fails, whatever the text.

    `dictionaries` lie on the shipped one, later ones win: province, commune, one bulletin.
    """
    found = layers(shipped(), *dictionaries) if dictionaries else shipped()
    written = unicodedata.normalize("NFC", text)
    return _Writer(written, folded(written), settings, Lookup(found)).spoken()


@dataclass(slots=True)
class _Writer:
    """One run over one text: copies what needs no reading, writes what a rule says."""

    written: str
    text: str
    settings: Settings
    lookup: Lookup
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    tail: str = ""
    copied: int = 0
    previous: str = ""
    previous_end: int = -LEFT_CHARACTERS
    spans: list[Span] = field(default_factory=list)
    warnings: list[SpeechWarning] = field(default_factory=list)

    def spoken(self) -> Spoken:
        at, end = 0, len(self.text)
        while at < end:
            token = TOKEN.match(self.text, at)
            if token is None:  # a lone letter-like mark that is no token of its own
                at += 1
                continue
            at = self._token(_of_one_kind(token[0]), at)
        self._copy(end)
        return Spoken(self.written, "".join(self.pieces), tuple(self.spans), tuple(self.warnings))

    def _token(self, token: str, at: int) -> int:
        rules = rules_for(token, self.text, at, self.lookup)
        if not rules:
            return at + len(token)
        place = self._place(at)
        for rule in rules:
            reading = rule(place)
            if reading is not None:
                return self._write(place, reading)
        end = at + len(token)
        if is_doubtful(token, place):
            self._warn("unread", at, end)
        return end

    def _place(self, at: int) -> Place:
        gap = self.text[max(self.copied, at - LEFT_CHARACTERS) : at]
        return Place(
            text=self.text,
            start=at,
            left=(self.tail + gap)[-LEFT_CHARACTERS:],
            previous=self.previous,
            previous_end=self.previous_end,
            settings=self.settings,
        )

    def _write(self, place: Place, reading: Reading) -> int:
        spoken = reading.spoken
        if self.written[place.start : reading.end] == spoken:  # known to be well as it is
            return reading.end
        if _SENTENCE_STARTS.search(place.left):
            spoken = spoken[:1].upper() + spoken[1:]
        self._copy(place.start)
        self._separate(spoken[:1])
        begun = self.length
        self._put(spoken)
        self.spans.append(Span(place.start, reading.end, begun, self.length, reading.rule))
        self.copied = reading.end
        if reading.rule not in _LINKS:
            self.previous, self.previous_end = reading.rule, reading.end
        if reading.doubt is not None:
            self._warn(reading.doubt, place.start, reading.end)
        return reading.end

    def _copy(self, end: int) -> None:
        piece = self.written[self.copied : end]
        if self.spans and self.copied == self.spans[-1].end:
            self._separate(piece[:1])
        self._put(piece)
        self.copied = end

    def _separate(self, following: str) -> None:
        """Put a space where a spoken word would run into a letter beside it."""
        if following and self.tail and self.tail[-1].isalnum() and following.isalnum():
            self._put(" ")

    def _put(self, piece: str) -> None:
        if piece:
            self.pieces.append(piece)
            self.length += len(piece)
            self.tail = (self.tail + piece[-LEFT_CHARACTERS:])[-LEFT_CHARACTERS:]

    def _warn(self, doubt: Doubt, start: int, end: int) -> None:
        self.warnings.append(SpeechWarning(doubt, self.written[start:end], start, end))


def _of_one_kind(token: str) -> str:
    """Cut a word before a character like ² or ①, which is a number to us and a letter to `re`."""
    if token.isalpha() or token.isdecimal() or len(token) == 1:
        return token
    return token[: max(1, next(n for n, one in enumerate(token) if not one.isalpha()))]
