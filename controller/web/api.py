"""What every JSON API route shares: its blueprint, its declared permission, pages, answers.

A route says what it needs with `@allow(action)`; one that says nothing is refused to everyone
(`people/access.py` is the guard). `controller/site.py` puts the blueprints together.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from flask import Response, request
from flask.json.provider import DefaultJSONProvider
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from controller.listing import LARGEST_LIMIT, Listing
from controller.web.problems import MIMETYPE, Problem, invalid_fields

PREFIX = "/api/v1"
PUBLIC = "public"
SIGNED_IN = "signed_in"
OWN_PASSWORD = "own_password"  # noqa: S105 - the name of a permission
ORDINARY_BYTES = 1024 * 1024

View = TypeVar("View", bound=Callable[..., Any])
_PERMISSION, _UPLOAD = "__truyenthanh_permission__", "__truyenthanh_upload__"
_WHY = {401: "no token", 403: "not allowed", 404: "missing", 409: "conflict", 422: "not valid"}


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a zero character, which no database keeps")
    return text


def _as_sent(value: object, info: ValidationInfo) -> object:
    return request.form.get(str(info.field_name), value)


Words = Annotated[str, AfterValidator(_printable)]
"""A text; databases cannot keep U+0000."""
FormWords = Annotated[str, BeforeValidator(_as_sent), AfterValidator(_printable)]
"""A text in a form; flask-openapi3 would read `2026` as a number and `null` as nothing."""
Key = Annotated[str, Field(max_length=64), AfterValidator(_printable)]
"""The id of something."""
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The id of something that is counted; wider ones do not fit the column."""


class Asked(BaseModel):
    """What a request says: a name that we do not know is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Told(BaseModel):
    """What an answer says, read from a row or a value."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(BaseModel):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=LARGEST_LIMIT)
    offset: int = Field(0, ge=0, le=1_000_000)


class StrictJson(DefaultJSONProvider):
    """Reads JSON as RFC 8259 has it: no NaN, and nesting beyond reason is malformed, not a bug."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read a document, or raise ValueError."""
        try:
            return super().loads(s, parse_constant=_no_number, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def make_openapi(title: str) -> OpenAPI:
    """Return an app whose routes describe themselves at `/api/v1/openapi.json`; no CDN is used."""
    app = OpenAPI(
        "controller.web",
        info=Info(title=title, version="1"),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        doc_prefix=PREFIX,
        validation_error_model=Problem,
        validation_error_callback=invalid_fields,
    )
    app.json = StrictJson(app)
    return app


def make_api(name: str, vi: str, en: str, *, tag: str = "") -> APIBlueprint:
    """Return the blueprint of one subject under `/api/v1`; `tag` joins it to another's heading."""
    return APIBlueprint(
        f"api_{name}",
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=tag or name, description=f"{vi} / {en}")],
        abp_security=[{"token": []}],
        abp_responses={status: _problem(why) for status, why in _WHY.items()},
        operation_id_callback=_operation_id,
    )


def allow(permission: str, *, takes_upload: bool = False) -> Callable[[View], View]:
    """Declare what a route needs: an action of `people.rights`, or one of the names above.

    A body is at most 1 MiB, unless the route takes an upload: then the setting decides.
    """

    def declare(view: View) -> View:
        setattr(view, _PERMISSION, permission)
        setattr(view, _UPLOAD, takes_upload)
        return view

    return declare


def permission_of(view: Callable[..., Any] | None) -> str | None:
    """Return what a route declared, None when it declared nothing."""
    return getattr(view, _PERMISSION, None)


def takes_upload(view: Callable[..., Any] | None) -> bool:
    """Return whether a route takes an upload."""
    return bool(getattr(view, _UPLOAD, False))


def answer(value: BaseModel, status: int = 200) -> Response:
    """Return a value as JSON."""
    return Response(value.model_dump_json(), status, mimetype="application/json")


def nothing() -> Response:
    """Return 204: it is done and there is nothing to say."""
    return Response(status=204)


def page(model: type[BaseModel], found: Listing[Any]) -> Response:
    """Return one page: `{"total": n, "items": [...]}`."""
    return page_of((model.model_validate(row) for row in found.rows), found.total)


def page_of(values: Iterable[BaseModel], total: int) -> Response:
    """Return values as one page of `total`."""
    body = ",".join(value.model_dump_json() for value in values)
    return Response(f'{{"total":{total},"items":[{body}]}}', mimetype="application/json")


def cut(rows: Iterable[Any], query: PageQuery) -> Listing[Any]:
    """Return the page of rows that are all in memory."""
    everything = tuple(rows)
    return Listing(everything[query.offset : query.offset + query.limit], len(everything))


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _operation_id(*, name: str, path: str, method: str) -> str:  # noqa: ARG001 - called by name
    return name


def _problem(why: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {"description": why, "content": {MIMETYPE: {"schema": schema}}}
