import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.speech import Settings, normalise
from controller.speech.numbers import say_digits, say_integer
from tests.controller.speech.reading import number

NORTH, SOUTH = Settings(), Settings(thousand="ngàn", empty_tens="lẻ")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "không"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (14, "mười bốn"),
        (105, "một trăm linh năm"),
        (1005, "một nghìn không trăm linh năm"),
        (10**6 + 5, "một triệu không trăm linh năm"),
        (1_050_000_000, "một tỷ không trăm năm mươi triệu"),
        (10**15, "một triệu tỷ"),
    ],
)
def test_a_number_is_said_as_at_school(value: int, words: str) -> None:
    assert say_integer(value, NORTH) == words


@given(st.integers(0, 10**15) | st.integers(0, 2000) | st.integers(0, 10**6))
def test_a_stranger_understands_the_number_that_was_said(value: int) -> None:
    assert number(say_integer(value, NORTH)) == value
    assert number(say_integer(value, SOUTH)) == value


@given(st.integers(0, 10**15))
def test_dots_between_thousands_change_nothing(value: int) -> None:
    dotted = f"{value:,}".replace(",", ".")

    assert number(normalise(f"có {dotted} cây").text[3:-4]) == value


def test_a_longer_number_is_said_digit_by_digit() -> None:
    assert say_integer(10**18, NORTH).startswith("một không không")
    assert say_digits("0913") == "không chín một ba"


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("3,25", "ba phẩy hai mươi lăm"),
        ("3,05", "ba phẩy không năm"),
        ("3,141", "ba phẩy một bốn một"),
        ("0,5", "không phẩy năm"),
        ("1.234.567,8", "một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy phẩy tám"),
    ],
)
def test_a_comma_is_phay_and_dots_group_thousands(written: str, spoken: str) -> None:
    assert normalise(f"là {written}.").text == f"là {spoken}."
