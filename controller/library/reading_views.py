"""The part of an area's policy that says how texts are read there: voice, speed, words."""

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from controller.library import reading as readings
from controller.library.workshop import workshop
from controller.people.access import actor, now, reading, writing
from controller.people.places import area_in_sight
from controller.people.rights import allows
from controller.web.i18n import word
from controller.web.page import done, is_htmx, number_in, page

reading_views = Blueprint("reading", __name__, template_folder="templates")

SAMPLE = "UBND xã thông báo: ngày 05/4, mực nước 3,25m; 105 hộ, 21.500 đồng."


@reading_views.get("/areas/<area_id>/reading")
def area_reading(area_id: str) -> str:
    """Show how texts are read in an area, and let it be changed by who may."""
    with reading() as session:
        area = area_in_sight(session, actor(), area_id)
        read = readings.reading_of(session, area)
        return page(
            "library/_reading.html" if is_htmx() else "library/reading.html",
            area=area,
            own=readings.own_reading(session, area),
            parts=readings.effective_parts(session, area),
            voices=offered_voices(),
            is_offered=workshop().reader.offers(read.manner.voice),
            sample=read.in_words(SAMPLE),
            choices={name: [(one, one) for one in some] for name, some in readings.WORDS.items()},
            may_set=allows(actor(), "area.policy", area),
        )


@reading_views.post("/areas/<area_id>/reading")
def set_reading(area_id: str) -> AnyResponse:
    """Change it; empty takes a part from above."""
    form = request.form
    changes: dict[str, Any] = {name: form.get(name) or None for name in readings.PARTS}
    for name in ("speed", "pitch"):
        number = number_in(form, name)
        changes[name] = None if number is None else round(number)
    with writing() as session:
        readings.set_reading(
            session,
            actor=actor(),
            area_id=area_id,
            voices={voice for voice, _name in offered_voices()},
            now=now(),
            **changes,
        )
    return done(f"/areas/{area_id}", _("Đã lưu giọng và cách đọc"))


def offered_voices() -> list[tuple[str, str]]:
    """Return the id and name of each voice, in the language of the page."""
    return [(voice.id, word((voice.vi, voice.en))) for voice in workshop().reader.voices()]
