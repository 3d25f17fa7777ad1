"""Errors become pages here, once: the sentence in the person's language, and the status.

A form sent by a script gets the sentence alone, to stand beside the form; nothing typed is lost.
"""

import logging
from http import HTTPStatus

from flask import Flask, make_response, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from controller.errors import ControllerError
from controller.web.i18n import language, word
from controller.web.page import is_htmx, page
from controller.web.problems import problem_of
from controller.web.security import is_page

log = logging.getLogger(__name__)

_SENTENCES = {
    400: ("Yêu cầu không đúng dạng", "The request is malformed"),
    403: ("Bạn không có quyền làm việc này", "You may not do this"),
    404: ("Không có trang này, hoặc nó không thuộc địa bàn của bạn", "No such page for you"),
    405: ("Địa chỉ này không nhận cách gọi đó", "This address does not take that method"),
    413: ("Tệp gửi lên quá lớn", "The file is too large"),
    429: ("Quá nhiều lần, hãy đợi một lúc", "Too many attempts, wait a while"),
}
_BUG = ("Hệ thống gặp lỗi, đã ghi lại", "The system failed; this was written down")
_STALE = (
    "Trang đã cũ: hãy tải lại trang rồi làm lại",
    "The page is stale: reload it and try again",
)


def handle_pages(app: Flask) -> None:
    """Answer every error of an app: pages with a page, the rest with a problem document."""
    for kind in (ControllerError, HTTPException, Exception):
        app.register_error_handler(kind, _answer)


def _answer(error: Exception) -> AnyResponse:
    if not is_page():
        return problem_of(error)
    status, sentence = _said(error)
    if status == 500:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    template = "_problem.html" if is_htmx() else "error.html"
    return make_response(page(template, sentence=sentence, status=status), status)


def _said(error: Exception) -> tuple[int, str]:
    vi, en = getattr(error, "vi", None), getattr(error, "en", None)
    match error:
        case ControllerError():
            return error.status, error.sentence(language())
        case CSRFError():
            return 400, word(_STALE)
        case HTTPException():
            return _of_status(error.code or 500)
        case _ if isinstance(vi, str) and isinstance(en, str):
            return 422, word((vi, en))
    return 500, word(_BUG)


def _of_status(status: int) -> tuple[int, str]:
    phrase = HTTPStatus(status).phrase
    return status, word(_SENTENCES.get(status, (phrase, phrase)))
