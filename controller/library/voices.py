"""More voices behind the one port: Piper with the site's own files, several engines as one.

Piper (GPL) is an optional package, extra `piper`, and runs as a separate process. A site puts
`NAME.onnx` and `NAME.onnx.json` into the folder `voices` of the data folder; nothing is fetched.
"""

import hashlib
import importlib.util
import sys
from pathlib import Path

from controller.library.editing import tidy
from controller.library.errors import SpeechFailed, VoiceUnknown
from controller.library.horns import ForHorns
from controller.library.limits import ChildFailed, LimitedChild, Limits
from controller.library.speech import EspeakVoice, Voice, VoiceInfo, check_voice, plain

PREFIX = "piper-"
USUAL_WORDS_A_MINUTE = 150
# onnxruntime maps a model several times over; a sentence of 400 letters took 3 CPU seconds.
_PIPER_LIMITS = Limits(
    cpu_s=60,
    wall_s=90,
    memory_bytes=2**30,
    address_bytes=8 * 2**30,
    open_files=256,
    file_bytes=2**25,
)


class PiperVoice:
    """Piper with every voice file of a folder, looked at anew each time; none, no voices.

    Piper has no pitch: `pitch` changes nothing. `speed` stretches its phonemes.
    """

    def __init__(self, folder: Path, limits: Limits = _PIPER_LIMITS) -> None:
        self._folder = folder
        self._limits = limits

    @property
    def engine(self) -> str:
        """Name the engine and the state of its files: a replaced voice is another sound."""
        facts = [
            (file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in self._files()
        ]
        return f"piper-{hashlib.sha256(repr(facts).encode()).hexdigest()[:12]}"

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return one voice a file, by its name."""
        return tuple(
            VoiceInfo(PREFIX + file.stem, f"Piper: {file.stem}", f"Piper: {file.stem}")
            for file in self._files()
        )

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:  # noqa: ARG002 - the port's; Piper has no pitch
        """Keep the promise of `Voice.speak`; the text travels by standard input."""
        check_voice(voice, self.voices())
        sentence = plain(text)
        child = LimitedChild(self._command(voice, speed), self._limits, sentence.encode())
        try:
            return tidy(b"".join(child.chunks()))
        except (ChildFailed, ValueError) as failure:
            raise SpeechFailed(sentence=sentence[:60], detail=str(failure)) from failure

    def _command(self, voice: str, speed: int) -> list[str]:
        model = self._folder / f"{voice.removeprefix(PREFIX)}.onnx"
        scale = USUAL_WORDS_A_MINUTE / speed
        return [
            *(sys.executable, "-m", "piper", "--model", str(model.resolve())),
            *("--length-scale", f"{scale:.3f}", "--output-file", "-"),
        ]

    def _files(self) -> list[Path]:
        if importlib.util.find_spec("piper") is None:
            return []
        files = sorted(self._folder.glob("*.onnx"))
        return [file for file in files if file.with_suffix(".onnx.json").is_file()]


class Voices:
    """Several engines as one: a voice's id says which of them speaks."""

    def __init__(self, *engines: Voice) -> None:
        self._engines = engines

    @property
    def engine(self) -> str:
        """Name all engines."""
        return "|".join(one.engine for one in self._engines)

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the voices of all engines, the default one of the first first."""
        return tuple(voice for one in self._engines for voice in one.voices())

    def speak(self, text: str, voice: str, speed: int, pitch: int) -> bytes:
        """Let the engine speak that has this voice."""
        for one in self._engines:
            if voice in {each.id for each in one.voices()}:
                return one.speak(text, voice, speed, pitch)
        raise VoiceUnknown(voice=voice, known=", ".join(each.id for each in self.voices()))


def default_voice(data_dir: Path) -> Voice:
    """Return what a site speaks with: espeak-ng, Piper with the files in `voices`; for horns."""
    return ForHorns(Voices(EspeakVoice(), PiperVoice(data_dir / "voices")))
