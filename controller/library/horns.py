"""The speech chain for horns: what a re-entrant horn cannot radiate is taken off, the rest evened.

A horn of 25-30 W has nothing below some 300 Hz and shouts between 1 and 4 kHz. Bass only eats
headroom; the quiet ends of Vietnamese syllables, where the tone is, drown in wind. So: a
high-pass, a compressor that lifts those ends, a de-esser for what the horn makes harsh. Loudness
itself is the business of `ingest`, which sets every asset to one level.
"""

import tempfile
from pathlib import Path

from controller.library.editing import tidy
from controller.library.errors import SpeechFailed
from controller.library.limits import ChildFailed, LimitedChild, Limits
from controller.library.speech import Voice, VoiceInfo

CHAIN = (
    "highpass=f=280:poles=2,"
    "highpass=f=280:poles=2,"
    "equalizer=f=2600:width_type=o:width=2:g=6,"
    "acompressor=threshold=-30dB:ratio=3:attack=2:release=80:knee=6:makeup=9dB,"
    "deesser=i=0.3:m=0.5:f=0.5,"
    "alimiter=limit=0.6:attack=1:release=25:level=false"
)
VERSION = "horn1"  # change it with CHAIN: the cache of sentences must not give out the old sound
_LIMITS = Limits(cpu_s=10, wall_s=30)


class ForHorns:
    """A voice whose sentences went through the chain; the same port as the voice inside."""

    def __init__(self, voice: Voice, limits: Limits = _LIMITS) -> None:
        self._voice = voice
        self._limits = limits

    @property
    def engine(self) -> str:
        """Name the engine inside and the chain."""
        return f"{self._voice.engine}+{VERSION}"

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the voices inside."""
        return self._voice.voices()

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        """Keep the promise of `Voice.speak`; ffmpeg is a separate, limited process."""
        wav = self._voice.speak(text, voice, speed, pitch)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "sentence.wav"
            source.write_bytes(wav)
            try:
                return tidy(b"".join(LimitedChild(_command(source), self._limits).chunks()))
            except (ChildFailed, ValueError) as failure:
                raise SpeechFailed(sentence=text[:60], detail=str(failure)) from failure


def _command(source: Path) -> list[str]:
    return [
        *("ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-threads", "1"),
        *("-f", "wav", "-i", f"file:{source}", "-filter_threads", "1", "-af", CHAIN),
        *("-ac", "1", "-c:a", "pcm_s16le", "-f", "wav", "pipe:1"),
    ]
