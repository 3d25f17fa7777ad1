"""What two numbers with a stroke between them are: a date, a fraction, or so many of so many."""

import re
from typing import Literal

from controller.speech.classes.numerals import say_whole
from controller.speech.numbers import say_integer
from controller.speech.place import Place, Reading, words
from controller.speech.spoken import Doubt

Meaning = Literal["date", "fraction", "of"]

_PAIR = re.compile(r"([0-9]{1,4})/([0-9]{1,4})(?![0-9/]|[.,][0-9])")
_YEARS = re.compile(r"((?:19|20)[0-9]{2})/((?:19|20)[0-9]{2})(?![0-9/]|[.,][0-9])")
_SURELY_DATED = words("ngày mùng mồng hôm sáng trưa chiều tối đêm nay mai kia nhật tết dịp lễ kỳ")
_WEEKDAY = re.compile(r"thứ (?:hai|ba|tư|năm|sáu|bảy)\W*$|chủ nhật\W*$")
_RATE = frozenset(("tỷ lệ", "tỉ lệ", "tỷ lệ:", "bản đồ", "pha", "sức", "bằng", "công suất"))
_MAYBE_DATED = words("từ đến vào trước sau hết kể tới qua lúc giờ phút rạng ngày, và")
_NEARLY = words(
    "chiếm khoảng hơn gần bằng quá giảm tăng nhất mất còn được thiếu trên dưới đạt có nửa "
    "ngập cao sâu dài rộng đến thêm bớt chừng cỡ ít"
)
_HOUSES = words("huyết áp nhà kiệt ngõ hẻm ngách")
_PARTS = re.compile(
    r"\s?(?:số|tổng|diện tích|dân số|quân số|thời gian|chặng|quãng|giá|lượng|dung|chiều|mức|lương"
    r"|khối|công suất|thu nhập|sản lượng|chi phí|học phí|ngân sách|kinh phí|đoạn|phần|mái|bát|thìa"
    r"|thế giới|cả nước|viên|muỗng|cốc|lít|thân|trong số|nhu cầu|kế hoạch|tải trọng|nhà|căn nhà"
    r"|bánh|bể|hồ|mặt)\b"
)
_COUNTED = re.compile(
    r"\s?(?:tiêu chí|thôn|xã|phường|hộ|tổ|người|đại biểu|chỉ tiêu|phiếu|điểm|trường|em|cháu"
    r"|học sinh"
    r"|đơn vị|huyện|tỉnh|khu|ấp|bản|xóm|nội dung|mục tiêu|sản phẩm|công trình|cụm|loa|máy|trạm"
    r"|ngôi|ca|mẫu|giờ|h\b|ủy viên|đảng viên|chi bộ|thành viên|cán bộ|đồng chí|nhiệm vụ|tuyến|khẩu"
    r"|con|xe|lớp|câu|trận|suất|hồ sơ|tàu|thuyền|địa phương|TDP|đ/c|mmHg|hồ chứa|hạng mục|kW|buôn"
    r"|quận|tỷ|triệu|km|m2|ha|HTX|chi hội|hội viên|công dân|thanh niên|cơ sở)\b"
)


def what_is(place: Place, found: re.Match[str]) -> Meaning:
    """Say what `found`, two numbers with a stroke, is by what stands around it."""
    first, second = int(found[1]), int(found[2])
    after = place.text[found.end() : found.end() + 24]
    if place.last.strip("(,:;") in _SURELY_DATED or _WEEKDAY.search(place.left.lower()):
        return "date"
    if place.follows(_RATE, 2) or (_PARTS.match(after) and first < second):
        return "of" if "lớp" in place.words[-8:] else "fraction"
    if "lớp" in place.words[-8:] or (first, second) == (24, 7):
        return "of"  # 9/2 is the second of the ninth classes
    return _by_weaker_signs(place, found, after)


def _by_weaker_signs(place: Place, found: re.Match[str], after: str) -> Meaning:
    counted = _COUNTED.match(after) is not None
    if place.last in _MAYBE_DATED and not counted:
        return "date"
    if found[1].startswith("0") or found[2].startswith("0"):
        return "date"
    if counted or place.last in _HOUSES:
        return "of"
    is_less = int(found[1]) < int(found[2])
    return "fraction" if place.last in _NEARLY and is_less else "date"


def read_pair(place: Place) -> Reading | None:
    """Read two numbers with a stroke that are no date."""
    if years := _YEARS.match(place.text, place.start):
        said = ", ".join(say_integer(int(year), place.settings) for year in years.groups())
        return Reading(years.end(), said, "list")
    found = _PAIR.match(place.text, place.start)
    if found is None:
        return None
    first, second = (say_whole(found[n], place.settings) for n in (1, 2))
    meaning = what_is(place, found)
    if meaning == "fraction" and int(found[2]):
        said = f"{first} phần {'tư' if second == 'bốn' else second}"
        return Reading(found.end(), said, "fraction")
    if hours := re.compile(r"\s?h(?!\w)").match(place.text, found.end()):
        return Reading(hours.end(), f"{first} trên {second} giờ", "ratio")
    doubt: Doubt | None = (
        "no_date" if meaning == "date" and place.last.strip("(,:;") in _SURELY_DATED else None
    )
    return Reading(found.end(), f"{first} trên {second}", "ratio", doubt)
