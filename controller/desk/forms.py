"""What the desk's forms say, read into the values of the use cases; wrong fields raise Invalid."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import get_timezone
from werkzeug.datastructures import MultiDict

from controller.desk.hears import shapes_in
from controller.emergencies.content import Draft
from controller.emergencies.models import AlertTemplate
from controller.emergencies.prepared import TemplateDraft
from controller.errors import Invalid
from wire.alert import AlertStatus

MINUTES = (15, 30, 60)
LANGUAGES = 4
"""How many languages beside Vietnamese a form offers."""
REPEATS = (0, 30, 60, 180)
"""Minutes between rounds that a form offers; 0 is one round."""

Form = MultiDict[str, str]


def draft_in(form: Form, area_id: str) -> Draft:
    """Return the free text of a form as a draft; only a real one names a siren."""
    status = status_in(form)
    siren = form.get("siren") if status == AlertStatus.REAL else None
    return Draft(
        area_id=area_id,
        status=status,
        hazard=form.get("hazard", ""),
        level=whole(form, "level", 0),
        texts=texts_in(form),
        siren=siren or None,
        repeat=repeat_in(form),
        minutes=minutes_in(form),
        **_target_in(form),
    )


def draft_of_template(form: Form, area_id: str, template: AlertTemplate) -> Draft:
    """Return a template for the place of a form, as a draft: its words, nobody else's."""
    return Draft(
        area_id=area_id,
        status=status_in(form),
        hazard=template.hazard,
        level=template.level,
        minutes=minutes_in(form) or template.minutes,
        template_id=template.id,
        **_target_in(form),
    )


def template_in(form: Form) -> TemplateDraft:
    """Return a template as a form says it."""
    return TemplateDraft(
        title=form.get("title", ""),
        hazard=form.get("hazard", ""),
        level=whole(form, "level", 0),
        texts=texts_in(form),
        siren=form.get("siren") or None,
        minutes=minutes_in(form) or MINUTES[1],
        repeat=repeat_in(form),
    )


def status_in(form: Form) -> str:
    """Return real, exercise or drill; nothing is taken for granted."""
    status = form.get("status", "")
    if status not in set(AlertStatus):
        raise Invalid(
            field="status",
            why_vi="hãy chọn phát thật, thực hành hay diễn tập",
            why_en="choose real, exercise or drill",
        )
    return status


def texts_in(form: Form) -> dict[str, str]:
    """Return the texts by language, Vietnamese first, without empty ones."""
    texts = {"vi": form.get("text_vi", "")}
    pairs = zip(form.getlist("language"), form.getlist("text"), strict=False)
    return texts | {name.strip(): text for name, text in pairs if name.strip() and text.strip()}


def minutes_in(form: Form) -> int | None:
    """Return how long it lasts: one of those offered, or another number; None where not said."""
    chosen = form.get("minutes", "")
    return whole(form, "other_minutes" if chosen == "other" else "minutes", 0) or None


def repeat_in(form: Form) -> dict[str, int] | None:
    """Return the repeat policy, None for the usual one of the level."""
    if form.get("every", "") == "":
        return None
    return {
        "count": whole(form, "count", 3),
        "gap_s": whole(form, "gap_s", 10),
        "every_s": 60 * whole(form, "every", 0),
    }


def local_time_in(form: Mapping[str, str], name: str) -> datetime:
    """Return a local date and time of a form as an instant."""
    try:
        return datetime.fromisoformat(form.get(name, "")).replace(tzinfo=get_timezone())
    except ValueError as error:
        raise Invalid(field=name, why_vi="không phải ngày giờ", why_en="is no time") from error


def whole(form: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number of a form; `default` where it is empty."""
    text = form.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(field=name, why_vi="không phải số", why_en="is no number")
    return int(text)


def _target_in(form: Form) -> dict[str, Any]:
    shapes = shapes_in(form.get("shapes", ""))
    return {
        "areas": tuple(form.getlist("areas")),
        "shapes": tuple(shape.model_dump() for shape in shapes),
        "exceptions": tuple(form.getlist("exceptions")),
    }
