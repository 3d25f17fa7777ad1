"""What every page may call a hazard, a status, a level, a reason or a siren."""

from collections.abc import Callable, Mapping

from controller.emergencies import sirens as patterns
from controller.emergencies.hazards import HAZARDS, LEVELS, STATUSES
from controller.emergencies.parts import emergency_parts
from controller.emergencies.reach_words import CODES
from controller.web.i18n import word, word_of
from wire.alert import AlertStatus, Hazard


def hazard_name(code: str) -> str:
    """Return what people call a hazard."""
    named = HAZARDS[Hazard(code)]
    return word((named.vi, named.en))


def status_name(code: str) -> str:
    """Return real, exercise or drill in capitals."""
    named = STATUSES[AlertStatus(code)]
    return word((named.vi, named.en))


def level_name(number: int) -> str:
    """Return a level with the name of its colour: `Cấp 3 · da cam`."""
    level = LEVELS[number]
    return word((f"{level.vi} · {level.colour_vi}", f"{level.en} · {level.colour_en}"))


def code_name(code: str) -> str:
    """Return what people call the reason of a device."""
    return word(CODES[code]) if code in CODES else word_of("reason", code)


def hazards() -> list[tuple[str, str]]:
    """Return the hazards for a choice."""
    return [(code, hazard_name(code)) for code in HAZARDS]


def levels() -> list[tuple[int, str]]:
    """Return the levels for a choice."""
    return [(number, level_name(number)) for number in LEVELS]


def sirens() -> tuple[patterns.Siren, ...]:
    """Return the sirens for a choice."""
    return patterns.sirens(emergency_parts().own_words)


NAMES: Mapping[str, Callable[..., object]] = {
    "hazard_name": hazard_name,
    "status_name": status_name,
    "level_name": level_name,
    "code_name": code_name,
    "hazards": hazards,
    "levels": levels,
    "sirens": sirens,
}
