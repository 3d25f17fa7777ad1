"""Files made to hurt: docs/promises.md R48 (malformed audio) and R12 (requests by way of audio)."""

import random
import resource
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from controller.library.errors import LibraryError, NotAudio, ProgramMissing
from controller.library.ingest import decode_limits, ingest
from controller.library.limits import ChildFailed, LimitedChild, Limits
from controller.library.probe import Probed
from controller.library.store import AssetStore

Recording = Callable[..., Path]


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a", "a.ogg", "a.opus", "a.flac"])
def test_mutated_files_are_refused_or_read_but_never_crash_or_run_away(
    name: str, recording: Recording, tmp_path: Path
) -> None:
    """R48, seeded short form: ten mutations of each format, in a process of their own."""
    chance = random.Random(f"R48 {name}")
    content = recording(name, "-t", "3").read_bytes()
    files = [tmp_path / f"{number}.bin" for number in range(10)]
    for file in files:
        file.write_bytes(mutate(content, chance))

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        outcomes, largest_bytes = apart.submit(ingest_all, files, tmp_path / "assets").result()

    assert len(outcomes) == 10
    assert largest_bytes < 256 * 2**20


def ingest_all(files: list[Path], root: Path) -> tuple[list[str], int]:
    """Return the outcome of each file, and the resident bytes of the largest child process."""
    store = AssetStore(root)
    store.start()
    outcomes = [outcome(file, store) for file in files]
    return outcomes, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Flip bytes in the header or anywhere, cut, repeat or overwrite a stretch."""
    data = bytearray(content)
    kind = chance.randrange(5)
    if kind == 0:
        return bytes(data[: chance.randrange(1, len(data))])
    if kind == 1:
        start = chance.randrange(len(data))
        return bytes(data[:start] + data[start // 2 :])
    reach = 128 if kind == 2 else len(data)
    for _ in range(chance.choice((1, 8, 200))):
        data[chance.randrange(min(reach, len(data)))] = chance.choice(
            (0, 255, chance.randrange(256))
        )
    return bytes(data)


def outcome(source: Path, store: AssetStore) -> str:
    try:
        return ingest(source, store).sha256
    except LibraryError as refusal:
        return refusal.code


def test_a_small_file_never_gets_more_than_ten_seconds_whatever_it_claims(tmp_path: Path) -> None:
    """R48: the header is not believed."""
    liar = tmp_path / "liar.wav"
    liar.write_bytes(bytes(400_000))

    limits = decode_limits(liar, Probed("mp3", 48_000, estimated_s=1e9, claimed_s=1e9))

    assert limits.cpu_s == 10
    assert limits.memory_bytes < 256 * 2**20


def test_a_long_session_gets_time_by_its_length(tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    with long.open("wb") as file:
        file.truncate(45 * 60 * 96_000)

    limits = decode_limits(long, Probed("pcm_s16le", 48_000, estimated_s=2700, claimed_s=2700))

    assert limits.cpu_s == 135


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


PLAYLISTS = {
    "hls.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
    "hls_key.m3u8": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:9,\nfile:{local}\n',
    "simple.m3u": "#EXTM3U\n{url}\n",
    "concat.ffconcat": "ffconcat version 1.0\nfile '{url}'\nfile '{local}'\n",
    "local.ffconcat": "ffconcat version 1.0\nfile '{local}'\n",
    "passwd.ffconcat": "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "dash.mpd": "<?xml version='1.0'?><MPD><Period><BaseURL>{url}</BaseURL></Period></MPD>",
    "session.sdp": "v=0\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "stream.pls": "[playlist]\nFile1={url}\nNumberOfEntries=1\n",
    "shortcut.rtsp": "[Reference]\nRef1={url}\n",
}


@pytest.mark.parametrize("extension", ["own", "mp3"])
@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_is_refused_and_fetches_nothing(
    name: str,
    extension: str,
    listener: socket.socket,
    bulletin: Path,
    store: AssetStore,
    tmp_path: Path,
) -> None:
    """R12 for audio: neither a request nor another file of the server."""
    port = listener.getsockname()[1]
    playlist = tmp_path / (name if extension == "own" else "tin.mp3")
    text = PLAYLISTS[name].format(url=f"http://127.0.0.1:{port}/a.mp3", local=bulletin, port=port)
    playlist.write_text(text, encoding="utf-8")

    with pytest.raises(NotAudio):
        ingest(playlist, store)

    with pytest.raises(BlockingIOError):
        listener.accept()
    assert store.usage().assets == 0


def test_a_name_that_looks_like_an_option_or_an_address_is_only_a_name(
    bulletin: Path, store: AssetStore, tmp_path: Path
) -> None:
    odd = tmp_path / "-i http:%d|concat:a.wav"
    odd.write_bytes(bulletin.read_bytes())

    asset = ingest(odd, store)

    assert asset.original_name == "-i http:%d|concat:a.wav"


def test_a_child_that_computes_for_ever_is_killed() -> None:
    with pytest.raises(ChildFailed) as failure:
        list(LimitedChild(["sh", "-c", "while :; do :; done"], Limits(cpu_s=1)).chunks())

    assert failure.value.over_limit


def test_a_child_that_waits_for_ever_is_killed() -> None:
    started = time.monotonic()

    with pytest.raises(ChildFailed) as failure:
        list(LimitedChild(["sleep", "100"], Limits(wall_s=0.3)).chunks())

    assert failure.value.over_limit
    assert time.monotonic() - started < 50


def test_a_child_cannot_take_more_memory_than_allowed() -> None:
    hog = ["python3", "-c", "print(len(bytearray(300 * 2**20)))"]

    with pytest.raises(ChildFailed, match="MemoryError"):
        list(LimitedChild(hog, Limits()).chunks())


def test_a_child_cannot_write_a_file(tmp_path: Path) -> None:
    script = ["sh", "-c", f"echo much > {tmp_path}/left-behind"]

    with pytest.raises(ChildFailed):
        list(LimitedChild(script, Limits()).chunks())

    assert (tmp_path / "left-behind").stat().st_size == 0


def test_a_child_whose_reader_goes_away_ends_at_once() -> None:
    chunks = LimitedChild(["cat", "/dev/zero"], Limits()).chunks()

    first = next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # a generator has it; Iterator does not say so

    assert first


def test_only_the_end_of_much_complaining_is_kept() -> None:
    child = LimitedChild(["sh", "-c", "seq 1 100000 >&2; echo fine"], Limits())

    answer = b"".join(child.chunks())

    assert answer == b"fine\n"
    assert child.said.endswith("100000\n")
    assert len(child.said) <= 16_384


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ProgramMissing) as failure:
        list(LimitedChild(["ffmpeg-of-the-future"], Limits()).chunks())

    assert failure.value.facts == {"program": "ffmpeg-of-the-future"}
