"""From a written text to the one that is spoken: tokens, classes of what they are, words.

Each token is offered to the rules of its kind, in order; the first that understands it says it. No
rule looks further than a bounded number of characters in either direction, so the time is linear
in the length of the text.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from controller.speech.classes import ADDRESSED, Rule, rules_for
from controller.speech.classes.acronyms import Lookup, is_doubtful
from controller.speech.dictionary import Dictionary, layers, shipped
from controller.speech.place import LEFT_CHARACTERS, Place, Reading
from controller.speech.settings import NATIONAL, Settings
from controller.speech.spoken import Doubt, Span, SpeechWarning, Spoken
from controller.speech.tokens import QUIET, folded, token_at

# What joins two pieces is not what the second one goes on from: in `thứ 2-6` that is `2`.
_LINKS = frozenset({"range", "pause", "score", "plus"})
_SENTENCE_STARTS = re.compile(r"(?:^|[^\W\d_A-ZĐ]{3}[.!?…]\s+|\n)\s*$")


def normalise(
    text: str, settings: Settings = NATIONAL, dictionaries: tuple[Dictionary, ...] = ()
) -> Spoken:
    """Return how a text is read aloud; never fails, whatever the text.

    `dictionaries` lie on the shipped one, later ones win: province, commune, one bulletin.
    """
    written = unicodedata.normalize("NFC", text)
    return _Writer(written, folded(written), settings, _lookup(dictionaries)).spoken()


@lru_cache(maxsize=8)  # the texts of one request have the same dictionaries
def _lookup(dictionaries: tuple[Dictionary, ...]) -> Lookup:
    return Lookup(layers(shipped(), *dictionaries) if dictionaries else shipped())


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
        ordinary: set[str] = set()  # words of this text that no rule is about
        while at < end:
            if quiet := QUIET.match(self.text, at):
                at = quiet.end()
                continue
            token = token_at(self.text, at)
            if (
                token in ordinary
                and self.text[at + len(token) : at + len(token) + 1] not in ADDRESSED
            ):
                at += len(token)
                continue
            rules = rules_for(token, self.text, at, self.lookup)
            if rules:
                at = self._ask(rules, token, at)
            else:
                ordinary.add(token)
                at += len(token)
        self._copy(end)
        return Spoken(self.written, "".join(self.pieces), tuple(self.spans), tuple(self.warnings))

    def _ask(self, rules: tuple[Rule, ...], token: str, at: int) -> int:
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
        runs_on = self._runs_on(self.written[self.copied : at][:1])
        between = " " if runs_on and len(gap) == at - self.copied else ""
        return Place(
            text=self.text,
            start=at,
            left=(self.tail + between + gap)[-LEFT_CHARACTERS:],
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
        if self.tail[-1:].isalnum() and spoken[:1].isalnum():
            self._put(" ")
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
        if self._runs_on(piece[:1]):
            self._put(" ")
        self._put(piece)
        self.copied = end

    def _runs_on(self, following: str) -> bool:
        """Say whether a copied piece would run into a spoken one before it."""
        if not (following and self.spans and self.copied == self.spans[-1].end):
            return False
        joined = self.tail[-1:].isalnum() and following.isalnum()
        return joined or unicodedata.combining(following) > 0

    def _put(self, piece: str) -> None:
        if piece:
            self.pieces.append(piece)
            self.length += len(piece)
            self.tail = (self.tail + piece[-LEFT_CHARACTERS:])[-LEFT_CHARACTERS:]

    def _warn(self, doubt: Doubt, start: int, end: int) -> None:
        self.warnings.append(SpeechWarning(doubt, self.written[start:end], start, end))
