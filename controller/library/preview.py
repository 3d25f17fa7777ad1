"""A text before it is spoken: sentence by sentence, written and said side by side.

Pure. Each sentence is exactly what the voice gets, so playing it is hearing what will be aired.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from controller.library.sentences import split_sentences
from controller.speech import Span, SpeechWarning, Spoken


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence; `rule` names what changed it, `doubt` why a person must look."""

    written: str
    spoken: str
    rule: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence: what the voice gets, and the pieces that it came from."""

    number: int
    spoken: str
    pieces: tuple[Piece, ...]

    @property
    def is_changed(self) -> bool:
        """Return whether anything is said otherwise than it is written."""
        return any(piece.rule for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Preview:
    """A whole text: its sentences in order, and what is in doubt, each thing once."""

    lines: tuple[Line, ...]
    warnings: tuple[SpeechWarning, ...]


def preview_of(spoken: Spoken) -> Preview:
    """Lay a normalised text out for people."""
    bounds = _bounds(spoken.text)
    begins = [begin for begin, _ in bounds]
    pieces: list[list[Piece]] = [[] for _ in bounds]
    for at, piece in _pieces(spoken, bounds):
        if bounds:
            number = max(0, bisect_right(begins, at) - 1)
            is_behind = at >= bounds[number][1] and number + 1 < len(bounds)
            pieces[number + is_behind].append(piece)
    lines = (
        Line(number, spoken.text[begin:end], tuple(some))
        for number, ((begin, end), some) in enumerate(zip(bounds, pieces, strict=True), start=1)
    )
    once: dict[tuple[str, str], SpeechWarning] = {}
    for warning in spoken.warnings:
        once.setdefault((warning.doubt, warning.text), warning)
    return Preview(tuple(lines), tuple(once.values()))


def _bounds(text: str) -> list[tuple[int, int]]:
    """Return where each sentence begins and ends in the spoken text."""
    bounds, at = [], 0
    for sentence in split_sentences(text):
        begin = text.index(sentence, at)
        at = begin + len(sentence)
        bounds.append((begin, at))
    return bounds


def _pieces(spoken: Spoken, bounds: list[tuple[int, int]]) -> Iterator[tuple[int, Piece]]:
    """Yield the pieces in order, each with where its spoken part begins."""
    doubts = sorted(spoken.warnings, key=_start)
    end = Span(len(spoken.written), len(spoken.written), len(spoken.text), len(spoken.text), "")
    at, said = 0, 0
    for span in (*spoken.spans, end):
        yield from _alike(spoken, at, span.start, said, bounds, doubts)
        if span.rule:
            written = spoken.written[span.start : span.end]
            words = spoken.text[span.spoken_start : span.spoken_end]
            doubt = next((one.doubt for one in _within(doubts, span.start, span.end)), "")
            yield span.spoken_start, Piece(written, words, span.rule, doubt)
        at, said = span.end, span.spoken_end


def _alike(
    spoken: Spoken,
    begin: int,
    end: int,
    said: int,
    bounds: list[tuple[int, int]],
    doubts: list[SpeechWarning],
) -> Iterator[tuple[int, Piece]]:
    """Yield what is said as it is written, cut where a sentence ends or something is in doubt."""
    if begin == end:
        return
    shift = said - begin + (spoken.text[said : said + 1] != spoken.written[begin])
    for first, last in bounds[max(0, bisect_right(bounds, (begin + shift,)) - 1) :]:
        if first >= end + shift:
            return
        start, stop = max(begin, first - shift), min(end, last - shift)
        for at, until, doubt in _doubtful(start, stop, doubts):
            text = spoken.written[at:until]
            yield at + shift, Piece(text, text, doubt=doubt)


def _doubtful(start: int, stop: int, doubts: list[SpeechWarning]) -> Iterator[tuple[int, int, str]]:
    """Yield [start, stop) in parts: what is in doubt by itself, the rest between."""
    at = start
    for warning in _within(doubts, start, stop):
        if at < warning.start:
            yield at, warning.start, ""
        yield warning.start, min(stop, warning.end), warning.doubt
        at = min(stop, warning.end)
    if at < stop:
        yield at, stop, ""


def _within(doubts: list[SpeechWarning], start: int, stop: int) -> list[SpeechWarning]:
    first, last = (bisect_left(doubts, at, key=_start) for at in (start, stop))
    return doubts[first:last]


def _start(warning: SpeechWarning) -> int:
    return warning.start
