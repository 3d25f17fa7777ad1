"""Why a message is refused, ignored or accepted: a stable code and a sentence in two languages."""

from dataclasses import dataclass, field

SENTENCES: dict[str, tuple[str, str]] = {
    # refused before it is understood
    "too_big": (
        "Tệp lớn hơn {limit} byte, mức tối đa được đọc",
        "The file is larger than {limit} bytes, the most that is read",
    ),
    "empty": ("Tệp rỗng", "The file is empty"),
    "unreadable": ("Không mở được tệp: {detail}", "The file cannot be opened: {detail}"),
    "encoding": (
        "Bảng mã {detail} không được nhận hoặc không đúng với nội dung",
        "The encoding {detail} is not accepted, or is not that of the bytes",
    ),
    "doctype": (
        "Có khai báo DOCTYPE, cách quen thuộc để tấn công; CAP không cần",
        "It holds a DOCTYPE, a well-known way to attack; CAP needs none",
    ),
    "not_xml": ("Không phải XML đúng cú pháp: {detail}", "It is not well-formed XML: {detail}"),
    "too_complex": (
        "XML có quá nhiều phần tử",
        "The XML has too many elements",
    ),
    "not_cap": (
        "Không phải bản tin CAP 1.2, 1.1 hoặc 1.0 ({detail})",
        "It is not a CAP 1.2, 1.1 or 1.0 message ({detail})",
    ),
    "ambiguous": (
        "Bản tin CAP {version} không rõ nghĩa: {detail}",
        "The CAP {version} message is ambiguous: {detail}",
    ),
    "schema": ("Sai lược đồ CAP 1.2: {detail}", "It breaks the schema of CAP 1.2: {detail}"),
    # refused by its signature
    "signature_invalid": (
        "Chữ ký sai: nội dung đã bị sửa hoặc ký bằng khóa khác",
        "The signature is wrong: the content was changed or another key signed it",
    ),
    "signature_form": (
        "Chữ ký không bao trùm đúng cả bản tin: {detail}",
        "The signature does not cover the whole message: {detail}",
    ),
    "signer_unknown": (
        "Người ký không thuộc danh sách tin cậy của nguồn này",
        "The signer is not among the trusted ones of this source",
    ),
    "certificate": (
        "Chứng thư ký không còn hoặc chưa có hiệu lực vào lúc kiểm tra",
        "The signer's certificate is not valid at the instant of checking",
    ),
    "signature_weak": (
        "Thuật toán ký {detail} quá yếu vào lúc kiểm tra",
        "The signature algorithm {detail} is too weak at the instant of checking",
    ),
    "unsigned": (
        "Nguồn này phải ký bản tin, nhưng bản tin không có chữ ký",
        "This source must sign, and the message has no signature",
    ),
    # refused by its meaning
    "identity": (
        "Trường {field} trống hoặc có ký tự cấm (khoảng trắng, dấu phẩy, <, &)",
        "The field {field} is empty or has a forbidden character (space, comma, <, &)",
    ),
    "instant": (
        "Thời điểm {field} không hợp lệ hoặc thiếu múi giờ: {value}",
        "The instant {field} is not valid or has no offset: {value}",
    ),
    "order": (
        "Thứ tự thời gian vô lý: {detail}",
        "The instants are in an impossible order: {detail}",
    ),
    "from_future": (
        "Bản tin được gửi sau lúc kiểm tra: {sent}",
        "It was sent after the instant of checking: {sent}",
    ),
    "references": (
        "Trường references không hợp lệ hoặc thiếu: {detail}",
        "The field references is missing or malformed: {detail}",
    ),
    "scope": (
        "Phạm vi {scope} nhưng không nói cho ai",
        "The scope is {scope} but it does not say for whom",
    ),
    "info_missing": (
        "Bản tin {msg_type} không có phần nội dung (info)",
        "A message of kind {msg_type} has no content (info)",
    ),
    "event_missing": ("Không ghi sự kiện (event)", "It names no event"),
    "polygon": ("Đa giác không hợp lệ: {detail}", "A polygon is not valid: {detail}"),
    "circle": ("Vòng tròn không hợp lệ: {detail}", "A circle is not valid: {detail}"),
    # ignored
    "not_actual": (
        "Trạng thái {status}: không phải cảnh báo thật",
        "Its status is {status}: not a real warning",
    ),
    "not_public": ("Phạm vi {scope}: không công khai", "Its scope is {scope}: not public"),
    "no_action": (
        "Loại {msg_type}: chỉ là phản hồi giữa các hệ thống",
        "Its kind is {msg_type}: an answer between systems",
    ),
    "expired": ("Đã hết hiệu lực lúc {ends_at}", "It expired at {ends_at}"),
    # accepted
    "in_force": ("Có hiệu lực đến {ends_at}", "In force until {ends_at}"),
    "in_force_later": ("Có hiệu lực từ {starts_at}", "In force from {starts_at}"),
    "cancels": ("Hủy {count} bản tin trước", "Cancels {count} earlier messages"),
    # accepted, and only proposed: why it did not go out without an officer
    "only_proposes": (
        "Nguồn này chỉ đề xuất, cán bộ duyệt phát",
        "This source only proposes; an officer releases",
    ),
    "unapproved": (
        "Việc nguồn này tự phát chưa có người thứ hai duyệt",
        "Nobody else has approved yet that this source may release",
    ),
    "not_signed": (
        "Chỉ bản tin có chữ ký đúng mới được tự phát",
        "Only what has a valid signature goes out without an officer",
    ),
    "level_above": (
        "Cấp {level} cao hơn cấp {upto} mà nguồn này được tự phát",
        "Level {level} is above {upto}, up to which this source may release",
    ),
    "sent_long_ago": (
        "Bản tin gửi lúc {sent}, đã quá {minutes} phút",
        "It was sent at {sent}, more than {minutes} minutes ago",
    ),
    "begins_later": ("Bản tin chưa bắt đầu có hiệu lực", "It does not hold yet"),
    "no_threat": (
        "Bản tin nói việc đã qua, đã hết hoặc khó xảy ra",
        "It says that this is past, over or unlikely",
    ),
    "hazard_unsure": (
        "Sự kiện {event} chưa có trong bảng, không chắc là loại gì",
        "The event {event} is not in the tables: what it is cannot be told for sure",
    ),
    "several_things": (
        "Bản tin nói nhiều loại hoặc nhiều cấp khác nhau",
        "It tells of several hazards or levels",
    ),
    "officers": (
        "Tin {alert} là của cán bộ; chỉ cán bộ được sửa",
        "Alert {alert} is an officer's; only officers change it",
    ),
    "out_already": (
        "Bản tin này đã được phát trước đó, có thể qua nguồn khác",
        "This message went out before, perhaps by another source",
    ),
    "too_often": (
        "Nguồn này đã tự phát {most} tin trong {minutes} phút",
        "This source released {most} within {minutes} minutes already",
    ),
    "release_failed": (
        "Không tự phát được do lỗi phần mềm; xem nhật ký máy chủ",
        "It could not go out because of a bug; look at the server's log",
    ),
    # notes: nothing is refused, but somebody should know
    "old_version": (
        "Bản tin CAP {version}, đã đọc như 1.2",
        "A CAP {version} message, read as 1.2",
    ),
    "expires_assumed": (
        "Không ghi hết hạn: coi như một giờ sau khi gửi",
        "It does not say when it expires: taken as one hour after it was sent",
    ),
    "expires_capped": (
        "Hạn dài hơn 24 giờ: chỉ tính 24 giờ",
        "It lasts longer than 24 hours: only 24 hours count",
    ),
    "empty_shape": ("Hình trống, bỏ qua", "An empty shape is left out"),
    "point": (
        "Vòng tròn bán kính 0 chỉ là một điểm, không chứa cụm loa nào",
        "A circle of radius 0 is a point and holds no cluster",
    ),
    "shape_unusable": (
        "Hình quá rộng hoặc vắt qua kinh tuyến 180°, không dùng được",
        "A shape is too wide or spans the date line and cannot be used",
    ),
    "polygon_thinned": (
        "Đa giác có {points} điểm, đã lược bớt, lệch không quá {tolerance_m} m",
        "A polygon of {points} points was thinned by at most {tolerance_m} m",
    ),
    "altitude": (
        "Giới hạn độ cao không được dùng",
        "Limits of altitude are not used",
    ),
    "geocode_unknown_scheme": (
        "Không biết loại mã {scheme}: không khớp nơi nào",
        "The geocode scheme {scheme} is unknown: it matches nothing",
    ),
    "geocode_unknown_code": (
        "Loại mã {scheme} không có mã {value} trong địa bàn của ta",
        "The geocode scheme {scheme} has no code {value} among our areas",
    ),
    "no_place": (
        "Bản tin không nêu nơi nào dùng được",
        "The message names no place that can be used",
    ),
    "unmapped_event": (
        "Sự kiện {event} chưa có trong bảng: xếp vào loại khác",
        "The event {event} is not in the tables: taken as other",
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of `SENTENCES` with its facts; `vi` and `en` are its sentences."""

    code: str
    facts: tuple[tuple[str, str], ...] = field(default=())

    @property
    def vi(self) -> str:
        """Return the sentence in Vietnamese."""
        return SENTENCES[self.code][0].format(**dict(self.facts))

    @property
    def en(self) -> str:
        """Return the sentence in English."""
        return SENTENCES[self.code][1].format(**dict(self.facts))


def because(code: str, **facts: object) -> Reason:
    """Return a reason; facts are cut to 200 characters, because strangers write them."""
    return Reason(code, tuple((name, str(value)[:200]) for name, value in facts.items()))


class CapRefused(Exception):
    """The message must not be believed; `reason` says why."""

    def __init__(self, code: str, **facts: object) -> None:
        self.reason = because(code, **facts)
        super().__init__(f"{self.reason.vi} / {self.reason.en}")
