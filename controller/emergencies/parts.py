"""What the routes and pages of alerts need beside the database: voice, second factor, words."""

from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app

from controller.emergencies.releasing import SecondFactor
from controller.emergencies.speech import Studio
from controller.emergencies.wording import ZONE

_NAME = "truyenthanh.emergencies"


@dataclass(frozen=True, slots=True)
class EmergencyParts:
    """What the routes need: what speaks, what checks a second factor, the site's own words."""

    studio: Studio
    verify: SecondFactor
    zone: str = ZONE
    own_words: Path | None = None


def install_emergencies(app: Flask, parts: EmergencyParts) -> None:
    """Give the parts to an app that registers the routes, or pages that do the same."""
    app.extensions[_NAME] = parts


def emergency_parts() -> EmergencyParts:
    """Return what the app was given."""
    found: EmergencyParts = current_app.extensions[_NAME]
    return found
