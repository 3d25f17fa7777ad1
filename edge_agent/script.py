"""What one round of an alert sounds like: attention, then the words as often as asked. Pure.

    call | attention | words vi, words rad | gap | words vi, words rad | gap ...

It is written anew whenever more is at hand: what was played is kept, what comes takes the best
there is. Words that cannot be said are attention in their stead, so that it is never silent.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from edge_agent.audio.sources import Part, SilencePart, TonePart, length_ms

SIREN: Final = "siren"
"""The source of words for which there is nothing but attention."""
LONGEST_GAP_MS: Final = 30_000
QUIET_MS: Final = 8_000
REMINDER: Final = TonePart("chime", 1200, gain_db=-18.0)
BREATH: Final = SilencePart(600)
ON_ITS_WAY_MS: Final = 300
"""What begins sooner than this is with the player already."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language: `source` is their SHA-256, `device_voice`, `pack` or `siren`."""

    parts: tuple[Part, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Form:
    """What stays the same in a round: `call_ms` for calling receivers, attention, repetitions."""

    call_ms: int
    attention_ms: int
    count: int
    gap_ms: int
    attention: Callable[[int], tuple[Part, ...]]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a round from `begin_ms` on; `step` is its number among what has to sound."""

    begin_ms: int
    step: int
    parts: tuple[Part, ...]
    source: str = ""

    @property
    def end_ms(self) -> int:
        """Where the next one begins."""
        return self.begin_ms + sum(map(length_ms, self.parts))


Script = tuple[Passage, ...]


def write(form: Form, words: tuple[Words, ...], kept: Script, limit_ms: int) -> Script:
    """Return the round: what is kept, then all that is still to come before `limit_ms`."""
    script = list(kept)
    at_ms, first = (kept[-1].end_ms, kept[-1].step + 1) if kept else (0, 0)
    for step in range(first, 2 + form.count * (len(words) + 1) - 1):
        if at_ms >= limit_ms:
            break
        parts, source = _passage(form, words, step)
        if parts:
            script.append(Passage(at_ms, step, parts, source))
            at_ms = script[-1].end_ms
    return tuple(script)


def keep(
    form: Form, script: Script, words: tuple[Words, ...], at_ms: int, bad: Collection[str]
) -> Script:
    """Return what of a script has sounded or is on its way at `at_ms`.

    Attention that stands for words which can be said now is cut there, and so are words whose
    source turned out to be `bad`: the same step comes anew.
    """
    kept = [passage for passage in script if passage.begin_ms <= at_ms + ON_ITS_WAY_MS]
    while kept and _is_cut(kept[-1], words, bad):
        last = kept.pop()
        gone_ms = at_ms - last.begin_ms
        if gone_ms > 0:
            stump = form.attention(gone_ms)
            kept.append(Passage(last.begin_ms, last.step - 1, stump))
    return tuple(kept)


def remaining(script: Script, after: Script) -> Script:
    """Return the passages that come after those kept."""
    end_ms = after[-1].end_ms if after else 0
    return tuple(passage for passage in script if passage.begin_ms >= end_ms)


def from_place(script: Script, at_ms: int) -> Script:
    """Return the passages that are not over at a place."""
    return tuple(passage for passage in script if passage.end_ms > at_ms)


def first_parts(script: Script, most: int) -> tuple[Part, ...]:
    """Return the first parts of a script, at most about `most` of them."""
    parts: list[Part] = []
    for passage in script:
        if len(parts) >= most:
            break
        parts += passage.parts
    return tuple(parts)


def _is_cut(passage: Passage, words: tuple[Words, ...], bad: Collection[str]) -> bool:
    which = _which(passage.step, len(words))
    if which is None or not passage.source:
        return False
    can_be_said = words[which].source != SIREN
    return passage.source in bad or (passage.source == SIREN and can_be_said)


def _which(step: int, languages: int) -> int | None:
    """Return which language a step speaks; None when it speaks none."""
    place = (step - 2) % (languages + 1)
    return place if step >= 2 and place < languages else None


def _passage(form: Form, words: tuple[Words, ...], step: int) -> tuple[tuple[Part, ...], str]:
    if step == 0:
        return (SilencePart(form.call_ms),) if form.call_ms else (), ""
    if step == 1:
        return form.attention(form.attention_ms) if form.attention_ms else (), ""
    which = _which(step, len(words))
    if which is None:
        return tuple(gap(form.gap_ms)), ""
    said = words[which]
    return (said.parts if said.source == SIREN else (*said.parts, BREATH)), said.source


def gap(for_ms: int) -> Iterator[Part]:
    """Yield a pause of at most 30 s, with a soft tone so that no silence lasts 10 s."""
    left_ms = min(for_ms, LONGEST_GAP_MS)
    while left_ms > QUIET_MS + REMINDER.for_ms:
        yield SilencePart(QUIET_MS)
        yield REMINDER
        left_ms -= QUIET_MS + REMINDER.for_ms
    if left_ms > 0:
        yield SilencePart(left_ms)
