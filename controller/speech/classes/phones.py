"""Numbers that are said digit by digit: telephones, hotlines, accounts, papers, plates."""

import re

from controller.speech.classes.numerals import say_whole
from controller.speech.numbers import say_digits
from controller.speech.place import Place, Reading

_SEPARATED = r"[ .\-]?"
_DOMESTIC = re.compile(
    rf"(?:\(0[0-9]{{1,4}}\)|0[0-9]{{1,4}})(?:{_SEPARATED}[0-9]{{1,8}}){{1,5}}(?![0-9]|[.,][0-9])"
)
_ABROAD = re.compile(r"(?:\(\+[0-9]{1,3}\)|\+[0-9]{1,3})(?:[ .\-]?[0-9]{1,9}){1,6}(?![0-9])")
_FREE = re.compile(r"1[89]00(?:[ .-]?[0-9]{3,4}){1,2}(?:[ .-]?[0-9]{1,2})?(?![0-9]|[.,/][0-9])")
_SECOND_YEAR = re.compile(r"1[89]00\s?-\s?(?:1[89]|20)[0-9]{2}$")
_HOTLINE = re.compile(r"11[1-5](?![0-9]|[.,/][0-9]|\s?%)")
_MIXED_CODE = re.compile(r"[0-9][0-9.\-]{2,20}[A-Z][0-9A-Z.\-]{0,30}[0-9A-Z](?![^\W_])")
_LONG_ENOUGH = re.compile(r"[0-9]{3}|[0-9]{1,2}[ .\-][0-9]")
_ANY = re.compile(r"[0-9]{1,30}(?:[ .\-]?[0-9]{2,30}){0,6}(?![0-9]|[,/][0-9])")
_PLATE = re.compile(
    r"([0-9]{2})-?([A-Z][0-9]?)(?:\s?-\s?|[ .](?=[0-9]{3}\.))([0-9]{3}\.?[0-9]{2}"
    r"|[0-9]{4})(?![0-9])"
)
_CALLS = re.compile(
    r"(?:điện thoại|đường dây nóng|hotline|hót lai|tổng đài|số máy|di động|fax|zalo|đầu số|máy lẻ"
    r"|gọi"
    r"|nhắn tin|gọi số|gọi ngay|gọi điện|liên hệ|máy nhánh|viber|trực ban|liên lạc|bàn)"
    r"(?: (?:số|đến|tới|qua|nóng|ngay|theo|cho|di động|thoại|máy|điện|tư vấn|hỗ trợ"
    r"|khẩn cấp))*[ :.(]*$"
)
_CALLED = re.compile(
    r"(?:gọi|điện thoại|nóng|hotline|hót lai|tổng đài|liên hệ|cấp cứu|cảnh sát|cứu hỏa|cứu nạn|báo"
    r"|phòng cháy|chữa cháy|trẻ em|số máy|đầu số|bấm|quay số|liên lạc|khẩn cấp)[^.;\n]{0,40}$"
)
_SHORT = re.compile(r"[0-9]{3,5}(?![0-9]|[.,/][0-9]|\s?%)")
_SWITCHBOARD = re.compile(
    r"(?:tổng đài|đường dây nóng|hotline)[^.,;\n]{0,40}$|(?:soạn|nhắn)[^.;\n]{0,50}gửi(?: đến"
    r"| tới| số)*[ :]*$"
)
_CODES = re.compile(
    r"(?:tài khoản|số tài khoản|mã số thuế|mã số|căn cước|căn cước công dân|chứng minh nhân dân|mã"
    r"|định danh cá nhân|mã hồ sơ|số hiệu|mã vạch|mật khẩu|mã xác nhận|số thẻ|số seri|biển số"
    r"|mã bưu chính"
    r"|ô tê pê|biển kiểm soát|thẻ bảo hiểm y tế|sổ bảo hiểm xã hội)(?: (?:số|là|cá nhân))*[ :.]*$"
)
_COUNTS = re.compile(
    r"\s(?:hộ|người|ha|con|trường hợp|ngôi|nhà|em|cháu|học sinh|đại biểu|cán bộ|m|km|kg|tấn|tỷ"
    r"|triệu"
    r"|nghìn|ngàn|đồng|lượt|ca|căn|chiếc|xe|suất|phần|đảng viên|hội viên|đồng chí|điểm|cây|hồ sơ"
    r"|mét"
    r"|năm|ngày|tháng|tuổi|xã|thôn|bản|tổ|đội|thành viên|tàu|phương tiện|vụ|lít|giờ|phút|hồ|trạm"
    r"|mô)"
    r"(?!\w)"
)


def read_phone(place: Place) -> Reading | None:
    """Read a telephone number, a hotline, or a number that is the name of a paper or account."""
    return (
        _read_plate(place)
        or _read_free(place)
        or _read_domestic(place)
        or _read_called(place)
        or _read_code(place)
    )


def read_abroad(place: Place) -> Reading | None:
    """Read +84 912 345 678, from the plus sign on."""
    found = _ABROAD.match(place.text, place.start)
    if found is None or not 8 <= _digits(found[0]) <= 15:
        return None
    return Reading(found.end(), f"cộng {say_digits(found[0])}", "phone")


def _read_domestic(place: Place) -> Reading | None:
    found = _DOMESTIC.match(place.text, place.start)
    if found is None or not 9 <= _digits(found[0]) <= 11:
        return None
    return Reading(found.end(), say_digits(found[0]), "phone")


def read_bracketed(place: Place) -> Reading | None:
    """Read (0234) 3822 123 and (+84) 905 123 456 from the bracket on."""
    return _read_domestic(place) or read_abroad(place)


def _read_free(place: Place) -> Reading | None:
    found = _FREE.match(place.text, place.start)
    if found is None or _SECOND_YEAR.match(found[0]):
        return None
    return Reading(found.end(), say_digits(found[0]), "phone")


def _read_called(place: Place) -> Reading | None:
    """Read 114 when somebody calls it, and any number right after `điện thoại:` and the like."""
    if _LONG_ENOUGH.match(place.text, place.start) is None:
        return None
    left = place.left.lower()
    hot = _HOTLINE.match(place.text, place.start)
    if hot and not _COUNTS.match(place.text, hot.end()):
        again = place.goes_on("phone", gaps=r"\W*(?:và|hoặc|hay|,|-|/)?\W*")
        if again or _CALLED.search(left):
            return Reading(hot.end(), say_digits(hot[0]), "phone")
    if _CALLS.search(left) or (_SHORT.match(place.text, place.start) and _SWITCHBOARD.search(left)):
        return _digit_by_digit(place, at_least=3, rule="phone")
    return None


def _read_code(place: Place) -> Reading | None:
    if _LONG_ENOUGH.match(place.text, place.start) and _CODES.search(place.left.lower()):
        return _read_mixed_code(place) or _digit_by_digit(place, at_least=4, rule="code")
    return None


def _read_mixed_code(place: Place) -> Reading | None:
    """Read 000.00.19.H57-250101: digits one by one, letters as they are."""
    found = _MIXED_CODE.match(place.text, place.start)
    if found is None:
        return None
    pieces = re.findall(r"[A-Z]+|[0-9]+", found[0])
    said = " ".join(piece if piece.isalpha() else say_digits(piece) for piece in pieces)
    return Reading(found.end(), said, "code")


def _digit_by_digit(place: Place, at_least: int, rule: str) -> Reading | None:
    found = _ANY.match(place.text, place.start)
    if found is None or _digits(found[0]) < at_least or _COUNTS.match(place.text, found.end()):
        return None
    return Reading(found.end(), say_digits(found[0]), rule)


def _read_plate(place: Place) -> Reading | None:
    found = _PLATE.match(place.text, place.start)
    if found is None:
        return None
    series = found[2] if found[2].isalpha() else f"{found[2][:-1]} {say_digits(found[2][-1])}"
    area = say_whole(found[1], place.settings)
    return Reading(found.end(), f"{area} {series} {say_digits(found[3])}", "plate")


def _digits(text: str) -> int:
    return sum(letter in "0123456789" for letter in text)
