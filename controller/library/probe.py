"""What a file claims to be, found by its content only: its name and its metadata decide nothing.

Every ffmpeg that sees a foreign file gets `input_options`: accepted containers and decoders only,
and no protocol but local files, so that a playlist can make no request (docs/promises.md R12).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from controller.library.errors import Damaged, EmptyFile, NoSoundTrack, NotAudio, TooHeavy
from controller.library.limits import ChildFailed, LimitedChild, Limits

_CONTAINERS = "wav,mp3,mov,ogg,flac"
# JPEG and PNG are here because ffprobe gives up on a file whose cover picture it may not open.
_CODECS = (
    "pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw,"
    "mp3,mp3float,aac,alac,flac,opus,libopus,vorbis,libvorbis,mjpeg,png"
)
_PROBE_LIMITS = Limits(cpu_s=10, wall_s=60)
_STREAMED_WAV_BYTES = 0x7FFF_0000  # writers to a pipe leave such a size in the header


@dataclass(frozen=True)
class Probed:
    """The first audio stream of a file. `claimed_s` is None if the container makes no promise."""

    codec: str
    sample_rate_hz: int
    estimated_s: float
    claimed_s: float | None


def input_options(source: Path) -> list[str]:
    """Return the options that every ffmpeg or ffprobe needs before it reads a foreign file."""
    return [
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        _CONTAINERS,
        "-codec_whitelist",
        _CODECS,
        "-i",
        f"file:{source.resolve()}",
    ]


def probe(source: Path) -> Probed:
    """Look at the headers of `source`.

    Raises EmptyFile, NotAudio, NoSoundTrack, Damaged, or TooHeavy over 10 s of CPU.
    """
    if source.stat().st_size == 0:
        raise EmptyFile
    text, said = _ask_ffprobe(source)
    found = json.loads(text)
    if not found.get("streams"):
        raise NoSoundTrack
    stream, seconds = found["streams"][0], float(found.get("format", {}).get("duration", 0.0))
    if not int(stream.get("sample_rate", 0)) or not int(stream.get("channels", 0)):
        raise Damaged(detail="no sample rate or channel")
    return Probed(
        codec=str(stream.get("codec_name", "unknown")),
        sample_rate_hz=int(stream["sample_rate"]),
        estimated_s=seconds,
        claimed_s=_claimed_seconds(source, seconds, said),
    )


def _ask_ffprobe(source: Path) -> tuple[bytes, str]:
    wanted = "format=duration:stream=codec_name,sample_rate,channels"
    command = ["ffprobe", "-v", "warning", "-select_streams", "a", "-show_entries", wanted]
    child = LimitedChild([*command, "-of", "json", *input_options(source)], _PROBE_LIMITS)
    try:
        text = b"".join(child.chunks())
    except ChildFailed as failure:
        if failure.over_limit:
            raise TooHeavy(cpu_s=_PROBE_LIMITS.cpu_s) from failure
        raise NotAudio from failure
    return text, child.said


def _claimed_seconds(source: Path, seconds: float, said: str) -> float | None:
    """Return a duration that the file promises, not one guessed from its size."""
    with source.open("rb") as file:
        head = file.read(4096)
    if head[:4] == b"RIFF":
        return _riff_seconds(head, source.stat().st_size, seconds)
    is_guess = "Estimating duration" in said or head[:4] == b"OggS"
    return None if is_guess or seconds <= 0 else seconds


def _riff_seconds(head: bytes, file_bytes: int, seconds: float) -> float | None:
    """Ffprobe reports what is there; the data chunk says how much there should be."""
    data = re.search(rb"data(.{4})", head, re.DOTALL)
    if data is None:
        return None
    claimed = int.from_bytes(data[1], "little")
    there = file_bytes - data.end()
    if claimed == 0 or claimed >= _STREAMED_WAV_BYTES or there <= 0:
        return None
    return seconds * max(claimed, there) / there
