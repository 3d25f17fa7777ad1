"""The sounds of a text, and which of them a person has listened to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from controller.emergencies.hearing import heard
from controller.people.rights import Actor


@dataclass(frozen=True, slots=True)
class Sound:
    """One language of a text: what is said, its sound, and whether the person listened to it."""

    language: str
    text: str
    sha256: str
    is_heard: bool


def sounds_of(
    session: Session, actor: Actor, about: str, texts: Mapping[str, str], audio: Mapping[str, Any]
) -> list[Sound]:
    """Return the sounds of an alert's or template's texts, in the order spoken."""
    known = heard(session, actor, about)
    return [
        Sound(name, text, audio[name]["sha256"], audio[name]["sha256"] in known)
        for name, text in texts.items()
        if name in audio
    ]
