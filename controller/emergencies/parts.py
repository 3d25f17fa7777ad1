"""What the routes and pages of alerts need beside the database: a voice, and a second factor."""

from dataclasses import dataclass

from flask import Flask, current_app

from controller.emergencies.releasing import SecondFactor
from controller.emergencies.speech import Studio
from controller.emergencies.wording import ZONE

_NAME = "truyenthanh.emergencies"


@dataclass(frozen=True, slots=True)
class EmergencyParts:
    """What the routes need: what speaks, and what checks a second factor."""

    studio: Studio
    verify: SecondFactor
    zone: str = ZONE


def install_emergencies(app: Flask, parts: EmergencyParts) -> None:
    """Give the parts to an app that registers the routes, or pages that do the same."""
    app.extensions[_NAME] = parts


def emergency_parts() -> EmergencyParts:
    """Return what the app was given."""
    found: EmergencyParts = current_app.extensions[_NAME]
    return found
