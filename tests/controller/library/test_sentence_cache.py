"""Sentences that were spoken before: kept whole, and never more of them than there is room for."""

import os
from pathlib import Path

from controller.library.sentence_cache import SentenceCache

WAV = b"x" * 1000


def test_what_was_kept_comes_back_and_nothing_else(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path / "speech")

    cache.put("one", WAV)

    assert cache.get("one") == WAV
    assert cache.get("two") is None


def test_what_was_not_asked_for_longest_goes_first(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, most_bytes=2500)
    for number, key in enumerate(("old", "older", "asked", "new")):
        cache.put(key, WAV)
        os.utime(tmp_path / f"{key}.wav", (number, number))
    cache.get("old")

    cache.prune()

    assert {path.stem for path in tmp_path.iterdir()} == {"old", "new"}


def test_a_folder_never_grows_far_beyond_its_size(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, most_bytes=10_000)

    for number in range(300):
        cache.put(str(number), WAV)

    assert len(list(tmp_path.iterdir())) <= 10 + 64
