"""Why a message, a topic or a claim code is refused, as facts and a sentence in two languages."""

from typing import ClassVar


class WireError(Exception):
    """A message that must not be believed. `code` is stable and travels in receipts."""

    code: ClassVar[str] = "refused"
    vi: ClassVar[str] = "Thông điệp bị từ chối"
    en: ClassVar[str] = "The message is refused"

    def __init__(self, detail: str = "") -> None:
        self.detail = _printable(detail)
        super().__init__(f"{self.vi} / {self.en}" + (f": {self.detail}" if detail else ""))


class Malformed(WireError):
    """Not a message of this protocol: broken encoding, wrong type, missing or impossible field."""

    code = "malformed"
    vi = "Thông điệp sai định dạng"
    en = "The message is malformed"


class Forged(WireError):
    """The signature does not hold for the key it names."""

    code = "forged"
    vi = "Chữ ký không đúng"
    en = "The signature does not hold"


class UntrustedIssuer(WireError):
    """The issuing certificate does not come from a pinned root."""

    code = "untrusted"
    vi = "Chứng thư ký không thuộc gốc tin cậy"
    en = "The issuing certificate is not from a pinned root"


class Revoked(WireError):
    """The issuing certificate or device key was revoked."""

    code = "revoked"
    vi = "Khóa ký đã bị thu hồi"
    en = "The signing key has been revoked"


class OutOfScope(WireError):
    """The certificate may not say this, or not to this area or device."""

    code = "out_of_scope"
    vi = "Người ký không có quyền với địa bàn hoặc loại tin này"
    en = "The signer may not say this here"


class Expired(WireError):
    """The message or certificate is past its expiry, or not valid yet."""

    code = "expired"
    vi = "Thông điệp đã hết hạn hoặc chưa có hiệu lực"
    en = "The message has expired or is not valid yet"


class NotUnderstood(WireError):
    """A field listed in `crit` is unknown to this version."""

    code = "not_understood"
    vi = "Thông điệp có phần bắt buộc mà phiên bản này chưa hiểu"
    en = "The message has a critical part that this version does not understand"


class WrongTarget(WireError):
    """Addressed to another device or area."""

    code = "wrong_target"
    vi = "Thông điệp gửi cho nơi khác"
    en = "The message is addressed to another"


class RolledBack(WireError):
    """An older revision than the newest one seen, or other bytes under the same revision."""

    code = "rolled_back"
    vi = "Thông điệp cũ hơn bản đã có"
    en = "The message is older than the one already held"


def _printable(detail: str) -> str:
    """Return at most 200 characters, safe in a log line: a stranger may have chosen them."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in detail[:200]
    )
