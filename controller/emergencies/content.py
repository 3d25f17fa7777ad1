"""What an alert says, as a frozen value: asked by a person, checked, then never changed.

Who hears it is `target.py`, how it is worded for the ear `wording.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, ValidationError

from controller.areas.models import Area
from controller.errors import Invalid
from controller.programmes.service import origin_of
from wire.alert import (
    AlertStatus,
    Hazard,
    Issuer,
    Language,
    Repeat,
    Target,
)
from wire.message import Instant, Name, Sha256, Text, Value

LONGEST_MINUTES = 300
USUAL_MINUTES = 30
LONGEST_TEXT = 1500
ALWAYS = "vi"
EVERY_3_H, EVERY_1_H = 3 * 3600, 3600
LATEST_START = timedelta(hours=24)


class Content(Value):
    """What one revision of an alert says; `texts` as people wrote them, in the order spoken.

    `recordings` are sounds of the library for languages that no voice speaks. `starts_at` None is
    at once; it ends by itself after `minutes`.
    """

    status: AlertStatus
    hazard: Hazard
    level: int = Field(ge=1, le=5)
    target: Target
    texts: dict[Language, Text]
    recordings: dict[Language, Sha256] = Field(default_factory=dict)
    siren: Name | None = None
    siren_ms: int = Field(default=6000, ge=0, le=60_000)
    repeat: Repeat
    minutes: int = Field(ge=1, le=LONGEST_MINUTES)
    starts_at: Instant | None = None
    issuer: Issuer

    def stored(self) -> dict[str, Any]:
        """Return it as JSON, for its column."""
        return self.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person asks for. `area_id` speaks; `areas`, `shapes`, `exceptions` lie in it.

    Empty `areas` and `shapes` mean the whole of `area_id`. `shapes` are dicts as `wire.alert`
    has them. With `template_id` the template's words are taken where `texts` is empty.
    `repeat` None is the usual for the level.
    """

    area_id: str
    status: str
    hazard: str
    level: int
    texts: dict[str, str] = field(default_factory=dict)
    areas: tuple[str, ...] = ()
    shapes: tuple[dict[str, Any], ...] = ()
    exceptions: tuple[str, ...] = ()
    recordings: dict[str, str] = field(default_factory=dict)
    siren: str | None = None
    siren_ms: int = 6000
    repeat: dict[str, int] | None = None
    minutes: int | None = None
    starts_at: datetime | None = None
    template_id: str | None = None


def content_of(draft: Draft, area: Area, now: datetime) -> Content:
    """Check what was asked and return it as content, or raise Invalid with the first wrong field.

    The issuer is the area that speaks, with its own level: nobody chooses to speak as another.
    """
    values = {
        "status": draft.status,
        "hazard": draft.hazard,
        "level": draft.level,
        "target": _target(draft),
        "texts": {language: " ".join(text.split()) for language, text in draft.texts.items()},
        "recordings": draft.recordings,
        "siren": draft.siren or None,
        "siren_ms": draft.siren_ms,
        "repeat": draft.repeat or usual_repeat(draft.level).model_dump(),
        "minutes": USUAL_MINUTES if draft.minutes is None else draft.minutes,
        "starts_at": draft.starts_at,
        "issuer": {"name": area.name, "origin": origin_of(area)},
    }
    try:
        content = Content.model_validate(values)
    except ValidationError as error:
        raise _translated(error) from error
    _check_texts(content)
    _check_start(content, now)
    return content


def usual_repeat(level: int) -> Repeat:
    """Return the usual repeats: a round every 3 h up to level 3, every hour above.

    Decree 66/2021/ND-CP; the issuing command may ask for others.
    """
    return Repeat(count=3, gap_s=10, every_s=EVERY_3_H if level <= 3 else EVERY_1_H)


def stored_content(stored: dict[str, Any]) -> Content:
    """Read the column back."""
    return Content.model_validate(stored)


def _target(draft: Draft) -> dict[str, Any]:
    areas = draft.areas or (() if draft.shapes else (draft.area_id,))
    return {
        "areas": tuple(dict.fromkeys(areas)),
        "shapes": draft.shapes,
        "except": tuple(dict.fromkeys(draft.exceptions)),
    }


def _check_texts(content: Content) -> None:
    if not content.texts.get(ALWAYS, "").strip():
        raise Invalid(
            field="texts", why_vi="cần nội dung tiếng Việt", why_en="needs a text in Vietnamese"
        )
    for text in content.texts.values():
        if len(text) > LONGEST_TEXT or not any(map(str.isalnum, text)):
            raise Invalid(
                field="texts",
                why_vi=f"mỗi ngôn ngữ cần 1 đến {LONGEST_TEXT} chữ",
                why_en=f"each language needs 1 to {LONGEST_TEXT} letters",
            )
    if content.recordings and content.status is not AlertStatus.REAL:
        raise Invalid(
            field="recordings",
            why_vi="bản ghi âm không nói được đây là diễn tập, nên không dùng khi diễn tập",
            why_en="a recording cannot say that this is a drill, so none is used in one",
        )
    if stray := sorted(set(content.recordings) - set(content.texts)):
        raise Invalid(
            field="recordings",
            why_vi=f"thiếu nội dung cho {stray[0]}",
            why_en=f"there is no text for {stray[0]}",
        )


def _check_start(content: Content, now: datetime) -> None:
    if content.starts_at is not None and not now <= content.starts_at <= now + LATEST_START:
        raise Invalid(
            field="starts_at",
            why_vi="phải trong 24 giờ tới",
            why_en="must be within the next 24 hours",
        )


def _translated(error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return Invalid(field=name, why_vi="giá trị không hợp lệ", why_en=str(first["msg"]))
