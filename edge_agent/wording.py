"""What the words of an alert are said with: the best that is at hand for each language.

fetched audio (its hash holds) > the device's own voice > the pack's phrase for the hazard > siren

Owned by the conductor's thread. It asks for what is missing and never waits for it.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from edge_agent.audio.sources import FilePart, Part, TonePart
from edge_agent.script import SIREN, Words
from wire.alert import Alert, AlertStatus
from wire.pack import Wording
from wire.plan import Asset

log = logging.getLogger(__name__)

DEVICE_VOICE: Final = "device_voice"
PACK: Final = "pack"
LETTERS_A_SECOND: Final = 12
SHORTEST_MS: Final = 3_000
CHIME_MS: Final = 2_400
LAST_LANGUAGE: Final = "vi"


class Shelf(Protocol):
    """What is asked of the audio cache (see `edge_agent.library`)."""

    def path(self, sha256: str) -> Path:
        """Return where a file is, or will be."""

    def has(self, sha256: str) -> bool:
        """Return whether a file is complete and verified."""


class Phrases(Protocol):
    """What is asked of the emergency pack (see `edge_agent.pack`)."""

    def phrase(self, about: str, wording: Wording, language: str) -> FilePart | None:
        """Return a sentence of the pack; None when it has none that fits."""

    def attention(self, status: AlertStatus, name: str | None, for_ms: int) -> Part:
        """Return what sounds before the words."""


class Voice(Protocol):
    """What is asked of the device's own voice (see `edge_agent.device_voice`)."""

    def speak(self, text: str, language: str) -> bool:
        """Have a text spoken in the background."""


class Wordings:
    """Knows what of each alert can be said, and how."""

    def __init__(self, shelf: Shelf, phrases: Phrases, voice: Voice) -> None:
        self._shelf, self._phrases, self._voice = shelf, phrases, voice
        self._spoken: dict[tuple[str, str], FilePart | None] = {}
        self._bad: set[str] = set()
        self.languages: tuple[str, ...] = ()

    def ask_for(self, alert: Alert, *, all_clear: bool = False) -> None:
        """Have the device's voice speak what no file says yet."""
        texts, audio = _said(alert, all_clear=all_clear)
        for language in self._languages_of(alert, all_clear=all_clear):
            asset, text = audio.get(language), texts.get(language, "")
            has_file = asset is not None and self._is_here(asset.sha256)
            is_new = (text, language) not in self._spoken
            if text and not has_file and is_new and self._voice.speak(text, language):
                self._spoken[text, language] = None

    def take(self, text: str, language: str, part: FilePart | None) -> None:
        """Take what the device's voice has made; None when it could not."""
        self._spoken[text, language] = part

    def reject(self, part: Part) -> bool:
        """Never use a file again that could not be played; return whether it was one."""
        if not isinstance(part, FilePart):
            return False
        self._bad.add(part.sha256)
        return True

    def came(self, sha256: str) -> None:
        """Give a file that was fetched anew another chance."""
        self._bad.discard(sha256)

    def is_bad(self, part: Part) -> bool:
        """Return whether a part was found out to be unplayable."""
        return isinstance(part, FilePart) and part.sha256 in self._bad

    def words(self, alert: Alert, *, all_clear: bool = False) -> tuple[Words, ...]:
        """Return how the alert is said now, in the order of its languages; never empty."""
        names = self._languages_of(alert, all_clear=all_clear)
        return tuple(self._in(alert, language, all_clear=all_clear) for language in names)

    def attention(self, alert: Alert, for_ms: int) -> tuple[Part, ...]:
        """Return the siren of an alert; a drill has the chime, over and over."""
        if for_ms <= 0:
            return ()
        if alert.status is AlertStatus.REAL:
            return (self._phrases.attention(alert.status, alert.siren, for_ms),)
        whole, rest_ms = divmod(for_ms, CHIME_MS)
        parts: tuple[Part, ...] = (TonePart("chime", CHIME_MS),) * whole
        return (*parts, TonePart("chime", rest_ms)) if rest_ms else parts

    def _in(self, alert: Alert, language: str, *, all_clear: bool) -> Words:
        texts, audio = _said(alert, all_clear=all_clear)
        asset, text = audio.get(language), texts.get(language, "")
        if asset is not None and self._is_here(asset.sha256):
            path = self._shelf.path(asset.sha256)
            part = FilePart(path, asset.sha256, asset.duration_ms)
            return Words((part,), asset.sha256)
        spoken = self._spoken.get((text, language))
        if spoken is not None and not self.is_bad(spoken):
            return Words((spoken,), DEVICE_VOICE)
        about = "all_clear" if all_clear else str(alert.hazard)
        wording = Wording.REAL if alert.status is AlertStatus.REAL else Wording.DRILL
        phrase = self._phrases.phrase(about, wording, language)
        if phrase is not None and not self.is_bad(phrase):
            return Words((phrase,), PACK)
        for_ms = asset.duration_ms if asset is not None else _estimate_ms(text)
        return Words(self.attention(alert, for_ms), SIREN)

    def _is_here(self, sha256: str) -> bool:
        return self._shelf.has(sha256) and sha256 not in self._bad

    def _languages_of(self, alert: Alert, *, all_clear: bool) -> tuple[str, ...]:
        """Return the languages to speak: the area's, in its order, else all that there are."""
        texts, audio = _said(alert, all_clear=all_clear)
        there = tuple(dict.fromkeys((*texts, *audio)))
        wanted = tuple(language for language in self.languages if language in there)
        return wanted or there or self.languages[:1] or (LAST_LANGUAGE,)


def files_of(alert: Alert) -> tuple[Asset, ...]:
    """Return the audio of an alert, in the order of its languages, the all-clear last."""
    found = (*alert.audio.values(), *alert.all_clear_audio.values())
    return tuple({asset.sha256: asset for asset in found}.values())


def _said(alert: Alert, *, all_clear: bool) -> tuple[Mapping[str, str], Mapping[str, Asset]]:
    if all_clear:
        return alert.all_clear, alert.all_clear_audio
    return alert.texts, alert.audio


def _estimate_ms(text: str) -> int:
    return max(SHORTEST_MS, len(text) * 1000 // LETTERS_A_SECOND)
