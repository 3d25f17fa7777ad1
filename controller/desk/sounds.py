"""The sounds of a text, which of them a person has listened to, and how its words are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from controller.areas.models import Area
from controller.emergencies.content import ALWAYS
from controller.emergencies.hearing import heard
from controller.library.preview_views import Shown, shown_of
from controller.library.reading import Reading, reading_of
from controller.people.rights import Actor


@dataclass(frozen=True, slots=True)
class Sound:
    """One language of a text: what is said, its sound, and whether the person listened to it.

    `shown` is how the written text became these words, None for what is not Vietnamese.
    """

    language: str
    text: str
    sha256: str
    is_heard: bool
    shown: Shown | None = None


def sounds_of(
    session: Session,
    actor: Actor,
    about: str,
    texts: Mapping[str, str],
    audio: Mapping[str, Any],
    area: Area,
    written: Mapping[str, str],
) -> list[Sound]:
    """Return the sounds of an alert's or template's words, in the order spoken.

    `texts` are the words, `written` what people wrote.
    """
    known = heard(session, actor, about)
    shown = shown_in(written, texts, reading_of(session, area), area.id)
    return [
        Sound(name, text, audio[name]["sha256"], audio[name]["sha256"] in known, shown.get(name))
        for name, text in texts.items()
        if name in audio
    ]


def shown_in(
    written: Mapping[str, str], said: Mapping[str, str], read: Reading, area_id: str
) -> dict[str, Shown]:
    """Return how the Vietnamese among texts by language is read; other languages have no rules.

    Nothing where the area would now read it in other words than those that are `said`: a
    template keeps the words that were heard.
    """
    return {
        name: shown_of(text, read, area_id)
        for name, text in written.items()
        if name == ALWAYS and read.normalised(text).text in said.get(name, "")
    }
