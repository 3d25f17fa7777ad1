"""What can be wrong with a request, as facts and a sentence in Vietnamese and English.

`web/problems.py` turns a class into an HTTP status once; nobody else thinks about HTTP.
"""

from typing import Any, ClassVar


class ControllerError(Exception):
    """Something a person asked for that cannot be done; `facts` fill the sentences."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    vi: ClassVar[str] = "Yêu cầu không thực hiện được"
    en: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(f"{self.sentence('vi')} / {self.sentence('en')}")

    def sentence(self, language: str = "vi") -> str:
        """Return the sentence for people, `vi` or `en`."""
        return (self.en if language == "en" else self.vi).format(**self.facts)


class Invalid(ControllerError):
    """A value that makes no sense; facts `field`, `why_vi`, `why_en`."""

    code = "invalid"
    status = 422
    vi = "{field}: {why_vi}"
    en = "{field}: {why_en}"


class Missing(ControllerError):
    """There is no such object; facts `what`, `id`."""

    code = "missing"
    status = 404
    vi = "Không tìm thấy {what} {id}"
    en = "There is no {what} {id}"


class Forbidden(ControllerError):
    """The person has no such right there; facts `action`, `area`."""

    code = "forbidden"
    status = 403
    vi = "Bạn không có quyền {action} tại {area}"
    en = "You may not {action} in {area}"


class Conflict(ControllerError):
    """The object is in a state that does not allow this; facts `why_vi`, `why_en`."""

    code = "conflict"
    status = 409
    vi = "{why_vi}"
    en = "{why_en}"
