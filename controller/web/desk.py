"""What every page of the console is given, and how it answers: a page, or "done, go there"."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from controller.config import Config
from controller.db import Clock, Sessions
from controller.errors import Invalid

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that pages work with. Read with `read_sessions`; write briefly with `sessions`."""

    config: Config
    sessions: Sessions
    read_sessions: Sessions
    clock: Clock

    def now(self) -> datetime:
        """Return this moment, for a use case."""
        return self.clock()


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
    """Return the page of a list that was asked for, 1 or more."""
    return max(1, request.args.get("page", 1, type=int))


def offset() -> int:
    """Return how many rows come before the page of a list that was asked for."""
    return (page_number() - 1) * PAGE_SIZE


def day_in(values: Mapping[str, str], name: str) -> date | None:
    """Return a day of a form or query, None where it is empty; raises Invalid."""
    if not (text := values.get(name, "").strip()):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field=name, why_vi="không phải ngày", why_en="is no date") from error


def number_in(values: Mapping[str, str], name: str) -> float | None:
    """Return a number of a form, None where it is empty; raises Invalid."""
    if not (text := values.get(name, "").strip().replace(",", ".")):
        return None
    try:
        return float(text)
    except ValueError as error:
        raise Invalid(field=name, why_vi="không phải số", why_en="is no number") from error
