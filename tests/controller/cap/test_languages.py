"""A warning in several languages is spoken in those of the area."""

import pytest

from controller.cap.languages import in_languages
from controller.cap.message import Info

VI, EN, FR = (
    Info("x", "Past", "Minor", "Observed", language=language)
    for language in ("vi-VN", "en-US", "fr-CA")
)
PLAIN_EN = Info("y", "Past", "Minor", "Observed", language="en")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["vi"], {"vi": (VI,)}),
        (["tay", "vi", "en"], {"vi": (VI,), "en": (PLAIN_EN,)}),
        (["EN-us"], {"EN-us": (EN,)}),
        (["en-GB"], {"en-GB": (EN,)}),
        (["tay"], {"vi-VN": (VI,)}),
        ([], {"vi-VN": (VI,)}),
    ],
)
def test_the_languages_of_the_area_decide(
    wanted: list[str], found: dict[str, tuple[Info, ...]]
) -> None:
    assert in_languages([VI, EN, FR, PLAIN_EN], wanted) == found


def test_two_infos_of_one_language_are_both_spoken() -> None:
    assert in_languages([VI, EN, VI], ["vi"]) == {"vi": (VI, VI)}


def test_no_words_are_no_words() -> None:
    assert in_languages([], ["vi"]) == {}
