"""The device's own voice: the real espeak-ng, decoded by the real ffmpeg."""

import os
import queue
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio.decoder import Decoder, verified_file
from edge_agent.audio.pcm import is_silent
from edge_agent.audio.sources import FilePart
from edge_agent.device_voice import FILES_KEPT, DeviceVoice, Spoken

FLOOD = "Cảnh báo khẩn cấp. Nước sông Luỹ đang lên nhanh. Bà con xã An Bình sơ tán ngay."


@contextmanager
def speaking(folder: Path, **how: Any) -> Iterator[tuple[DeviceVoice, "queue.SimpleQueue[Spoken]"]]:
    heard: queue.SimpleQueue[Spoken] = queue.SimpleQueue()
    voice = DeviceVoice(folder, heard.put, **how)
    voice.start()
    try:
        yield voice, heard
    finally:
        voice.stop()


def said(folder: Path, text: str = FLOOD, language: str = "vi", **how: Any) -> Spoken:
    with speaking(folder, **how) as (voice, heard):
        assert voice.speak(text, language)
        return heard.get(timeout=30)


def program(folder: Path, script: str) -> str:
    path = folder / "espeak"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def decoded_ms(part: FilePart) -> int:
    decoder = Decoder(lambda: verified_file(part, 0), 16_000, 60_000)
    decoder.start()
    decoder.join(20)
    samples = decoder.take(60 * 16_000)
    assert decoder.error is None
    assert not is_silent(samples)
    return len(samples) // 16


def test_a_vietnamese_text_becomes_a_whole_file_that_plays(tmp_path: Path) -> None:
    spoken = said(tmp_path)

    assert (spoken.text, spoken.language, spoken.fault) == (FLOOD, "vi", "")
    assert spoken.part is not None
    assert spoken.part.path.parent == tmp_path / "speech"
    assert spoken.part.duration_ms > 3000
    assert decoded_ms(spoken.part) == pytest.approx(spoken.part.duration_ms, abs=2)


def test_what_was_said_once_is_remembered_by_the_next_run(tmp_path: Path) -> None:
    first = said(tmp_path)
    silent = program(tmp_path, 'case "$1" in --voices) espeak-ng --voices;; *) exit 1;; esac')

    again = said(tmp_path, program=silent)

    assert again.part == first.part
    assert said(tmp_path, "Một câu khác.", program=silent).fault == "speech_failed"


def test_remembered_speech_that_was_damaged_is_spoken_anew(tmp_path: Path) -> None:
    first = said(tmp_path)
    assert first.part is not None
    first.part.path.write_bytes(b"")

    again = said(tmp_path)

    assert again.part == first.part
    assert decoded_ms(first.part) > 3000


def test_another_language_has_its_own_voice_or_none(tmp_path: Path) -> None:
    english = said(tmp_path, "The river is rising.", "en")
    khmer = said(tmp_path, "ទឹកទន្លេកំពុងឡើង", "km")

    assert english.part is not None
    assert (khmer.part, khmer.fault) == (None, "no_voice")


def test_a_device_without_espeak_says_so(tmp_path: Path) -> None:
    with speaking(tmp_path, program="no-such-espeak") as (voice, heard):
        voice.speak(FLOOD, "vi")
        spoken = heard.get(timeout=10)

        assert (spoken.part, spoken.fault, voice.fault) == (None, "no_espeak", "no_espeak")


def test_a_text_with_nothing_to_say_is_no_file(tmp_path: Path) -> None:
    assert said(tmp_path, " \0 ").part is None


def test_a_voice_that_hangs_is_killed_in_time(tmp_path: Path) -> None:
    hangs = program(tmp_path, 'case "$1" in --voices) espeak-ng --voices;; *) exec sleep 60;; esac')

    began = time.monotonic()
    spoken = said(tmp_path, program=hangs, timeout_s=0.5)

    assert (spoken.part, spoken.fault) == (None, "speech_timeout")
    assert time.monotonic() - began < 10


def test_a_voice_that_never_ends_is_cut_off(tmp_path: Path) -> None:
    endless = program(tmp_path, 'case "$1" in --voices) espeak-ng --voices;; *) exec yes;; esac')

    spoken = said(tmp_path, program=endless)

    assert (spoken.part, spoken.fault) == (None, "speech_failed")


def test_stopping_kills_the_child_and_may_be_done_twice(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    hangs = program(
        tmp_path, f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 60"
    )
    with speaking(tmp_path, program=hangs) as (voice, heard):
        voice.speak(FLOOD, "vi")
        while not pid_file.exists():
            assert heard.empty()
            time.sleep(0.01)

        began = time.monotonic()
        voice.stop()
        voice.stop()

        assert time.monotonic() - began < 2
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid_file.read_text()), 0)


def test_a_data_folder_that_takes_no_writes_is_no_reason_for_silence(tmp_path: Path) -> None:
    """R26, in part: a file stands where the folder should be, which stops root as well."""
    (tmp_path / "speech").write_text("in the way")
    memory = tmp_path / "memory"
    memory.mkdir()
    with speaking(tmp_path, in_memory=memory) as (voice, heard):
        voice.speak(FLOOD, "vi")
        first = heard.get(timeout=30)
        assert first.part is not None
        assert memory in first.part.path.parents
        assert decoded_ms(first.part) > 3000

        voice.speak(FLOOD, "vi")
        assert heard.get(timeout=30) == first
    assert list(memory.iterdir()) == []


def test_only_the_last_few_are_kept(tmp_path: Path) -> None:
    with speaking(tmp_path) as (voice, heard):
        for number in range(FILES_KEPT + 3):
            voice.speak(f"Số {number}.", "vi")
        spoken = [heard.get(timeout=30) for _ in range(FILES_KEPT + 3)]

    kept = set((tmp_path / "speech").iterdir())
    assert len(kept) == FILES_KEPT
    assert {s.part.path for s in spoken[-FILES_KEPT:] if s.part} == kept


def test_too_many_questions_are_refused_and_nobody_waits(tmp_path: Path) -> None:
    voice = DeviceVoice(tmp_path, lambda _: None)

    answers = [voice.speak(f"{number}", "vi") for number in range(20)]

    assert answers == [True] * 16 + [False] * 4


def test_no_sound_server_is_started_or_greeted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "env"
    shows = program(tmp_path, f'echo "$PULSE_SERVER" > {out}; exec espeak-ng "$@"')
    monkeypatch.setenv("PULSE_SERVER", "unix:/somewhere")

    assert said(tmp_path, program=shows).part is not None
    assert out.read_text().strip() == "unix:/nonexistent"
