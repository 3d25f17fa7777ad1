"""The sirens that a real alert may name: what people call them, and how they go, to be heard first.

They are those of the emergency pack, so that every device has them. A drill sounds the chime.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from controller.emergencies.pack_words import WordsInvalid, load_words

log = logging.getLogger(__name__)

USUAL = "wail"
_NOT_ALARMING = frozenset({"all_clear"})
_NAMES = {
    USUAL: ("Trầm bổng: báo động chung", "Slow wail: the general alarm"),
    "fast": ("Gấp gáp: sóng thần", "Fast: tsunami"),
    "two_tone": ("Hai tông: cháy", "Two tones: fire"),
}


@dataclass(frozen=True, slots=True)
class Siren:
    """A siren by name; each sweep glides from one frequency to another (Hz) in so many ms."""

    name: str
    vi: str
    en: str
    sweeps: tuple[tuple[int, int, int], ...]


def sirens(own: Path | None = None) -> tuple[Siren, ...]:
    """Return the sirens of the pack, those that the site's file of words `own` adds among them.

    A file that makes no sense adds nothing here, as it adds nothing to the pack.
    """
    try:
        words = load_words(own)
    except WordsInvalid as error:
        log.debug("%s", error)
        words = load_words()
    return tuple(
        Siren(
            pattern.name,
            *_NAMES.get(pattern.name, (pattern.name, pattern.name)),
            tuple((one.from_hz, one.to_hz, one.for_ms) for one in pattern.sweeps),
        )
        for pattern in words.sirens
        if pattern.name not in _NOT_ALARMING
    )
