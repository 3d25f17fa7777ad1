from datetime import date, timedelta

import pytest

from controller.speech import Settings, normalise
from tests.controller.speech.reading import number

FIRST, LAST = date(1900, 1, 1), date(2100, 12, 31)
FORMS = ("{0:02}/{1:02}/{2}", "{0}/{1}/{2}", "{0}-{1}-{2}", "{0}.{1}.{2}")


def test_every_day_of_two_centuries_is_said_as_that_day() -> None:
    days = (LAST - FIRST).days
    for offset in range(days + 1):
        day = FIRST + timedelta(days=offset)
        written = FORMS[offset % len(FORMS)].format(day.day, day.month, day.year)

        spoken = normalise(f"họp ngày {written}").text

        assert understood(spoken.removeprefix("họp ngày ")) == day, written


def understood(spoken: str) -> date:
    """Read `mùng năm tháng tư năm hai nghìn...` back; days 1-10 must come with mùng."""
    day_words, rest = spoken.split(" tháng ")
    month_words, year_words = rest.split(" năm ", 1)
    day = number(day_words.removeprefix("mùng "))
    assert day_words.startswith("mùng ") == (day <= 10)
    return date(number(year_words), 4 if month_words == "tư" else number(month_words), day)


@pytest.mark.parametrize("written", ["31/2/2025", "29/02/2023", "31/4/2025", "32/1/2025"])
def test_what_is_no_day_is_not_read_as_one_and_is_told(written: str) -> None:
    spoken = normalise(f"Họp ngày {written}.")

    assert "tháng" not in spoken.text
    assert [(one.doubt, one.text) for one in spoken.warnings] == [("no_date", written)]


def test_a_date_that_may_be_a_range_is_told() -> None:
    spoken = normalise("Nghỉ ngày 2-9.")

    assert spoken.text == "Nghỉ ngày mùng hai tháng chín."
    assert [one.doubt for one in spoken.warnings] == ["two_ways"]


def test_a_region_says_it_its_own_way() -> None:
    south = Settings(thousand="ngàn", empty_tens="lẻ", early_day="mồng")

    spoken = normalise("Ngày 5/9, có 1.005 hộ nhận 4‰.", south).text

    assert (
        spoken == "Ngày mồng năm tháng chín, có một ngàn không trăm lẻ năm hộ nhận bốn phần ngàn."
    )
