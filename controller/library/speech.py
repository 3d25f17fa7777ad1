"""Text to speech behind a port: espeak-ng here, a site's own voice in `voices.py`.

Sentences are spoken one by one and cached by what decides their sound, so a corrected bulletin
costs only its changed sentences. How a text should be read (numbers, abbreviations) is the
business of a `Normaliser`, not of a voice.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from controller.library.editing import from_samples, join, tidy
from controller.library.errors import NothingToSay, SpeechFailed, VoiceUnknown
from controller.library.limits import ChildFailed, LimitedChild, Limits
from controller.library.sentence_cache import SentenceCache
from controller.library.sentences import split_sentences
from controller.speech import Spoken, normalise

_PAUSE_MS = 350
_FAKE_RATE_HZ = 16_000
# The PulseAudio library inside espeak-ng sets 64 MB of shared memory aside, used or not.
_ESPEAK_LIMITS = Limits(cpu_s=10, wall_s=60, file_bytes=128 * 2**20)


@dataclass(frozen=True)
class VoiceInfo:
    """One voice: the `id` that `speak` takes, and its name in both languages."""

    id: str
    vi: str
    en: str


@dataclass(frozen=True)
class SpokenText:
    """A text as it is to be read aloud: `original` is what people wrote, `spoken` what is said."""

    original: str
    spoken: str


Normaliser = Callable[[str], SpokenText]
Tell = Callable[[Spoken], None]
"""Hears what a text became; must neither fail nor take time."""


def as_it_is(text: str) -> SpokenText:
    """Say what is written: the normaliser for a text that needs none."""
    return SpokenText(text, text)


def in_words(text: str) -> SpokenText:
    """Say numbers, dates, units and acronyms in words, by the shipped dictionary."""
    return SpokenText(text, normalise(text).text)


class Voice(Protocol):
    """What can speak one sentence."""

    @property
    def engine(self) -> str:
        """Name the engine; part of the key of the sentence cache."""

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the voices on offer, the default one first."""

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        """Speak one sentence: a mono 16-bit WAV of any sample rate.

        `speed` is 80-300 words a minute, `pitch` 0-99 with 50 as the voice's own. Raises
        VoiceUnknown, NothingToSay and SpeechFailed.
        """


@dataclass(frozen=True)
class Manner:
    """How to read: a voice's id, 80-300 words a minute, pitch 0-99."""

    voice: str = "vi"
    speed: int = 150  # slower than espeak-ng's 175: an echo between houses blurs fast speech
    pitch: int = 50


class Reader:
    """Reads whole texts with a voice, remembering each sentence in a folder, if it has one."""

    def __init__(self, voice: Voice, cache: Path | None, normalise: Normaliser = as_it_is) -> None:
        self._voice = voice
        self._cache = SentenceCache(cache) if cache is not None else None
        self._normalise = normalise

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the voices on offer, the default one first."""
        return self._voice.voices()

    def offers(self, voice: str) -> bool:
        """Tell whether there is a voice of this id now."""
        return voice in {each.id for each in self.voices()}

    def read(
        self,
        text: str,
        manner: Manner = Manner(),
        on_progress: Callable[[float], None] | None = None,
        normalise: Normaliser | None = None,
    ) -> bytes:
        """Return the text spoken as a mono 16-bit WAV; `on_progress` hears 0..1.

        Raises VoiceUnknown, NothingToSay and SpeechFailed.
        """
        sentences = split_sentences((normalise or self._normalise)(text).spoken)
        if not sentences:
            raise NothingToSay
        spoken = []
        for number, sentence in enumerate(sentences, start=1):
            spoken.append(self._sentence(sentence, manner))
            if on_progress is not None:
                on_progress(number / len(sentences))
        return join(spoken, _PAUSE_MS)

    def _sentence(self, sentence: str, manner: Manner) -> bytes:
        if self._cache is None:
            return self._voice.speak(sentence, manner.voice, manner.speed, manner.pitch)
        key = _key(self._voice.engine, manner, sentence)
        wav = self._cache.get(key)
        if wav is None:
            wav = self._voice.speak(sentence, manner.voice, manner.speed, manner.pitch)
            self._cache.put(key, wav)
        return wav


class EspeakVoice:
    """espeak-ng (GPL, hence only as a separate process) with its three Vietnamese voices."""

    engine = "espeak-ng"
    _VOICES = (
        VoiceInfo("vi", "Giọng Bắc", "Northern"),
        VoiceInfo("vi-vn-x-central", "Giọng Trung", "Central"),
        VoiceInfo("vi-vn-x-south", "Giọng Nam", "Southern"),  # codespell:ignore nam
    )

    def __init__(self, limits: Limits = _ESPEAK_LIMITS) -> None:
        self._limits = limits

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the regions of Vietnam."""
        return self._VOICES

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        """Keep the promise of `Voice.speak`; the text travels by standard input."""
        check_voice(voice, self._VOICES)
        sentence = plain(text)
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch)]
        child = LimitedChild(
            [*command, "-b", "1", "--stdin", "--stdout"], self._limits, sentence.encode()
        )
        try:
            return tidy(b"".join(child.chunks()))
        except (ChildFailed, ValueError) as failure:
            raise SpeechFailed(sentence=sentence[:60], detail=str(failure)) from failure


class FakeVoice:
    """A voice for tests: a hum as long as the text, and it remembers what it was asked to say."""

    engine = "fake"
    _VOICES = (VoiceInfo("vi", "Giọng thử", "Test voice"),)

    def __init__(self) -> None:
        self.said: list[str] = []

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return one voice."""
        return self._VOICES

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        """Hum 60 ms a character at 150 words a minute, at 100 Hz and 1 Hz more a step of pitch."""
        check_voice(voice, self._VOICES)
        sentence = plain(text)
        self.said.append(sentence)

        seconds = max(0.2, len(sentence) * 0.06 * 150 / speed)
        time = np.arange(int(seconds * _FAKE_RATE_HZ)) / _FAKE_RATE_HZ
        return from_samples(0.3 * np.sin(2 * np.pi * (100 + pitch) * time), _FAKE_RATE_HZ)


def check_voice(voice: str, known: tuple[VoiceInfo, ...]) -> None:
    """Raise VoiceUnknown unless `voice` is the id of a known one."""
    if voice not in {each.id for each in known}:
        raise VoiceUnknown(voice=voice, known=", ".join(each.id for each in known))


def plain(text: str) -> str:
    """Keep what can be read aloud, or raise NothingToSay.

    No control characters, none of espeak-ng's [[phonemes]].
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    sentence = " ".join(printable.replace("[[", "[ [").split())
    if not any(map(str.isalnum, sentence)):
        raise NothingToSay
    return sentence


def _key(engine: str, manner: Manner, sentence: str) -> str:
    facts = (engine, manner.voice, str(manner.speed), str(manner.pitch), sentence)
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()
