"""Errors become HTTP here, once: a problem document (RFC 9457) with the sentence in two languages.

`title` is the sentence in the person's language, `vi` and `en` are both. What the domain raises
carries `code`, its facts and two sentences; everything else gets one from its status.
"""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from controller.errors import ControllerError

log = logging.getLogger(__name__)

MIMETYPE = "application/problem+json"

_SENTENCES: Mapping[int, tuple[str, str]] = {
    400: ("Yêu cầu không đúng dạng", "The request is malformed"),
    401: ("Cần đăng nhập bằng mã truy cập", "Sign in with an access token"),
    403: ("Bạn không có quyền làm việc này", "You may not do this"),
    404: ("Không tìm thấy", "Not found"),
    405: ("Địa chỉ này không nhận cách gọi đó", "This address does not take that method"),
    413: ("Dữ liệu gửi lên quá lớn", "What was sent is too large"),
    415: ("Kiểu dữ liệu không được nhận", "This media type is not accepted"),
    416: ("Đoạn được hỏi nằm ngoài tệp", "The range lies outside the file"),
    422: ("Dữ liệu gửi lên không hợp lệ", "What was sent is not valid"),
    429: ("Gọi quá nhiều lần, hãy đợi một lúc", "Too many requests, wait a while"),
    500: ("Hệ thống gặp lỗi, đã ghi lại", "The system failed; this was written down"),
    503: ("Tạm thời chưa làm được, hãy thử lại", "Not possible right now, try again"),
}


class Problem(BaseModel):
    """A problem document (RFC 9457), as the API describes it."""

    type: str
    title: str
    status: int
    code: str
    vi: str
    en: str
    instance: str


def problem(
    status: int, code: str, vi: str, en: str, *, facts: Mapping[str, Any] | None = None
) -> Response:
    """Return a problem document; `facts` become its extension members."""
    wants_english = request.accept_languages.best_match(["vi", "en"], "vi") == "en"
    body = {
        "type": f"urn:truyenthanh:{code}",
        "title": en if wants_english else vi,
        "status": status,
        "code": code,
        "vi": vi,
        "en": en,
        "instance": request.path,
    }
    text = json.dumps({**(facts or {}), **body}, ensure_ascii=False, default=str)
    return Response(text.encode("utf-8", "replace"), status, content_type=MIMETYPE)


def problem_of_status(status: int, facts: Mapping[str, Any] | None = None) -> Response:
    """Return the problem document of an HTTP status that has no error of ours behind it."""
    phrase = HTTPStatus(status).phrase
    vi, en = _SENTENCES.get(status, (phrase, phrase))
    return problem(status, phrase.lower().replace(" ", "_"), vi, en, facts=facts)


def invalid_fields(error: ValidationError) -> Response:
    """Return 422 with one entry a wrong field, as pydantic tells it; for flask-openapi3."""
    wrong = [
        {"field": ".".join(str(part) for part in one["loc"]), "why": one["msg"]}
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return problem_of_status(422, {"errors": wrong})


def handle_problems(where: Flask | Blueprint) -> None:
    """Answer every error below an app or a blueprint with a problem document."""
    where.register_error_handler(ControllerError, _of_controller_error)
    where.register_error_handler(HTTPException, _of_http_exception)
    where.register_error_handler(Exception, _of_bug)


def problem_of(error: Exception) -> Response:
    """Return the problem document of any error; one that nobody foresaw is logged."""
    match error:
        case ControllerError():
            return _of_controller_error(error)
        case HTTPException():
            return _of_http_exception(error)
    return _of_bug(error)


def _of_controller_error(error: ControllerError) -> Response:
    answer = problem(
        error.status, error.code, error.sentence("vi"), error.sentence("en"), facts=error.facts
    )
    if "wait_s" in error.facts:
        answer.headers["Retry-After"] = str(error.facts["wait_s"])
    return answer


def _of_http_exception(error: HTTPException) -> Response:
    answer = problem_of_status(error.code or 500)
    kept = {"allow", "retry-after", "content-range", "www-authenticate"}
    for name, value in error.get_headers():
        if name.lower() in kept:
            answer.headers[name] = value
    return answer


def _of_bug(error: Exception) -> Response:
    known = _of_foreign_error(error)
    if known is not None:
        return known
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem_of_status(500)


def _of_foreign_error(error: Exception) -> Response | None:
    """Errors of the vocabularies and of the library carry `vi` and `en` and know no HTTP."""
    vi, en = getattr(error, "vi", None), getattr(error, "en", None)
    if not isinstance(vi, str) or not isinstance(en, str):
        return None
    code = str(getattr(error, "code", "refused"))
    status = 503 if getattr(error, "may_retry", False) else 404 if "missing" in code else 422
    return problem(status, code, vi, en)
