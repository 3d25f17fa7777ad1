"""What people call the state of a cluster of an alert, and the reasons that devices give."""

from controller.emergencies.progress import Shown

SHOWN: dict[Shown, tuple[str, str]] = {
    Shown.WAITING: ("đang gửi", "being sent"),
    Shown.RECEIVED: ("đã nhận, chưa phát", "received, not sounding yet"),
    Shown.SOUNDING: ("đang phát", "sounding"),
    Shown.FINISHED: ("đã phát xong", "has sounded"),
    Shown.FAILED: ("không phát được", "could not sound it"),
    Shown.NOT_REACHED: ("không liên lạc được", "not reached"),
}
CODES = {
    "offline": ("thiết bị mất kết nối lúc phát đi", "its device was offline when it went out"),
    "no_sound": ("đã nhận nhưng không báo phát tiếng", "received, but no word of any sound"),
    "end_unreported": ("chưa có báo cáo kết thúc", "its end was not reported"),
    "not_targeted": (
        "thiết bị tính ra không thuộc vùng phát: kiểm tra địa bàn, vị trí",
        "the device judged itself outside: check its area and position",
    ),
    "joined": ("vào giữa chừng khi có mạng lại", "joined while it was on"),
    "unconfirmed": ("phát khi chưa xác nhận được với máy chủ", "sounded without confirmation"),
    "expired": ("tin đến khi đã hết hạn", "it came after its expiry"),
    "cancelled": ("tin đã bị hủy", "it was cancelled"),
    "forged": ("chữ ký không đúng", "the signature does not hold"),
    "untrusted": ("chứng thư ký không được tin cậy", "the signing certificate is not trusted"),
    "out_of_scope": ("khóa ký không có quyền tại đây", "the key may not speak here"),
}


def code_words(code: str) -> tuple[str, str] | None:
    """Return a reason in both languages, the bare code for a strange one, None for none."""
    return CODES.get(code, (code, code)) if code else None
