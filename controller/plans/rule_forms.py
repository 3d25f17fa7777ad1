"""A schedule rule as people fill it in, and back: the usual ways to repeat have a form each.

What is none of them is shown and typed as an RRULE (RFC 5545). What the form has no field for (set
over the API) stays as it is stored.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from werkzeug.datastructures import MultiDict

from controller.errors import Invalid
from controller.programmes.models import ScheduleRule
from controller.programmes.rules import day_or_time
from controller.programmes.schedule import RuleDraft
from controller.web.page import day_in, number_in

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKING_DAYS = DAYS[:5]
_WEEKLY = re.compile(r"FREQ=WEEKLY;BYDAY=((?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:MO|TU|WE|TH|FR|SA|SU))*)")
_NTH = re.compile(r"FREQ=MONTHLY;BYDAY=(-1|[1-4])(MO|TU|WE|TH|FR|SA|SU)")


def draft_of(form: MultiDict[str, str], zone: str, stored: ScheduleRule | None = None) -> RuleDraft:
    """Return what a form asks for, of a new rule in `zone` or of a stored one; raises Invalid."""
    repeat = form.get("repeat", "once")
    draft = RuleDraft(
        dtstart=datetime.combine(_first_day(form), _start(form)),
        zone=zone,
        rrule=_rrule(form, repeat),
        lunar=_lunar(form) if repeat == "lunar" else None,
        valid_until=day_in(form, "valid_until"),
        duration_ms=_duration_ms(form, stored),
        target_areas=tuple(form.getlist("area")),
        target_clusters=tuple(form.getlist("cluster")),
    )
    return replace(draft, **_kept(stored, repeat)) if stored else draft


def form_of(row: ScheduleRule) -> dict[str, Any]:
    """Return the values of the form of a stored rule."""
    start = datetime.fromisoformat(row.dtstart)
    return {
        "first_day": start.date().isoformat(),
        "start": start.time().isoformat("minutes" if start.second == 0 else "seconds"),
        "valid_until": row.valid_until.isoformat() if row.valid_until else "",
        "minutes": _minutes(row),
        "areas": row.target_areas,
        "clusters": row.target_clusters,
        **repeat_of(row.rrule, row.lunar),
    }


def repeat_of(rrule: str | None, lunar: str | None) -> dict[str, Any]:
    """Return how a rule repeats, by the fields of the form."""
    if lunar:
        return {"repeat": "rrule" if rrule else "lunar", "rrule": rrule, "lunar": lunar}
    if not rrule:
        return {"repeat": "once"}
    if rrule == "FREQ=DAILY":
        return {"repeat": "daily"}
    if weekly := _WEEKLY.fullmatch(rrule):
        days = tuple(weekly[1].split(","))
        return (
            {"repeat": "weekdays"} if days == WORKING_DAYS else {"repeat": "weekly", "days": days}
        )
    if nth := _NTH.fullmatch(rrule):
        return {"repeat": "monthly", "nth": nth[1], "nth_day": nth[2]}
    return {"repeat": "rrule", "rrule": rrule}


def _kept(stored: ScheduleRule, repeat: str) -> dict[str, Any]:
    """Return what the form has no field for: it is replaced over the API only."""
    kept: dict[str, Any] = {
        "zone": stored.zone,
        "exdates": tuple(day_or_time(text) for text in stored.exdates),
        "rdates": tuple(datetime.fromisoformat(text) for text in stored.rdates),
        "valid_from": stored.valid_from,
    }
    if stored.rrule and stored.lunar and repeat == "rrule":
        kept["lunar"] = stored.lunar  # the form shows one of the two
    return kept


def _duration_ms(form: Mapping[str, str], stored: ScheduleRule | None) -> int | None:
    """Return the length in the form; one that was only shown, rounded, stays exactly as it is."""
    minutes = number_in(form, "minutes")
    if stored and form.get("minutes", "").strip() == _minutes(stored):
        return stored.duration_ms
    return round(minutes * 60_000) if minutes else None


def _minutes(row: ScheduleRule) -> str:
    return f"{round(row.duration_ms / 60_000, 2):g}" if row.duration_ms else ""


def _first_day(form: Mapping[str, str]) -> date:
    day = day_in(form, "first_day")
    if day is None:
        raise Invalid(field="Ngày đầu | First day", why_vi="hãy chọn", why_en="choose one")
    return day


def _start(form: Mapping[str, str]) -> time:
    try:
        return time.fromisoformat(form.get("start", ""))
    except ValueError as error:
        why_vi, why_en = "hãy chọn giờ, ví dụ 17:00", "choose a time such as 17:00"
        raise Invalid(field="Giờ | Time", why_vi=why_vi, why_en=why_en) from error


def _rrule(form: MultiDict[str, str], repeat: str) -> str | None:
    match repeat:
        case "daily":
            return "FREQ=DAILY"
        case "weekdays":
            return "FREQ=WEEKLY;BYDAY=" + ",".join(WORKING_DAYS)
        case "weekly":
            return "FREQ=WEEKLY;BYDAY=" + ",".join(_days(form))
        case "monthly":
            return f"FREQ=MONTHLY;BYDAY={form.get('nth', '1')}{form.get('nth_day', 'MO')}"
        case "rrule":
            return form.get("rrule", "").strip()
    return None


def _days(form: MultiDict[str, str]) -> list[str]:
    chosen = [day for day in DAYS if day in form.getlist("days")]
    if not chosen:
        why_vi, why_en = "chọn ít nhất một ngày trong tuần", "choose at least one weekday"
        raise Invalid(field="Ngày | Days", why_vi=why_vi, why_en=why_en)
    return chosen


def _lunar(form: Mapping[str, str]) -> str:
    return form.get("lunar", "").strip() or "days=1,15"
