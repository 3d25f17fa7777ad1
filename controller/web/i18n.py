"""The console's two languages: pages are written in Vietnamese, `translations/en.po` has the rest.

The catalog is small, so it is read as it is; there is no compiled file that could be older.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from babel.support import NullTranslations
from flask import Flask, g, request
from flask_babel import Babel, Domain, format_date, format_datetime, format_time

from controller.web.words import WORDS, Pair

LANGUAGES = ("vi", "en")
COOKIE = "tt_language"
CATALOG = Path(__file__).parent / "translations" / "en.po"


class Catalog(NullTranslations):
    """English by the Vietnamese text; what is missing stays Vietnamese."""

    def __init__(self, english: dict[str, str]) -> None:
        super().__init__()
        self._english = english

    def gettext(self, message: str) -> str:
        """Return the English text."""
        return self._english.get(message) or message

    ugettext = gettext


class Languages(Domain):  # type: ignore[misc] # flask-babel ships no types
    """Vietnamese as it is written, English from the catalog."""

    def __init__(self, english: dict[str, str]) -> None:
        super().__init__()
        self._english, self._as_written = Catalog(english), NullTranslations()

    def get_translations(self) -> NullTranslations:
        """Return the translations of the language of this request."""
        return self._english if language() == "en" else self._as_written


def read_catalog(path: Path = CATALOG) -> dict[str, str]:
    """Return the English text of every Vietnamese one."""
    with path.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id}


def language() -> str:
    """Return `vi` or `en`: this browser's choice, else the person's, else Vietnamese."""
    actor = g.get("actor")
    wanted = request.cookies.get(COOKIE) or (actor.language if actor else "")
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def word(pair: Pair) -> str:
    """Return the one of two texts that fits the language of this request."""
    return pair[1] if language() == "en" else pair[0]


def word_of(table: str, code: str) -> str:
    """Return what people call a code of a table in `words.py`; the code itself if it has none."""
    pair = WORDS[table].get(code)
    return word(pair) if pair else code


def words(table: str) -> list[tuple[str, str]]:
    """Return the codes of a table with what people call them, for a choice."""
    return [(code, word(pair)) for code, pair in WORDS[table].items()]


def speak(app: Flask, zone: str) -> None:
    """Teach an app the two languages, and to write instants in the zone of its areas."""
    babel = Babel(app, default_locale="vi", default_timezone=zone, locale_selector=language)
    babel.domain_instance = Languages(read_catalog())
    app.jinja_env.globals.update(language=language, word=word, word_of=word_of, words=words)
    app.jinja_env.filters.update(hour=_hour, day=_day, moment=_moment, wall=_wall, span=span)


def _hour(instant: datetime) -> str:
    near = _nearest_second(instant)
    return str(format_time(near, _time_of(near)))


def _day(instant: Any) -> str:
    return str(format_date(instant, "EEEE, dd/MM/yyyy" if language() == "vi" else "EEE d MMM yyyy"))


def _moment(instant: datetime, *, rebase: bool = True) -> str:
    near = _nearest_second(instant)
    time = _time_of(near)
    pattern = f"{time}, EEEE dd/MM/yyyy" if language() == "vi" else f"EEE d MMM yyyy, {time}"
    return str(format_datetime(near, pattern, rebase=rebase))


def _time_of(instant: datetime) -> str:
    """Return the pattern of a time of day: seconds only where they are not zero."""
    return "HH:mm:ss" if instant.second else "HH:mm"


def _nearest_second(instant: datetime) -> datetime:
    """Return what people call an instant: a start 4 ms before 17:00 is at 17:00."""
    return (instant + timedelta(milliseconds=500)).replace(microsecond=0)


def _wall(text: str) -> str:
    """Return wall time, or a whole day, that a schedule rule has as ISO text."""
    if "T" not in text:
        return _day(date.fromisoformat(text))
    return _moment(datetime.fromisoformat(text), rebase=False)


def span(milliseconds: int | None) -> str:
    """Return a length as minutes and seconds, `3:05`, or hours, `1:00:00`."""
    seconds = round((milliseconds or 0) / 1000)
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours}:{minutes % 60:02}:{seconds % 60:02}"
    return f"{minutes}:{seconds % 60:02}"
