"""How every route of the console answers (a page, or "done, go there") and reads its forms."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from controller.errors import Invalid

PAGE_SIZE = 50
LAST_PAGE = 1_000_000
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)


def page(template: str, **values: Any) -> str:
    """Return a page."""
    return render_template(template, **values)


def done(url: str, said: str = "") -> AnyResponse:
    """Send the browser to another page, which shows what was said."""
    if said:
        flash(said)
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def is_htmx() -> bool:
    """Return whether a script of ours asks, and not the browser itself."""
    return "HX-Request" in request.headers


def page_number() -> int:
    """Return the page of a list that was asked for, 1 to a million."""
    return min(LAST_PAGE, max(1, request.args.get("page", 1, type=int)))


def offset() -> int:
    """Return how many rows come before the page of a list that was asked for."""
    return (page_number() - 1) * PAGE_SIZE


def day_in(values: Mapping[str, str], name: str) -> date | None:
    """Return a day of a form or query, 1970 to 2199, None where it is empty; raises Invalid."""
    if not (text := values.get(name, "").strip()):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field=name, why_vi="không phải ngày", why_en="is no date") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(field=name, why_vi="ngoài 1970-2199", why_en="is not within 1970-2199")
    return day


def number_in(values: Mapping[str, str], name: str) -> float | None:
    """Return a number of a form, None where it is empty; raises Invalid."""
    if not (text := values.get(name, "").strip().replace(",", ".")):
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(field=name, why_vi="không phải số", why_en="is no number")
    return number
