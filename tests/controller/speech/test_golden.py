import re
import unicodedata
from pathlib import Path

import pytest

from controller.speech import normalise

DATA = Path(__file__).parents[2] / "data" / "speech"
PAIRS = [
    tuple(line.split("\t"))
    for name in ("golden.tsv", "more.tsv")
    for line in (DATA / name).read_text("utf-8").splitlines()
    if "\t" in line
]


@pytest.mark.parametrize(("written", "spoken"), PAIRS)
def test_an_announcement_is_read_as_a_presenter_reads_it(written: str, spoken: str) -> None:
    assert as_compared(normalise(written).text) == as_compared(spoken)


@pytest.mark.parametrize("written", [written for written, _ in PAIRS])
def test_what_was_read_once_is_read_the_same_again(written: str) -> None:
    spoken = normalise(written).text

    assert normalise(spoken).text == spoken


def as_compared(text: str) -> str:
    """Compare as the corpus says: composed, small letters, without marks and extra space."""
    plain = re.sub(r'[,.;:!?()"]', "", unicodedata.normalize("NFC", text).lower())
    return " ".join(plain.split())
