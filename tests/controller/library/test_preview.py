"""A text laid out before it is spoken: what changed, by which rule, and what is in doubt."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from controller.library.preview import Piece, preview_of
from controller.library.sentences import split_sentences
from controller.speech import normalise
from controller.web.words import WORDS

GOLDEN = (Path(__file__).parents[2] / "data/speech/golden.tsv").read_text("utf-8")
CLASSES = Path(__file__).parents[3] / "controller/speech/classes"
FLOOD = "UBND xã: mực nước 3,25m, trên báo động III. Bà con ở nhà.\nABCX họp ngày 31/2/2026."


def test_each_sentence_shows_what_is_said_otherwise_and_why() -> None:
    first, second, _ = preview_of(normalise(FLOOD)).lines

    changed = [(piece.written, piece.spoken, piece.rule) for piece in first.pieces if piece.rule]
    assert changed == [
        ("UBND", "Ủy ban nhân dân", "acronym"),
        ("3,25m", "ba phẩy hai mươi lăm mét", "unit"),
        ("III", "ba", "roman"),
    ]
    assert first.is_changed
    assert not second.is_changed
    assert second.pieces == (Piece("Bà con ở nhà.", "Bà con ở nhà."),)


def test_what_is_in_doubt_is_marked_in_its_place_and_told_once() -> None:
    shown = preview_of(normalise(FLOOD + "\nABCX nghỉ."))

    doubtful = [(p.written, p.doubt) for line in shown.lines for p in line.pieces if p.doubt]
    assert doubtful == [("ABCX", "unread"), ("31/2/2026", "no_date"), ("ABCX", "unread")]
    assert [(one.doubt, one.text) for one in shown.warnings] == [
        ("unread", "ABCX"),
        ("no_date", "31/2/2026"),
    ]


def test_an_empty_text_has_no_lines() -> None:
    assert preview_of(normalise("")).lines == ()
    assert preview_of(normalise(" \n… - \n")).lines == ()


@given(st.text(alphabet="aắĐBX TP.,!…\n-–1/5h%°3²①: ", max_size=300) | st.text(max_size=200))
def test_the_pieces_of_a_line_are_exactly_what_the_voice_gets(text: str) -> None:
    spoken = normalise(text)

    lines = preview_of(spoken).lines

    assert [line.spoken for line in lines] == split_sentences(spoken.text)
    for line in lines:
        assert packed("".join(piece.spoken for piece in line.pieces)) == packed(line.spoken)


@given(st.text(alphabet="aắĐB TP.,!\n-1/5h%: ", max_size=300))
def test_no_letter_or_digit_of_the_written_text_is_missing(text: str) -> None:
    spoken = normalise(text)

    lines = preview_of(spoken).lines

    shown = "".join(piece.written for line in lines for piece in line.pieces)
    if lines:
        assert letters(shown) == letters(spoken.written)


def test_every_rule_that_can_change_a_text_has_a_name_for_people() -> None:
    """Those met in the golden corpus, and those that stand in the code of the classes."""
    met = {span.rule for line in GOLDEN.splitlines() for span in normalise(line).spans}
    calls = re.compile(r'Reading\([^"\n]*(?:"[^"]*"[^"\n]*)*?,\s*"([a-z]+)"\)')
    written = {
        rule for file in CLASSES.glob("*.py") for rule in calls.findall(file.read_text("utf-8"))
    }

    assert len(met) > 15
    assert len(written) > 20
    assert (met | written) - WORDS["spoken_rule"].keys() == set()


def test_every_doubt_has_a_name_for_people() -> None:
    assert set(WORDS["spoken_doubt"]) == {"unread", "no_date", "two_ways"}


def packed(text: str) -> str:
    return "".join(text.split())


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
