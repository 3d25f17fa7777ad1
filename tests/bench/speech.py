"""`./run bench speech`: the time to put 1 MB and 2 MB of announcements into spoken words.

Prints one JSON object: seconds for each (medians of some rounds), their ratio (2.0 is linear), and
the worst ratio over texts that are made to be slow, each of one small piece over and over.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from controller.speech import normalise

CORPUS = Path(__file__).parents[1] / "data" / "speech"
MEGABYTE = 1_000_000
HOSTILE = (
    "1 ",
    "a.",
    "1/",
    "1,",
    "I ",
    "- ",
    "0",
    "A",
    "1-",
    "đ/c ",
    "+",
    "a@",
    ".1",
    "5h",
    "\u0301",
    "²",
)
HOSTILE_CHARACTERS = 50_000


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    rounds = options.parse_args().rounds
    normalise("")  # reads the dictionaries
    one = statistics.median(_seconds(_text(MEGABYTE)) for _ in range(rounds))
    two = statistics.median(_seconds(_text(2 * MEGABYTE)) for _ in range(rounds))
    worst = max(map(_growth, HOSTILE))
    figures = {"mb_1_s": one, "mb_2_s": two, "ratio": two / one, "worst_hostile_ratio": worst}
    sys.stdout.write(json.dumps({name: round(value, 3) for name, value in figures.items()}) + "\n")


def _text(size: int) -> str:
    lines = (line.split("\t")[0] for name in ("golden.tsv", "more.tsv") for line in _lines(name))
    text = "\n".join(lines) + "\n"
    return text * (size // len(text.encode()) + 1)


def _lines(name: str) -> list[str]:
    return [line for line in (CORPUS / name).read_text("utf-8").splitlines() if "\t" in line]


def _growth(piece: str) -> float:
    once, twice = (piece * (times * HOSTILE_CHARACTERS // len(piece)) for times in (1, 2))
    return min(_seconds(twice) for _ in range(3)) / min(_seconds(once) for _ in range(3))


def _seconds(text: str) -> float:
    begun = time.process_time()
    normalise(text)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
