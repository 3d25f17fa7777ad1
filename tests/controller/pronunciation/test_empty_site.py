"""A site without an entry reads exactly as the normaliser was proved: every golden line."""

from sqlalchemy.orm import Session

from controller.library.reading import reading_of
from controller.speech import normalise
from tests.controller.cast import Cast
from tests.controller.speech.test_golden import PAIRS


def test_the_dictionaries_of_an_empty_site_change_no_golden_line(
    session: Session, cast: Cast
) -> None:
    read = reading_of(session, cast.village)

    assert read.dictionaries == ()
    assert PAIRS
    assert [one for one, _ in PAIRS if read.normalised(one) != normalise(one)] == []
