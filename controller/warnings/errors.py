"""What can be wrong with a question about warnings."""

from controller.errors import Missing


class WarningMissing(Missing):
    """No warning of this number came from a source of the actor's areas; fact `id`."""

    code = "warning_missing"
    vi = "Không có cảnh báo {id}"
    en = "There is no warning {id}"


class DocumentMissing(Missing):
    """No alert of ours was released under this name; fact `id`."""

    code = "document_missing"
    vi = "Không có tin {id}"
    en = "There is no alert {id}"
