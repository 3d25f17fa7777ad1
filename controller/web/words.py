"""What people call the codes of tables and messages: Vietnamese and English, decides nothing."""

from collections.abc import Mapping

from wire.errors import WireError

Pair = tuple[str, str]

BROADCAST_STATES: Mapping[str, Pair] = {
    "planned": ("Theo kế hoạch", "Planned"),
    "expected": ("Sắp phát", "Coming up"),
    "at_risk": ("Có nguy cơ không phát", "At risk"),
    "playing": ("Đang phát", "Playing"),
    "played": ("Đã phát", "Played"),
    "partly": ("Phát một phần", "Partly played"),
    "missed": ("Không phát", "Missed"),
    "unreported": ("Chưa có biên nhận", "Unreported"),
    "withdrawn": ("Đã rút", "Withdrawn"),
}

MARKS: Mapping[str, Pair] = {
    "planned": ("○", "○"),
    "expected": ("◷", "◷"),
    "at_risk": ("▲", "▲"),
    "playing": ("▶", "▶"),
    "played": ("✔", "✔"),
    "partly": ("◐", "◐"),
    "missed": ("✖", "✖"),
    "unreported": ("?", "?"),
    "withdrawn": ("–", "–"),
}

REASONS: Mapping[str, Pair] = {
    "device_offline": ("thiết bị mất kết nối", "the device is offline"),
    "plan_not_taken": ("thiết bị chưa nhận kế hoạch mới", "the device has not taken the new plan"),
    "clock_untrusted": ("đồng hồ thiết bị chưa tin được", "the device's clock is not trusted"),
    "output_dead": ("ngõ ra âm thanh không chạy", "the output is dead"),
    "audio_missing": ("thiết bị chưa có đủ tệp âm thanh", "audio is missing on the device"),
    "no_receipt": ("thiết bị không gửi biên nhận đúng hạn", "no receipt came in time"),
    "outranked": ("nhường cho mục ưu tiên hơn", "something of higher rank played"),
    "replanned": ("kế hoạch đã đổi", "the plan was changed"),
    "stopped": ("bị dừng theo lệnh", "it was stopped by a command"),
    "late": ("đến lượt quá trễ", "its turn came too late"),
    "partial": ("chỉ phát được một phần", "only a part of it sounded"),
    "joined": ("vào giữa chừng sau khi khởi động lại", "it was joined in the middle"),
    "off": ("thiết bị tắt vào lúc đó", "the device was off at that time"),
    "no_audio": ("thiết bị chưa tải được tệp âm thanh", "the device did not have the audio"),
    "no_sound": ("nguồn không phát ra tiếng", "the source gave no sound"),
    "no_output": ("ngõ ra âm thanh không chạy", "the output did not work"),
    "unknown_output": ("thiết bị không có ngõ ra này", "the device has no such output"),
    "amplifier": ("lỗi ampli", "the amplifier failed"),
    "disk": ("lỗi bộ nhớ của thiết bị", "the device's disk failed"),
    "storage": ("bộ nhớ của thiết bị đầy hoặc hỏng", "the device's storage is full or broken"),
    "bug": ("lỗi phần mềm của thiết bị", "a bug in the device's software"),
    "wake_unsupported": (
        "thiết bị chưa gọi được từng cụm loa bằng RDS",
        "the device cannot call its clusters by RDS",
    ),
    "no_address": ("cụm loa chưa có địa chỉ gọi đúng", "a cluster has no proper address"),
    "calls": ("không đủ thời gian gọi các cụm loa", "there was no time to call the clusters"),
    **{kind.code: (kind.vi, kind.en) for kind in WireError.__subclasses__()},
}

INCIDENTS: Mapping[str, Pair] = {
    "device_offline": ("Thiết bị mất kết nối", "Device offline"),
    "output_dead": ("Ngõ ra âm thanh không chạy", "Output is dead"),
    "clock_untrusted": ("Đồng hồ chưa tin được", "Clock is not trusted"),
    "device_fault": ("Thiết bị báo lỗi", "Device reports a fault"),
    "message_refused": ("Thiết bị từ chối một bản tin điều khiển", "Device refused a message"),
    "forged_report": ("Báo cáo giả mạo", "Forged report"),
    "broadcast_at_risk": ("Buổi phát có nguy cơ", "Broadcast at risk"),
    "broadcast_missed": ("Buổi phát không thực hiện được", "Broadcast missed"),
    "local_alert": ("Báo động tại chỗ", "Local alert"),
    "plan_too_large": (
        "Kế hoạch quá dài, thiết bị giữ bản cũ",
        "Plan too large, the device keeps the old one",
    ),
    "warnings_silent": ("Nguồn cảnh báo không trả lời", "Source of warnings does not answer"),
    "warnings_refused": (
        "Nguồn cảnh báo gửi bản tin không đúng chữ ký",
        "Source of warnings sends what is not signed right",
    ),
    "pack_missing": ("Chưa có gói khẩn cấp mới nhất", "Emergency pack not up to date"),
    "rule_refused": ("Lịch phát không còn hợp lệ", "Schedule rule no longer valid"),
}

PRESENCE: Mapping[str, Pair] = {
    "online": ("● Trực tuyến", "● Online"),
    "offline": ("✖ Ngoại tuyến", "✖ Offline"),
    "lost": ("▲ Mất liên lạc", "▲ Lost"),
    "never": ("○ Chưa kết nối", "○ Never connected"),
}

DEVICE_STATES: Mapping[str, Pair] = {
    "new": ("Chưa ghi danh", "Not enrolled"),
    "enrolled": ("Đã ghi danh", "Enrolled"),
    "revoked": ("Đã thu hồi", "Revoked"),
}

VERSION_STATES: Mapping[str, Pair] = {
    "draft": ("Bản nháp", "Draft"),
    "submitted": ("Chờ duyệt", "Waiting for approval"),
    "approved": ("Đã duyệt", "Approved"),
    "returned": ("Trả lại", "Returned"),
    "superseded": ("Đã thay thế", "Superseded"),
    "withdrawn": ("Đã rút lại", "Withdrawn"),
}

ROLES: Mapping[str, Pair] = {
    "operator": ("Cán bộ truyền thanh", "Operator"),
    "approver": ("Người duyệt", "Approver"),
    "authority": ("Cấp trên", "Authority"),
    "technician": ("Kỹ thuật viên", "Technician"),
    "administrator": ("Quản trị viên", "Administrator"),
}

KINDS: Mapping[str, Pair] = {
    "bulletin": ("Bản tin", "Bulletin"),
    "music": ("Âm nhạc", "Music"),
    "chime": ("Nhạc hiệu", "Chime"),
    "jingle": ("Nhạc cắt", "Jingle"),
    "spot": ("Thông báo ngắn", "Spot"),
}

CLASSES: Mapping[str, Pair] = {
    "normal": ("Thường", "Normal"),
    "priority": ("Ưu tiên", "Priority"),
    "emergency": ("Khẩn cấp", "Emergency"),
}

ORIGINS: Mapping[str, Pair] = {
    "central": ("Trung ương", "Central"),
    "province": ("Tỉnh", "Province"),
    "district": ("Vùng, huyện", "District"),
    "commune": ("Xã", "Commune"),
    "village": ("Thôn", "Village"),
}

AREA_KINDS: Mapping[str, Pair] = {
    "country": ("Quốc gia", "Country"),
    "province": ("Tỉnh, thành phố", "Province"),
    "district": ("Huyện", "District"),
    "region": ("Vùng", "Region"),
    "commune": ("Xã, phường", "Commune"),
    "village": ("Thôn, tổ", "Village"),
}

CLUSTER_KINDS: Mapping[str, Pair] = {
    "ip": ("Loa IP", "IP loudspeakers"),
    "fm": ("Loa FM qua bộ phát", "FM by a transmitter"),
    "wired": ("Loa có dây", "Wired loudspeakers"),
}

CLOCKS: Mapping[str, Pair] = {
    "none": ("chưa có giờ", "no time yet"),
    "holdover": ("giữ giờ", "holding over"),
    "trusted": ("tin cậy", "trusted"),
}

RECEIPTS: Mapping[str, Pair] = {
    "received": ("Đã nhận", "Received"),
    "refused": ("Từ chối", "Refused"),
    "started": ("Bắt đầu phát", "Started"),
    "finished": ("Phát xong", "Finished"),
    "skipped": ("Bỏ qua", "Skipped"),
    "missed": ("Không phát", "Missed"),
    "fell_back": ("Chuyển sang âm thanh dự phòng", "Fell back"),
    "came_back": ("Trở lại nguồn chính", "Came back"),
    "executed": ("Đã thực hiện lệnh", "Executed"),
    "fault": ("Báo lỗi", "Fault"),
    "repaired": ("Hết lỗi", "Repaired"),
}

ALERT_STATES: Mapping[str, Pair] = {
    "drafted": ("Đang soạn", "Being drafted"),
    "awaiting": ("Chờ duyệt phát", "Waiting for release"),
    "counting": ("Sắp phát", "About to go out"),
    "released": ("Đang hiệu lực", "In force"),
    "cancelled": ("Đã hủy", "Cancelled"),
    "ended": ("Đã kết thúc", "Ended"),
    "withdrawn": ("Đã rút, chưa phát", "Withdrawn, never sent"),
    "replaced": ("Đã có bản mới", "Replaced"),
    "lapsed": ("Quá hạn, chưa phát", "Lapsed, never sent"),
}

ALERT_ACTIONS: Mapping[str, Pair] = {
    "alert": ("Phát", "Alert"),
    "update": ("Cập nhật", "Update"),
    "cancel": ("Hủy", "Cancel"),
    "end": ("Kết thúc", "End"),
}

ALERT_BANDS: Mapping[str, Pair] = {
    "real": ("● PHÁT THẬT", "● REAL ALERT"),
    "exercise": ("▨ THỰC HÀNH, không phải thật", "▨ EXERCISE, not real"),
    "drill": ("▨ DIỄN TẬP, không phải thật", "▨ DRILL, not real"),
}

REACH: Mapping[str, Pair] = {
    "meant": ("Sẽ kêu", "Will sound"),
    "waiting": ("Đang gửi", "Being sent"),
    "received": ("Đã nhận", "Received"),
    "sounding": ("Đang kêu", "Sounding"),
    "finished": ("Đã kêu xong", "Has sounded"),
    "failed": ("Lỗi", "Failed"),
    "not_reached": ("Không liên lạc được", "Not reached"),
}

REACH_MARKS: Mapping[str, Pair] = {
    "meant": ("●", "●"),
    "waiting": ("…", "…"),
    "received": ("↓", "↓"),
    "sounding": ("♪", "♪"),
    "finished": ("✔", "✔"),
    "failed": ("✖", "✖"),
    "not_reached": ("?", "?"),
}

FACTORS: Mapping[str, Pair] = {
    "totp": ("mã xác thực", "authenticator code"),
    "recovery": ("mã dự phòng", "recovery code"),
    "": ("không cần mã", "no code needed"),
}

TEMPLATE_STATES: Mapping[str, Pair] = {
    "drafted": ("Chờ duyệt", "Waiting for approval"),
    "approved": ("Đã duyệt", "Approved"),
    "retired": ("Không dùng nữa", "Retired"),
}

WARNING_GROUPS: Mapping[str, Pair] = {
    "waiting": ("◷ Chờ quyết định", "◷ To be decided"),
    "for_us": ("✔ Cho địa bàn này", "✔ For us"),
    "elsewhere": ("○ Không cho địa bàn này", "○ Not for us"),
    "ignored": ("– Bỏ qua", "– Ignored"),
    "refused": ("✖ Từ chối", "✖ Refused"),
}

WARNING_GROUPS_HELP: Mapping[str, Pair] = {
    "waiting": (
        "đáng tin, có cụm loa của ta trong vùng: một cán bộ nhận xử lý hoặc bỏ qua",
        "believed, and clusters of ours lie in it: an officer takes it up or dismisses it",
    ),
    "for_us": (
        "đáng tin và cho ta: đã được xử lý, đã có bản mới, hoặc đã hết hạn",
        "believed and for us: dealt with, replaced by a newer one, or over",
    ),
    "elsewhere": (
        "đáng tin, nhưng không cụm loa nào của ta nằm trong vùng",
        "believed, but no cluster of ours lies in it",
    ),
    "ignored": (
        "thử nghiệm, diễn tập, không công khai, hoặc đã hết hạn khi tới nơi",
        "a test, an exercise, not public, or over when it came",
    ),
    "refused": (
        "không đáng tin: sai chữ ký, sai dạng, hoặc vô lý; không ai được phát theo nó",
        "not to be believed: a wrong signature, malformed, or without sense",
    ),
}

OUTCOMES: Mapping[str, Pair] = {
    "accepted": ("Được chấp nhận", "Accepted"),
    "ignored": ("Được bỏ qua", "Ignored"),
    "refused": ("Bị từ chối", "Refused"),
}

SIGNATURES: Mapping[str, Pair] = {
    "none": ("○ không có chữ ký", "○ not signed"),
    "valid": ("✔ chữ ký đúng", "✔ signature holds"),
    "invalid": ("✖ chữ ký sai", "✖ signature is wrong"),
    "untrusted": ("▲ người ký không được tin", "▲ signer is not trusted"),
}

PROPOSAL_STATES: Mapping[str, Pair] = {
    "open": ("Chờ quyết định", "To be decided"),
    "released": ("Nguồn tự phát theo chính sách", "Released by the policy of its source"),
    "taken": ("Đã nhận xử lý", "Taken up"),
    "dismissed": ("Đã bỏ qua", "Dismissed"),
    "replaced": ("Đã có bản mới của nguồn", "Replaced by its source"),
    "cancelled": ("Nguồn đã hủy", "Cancelled by its source"),
}

PROPOSED: Mapping[str, Pair] = {
    "alert": ("Đề xuất phát", "Proposes an alert"),
    "update": ("Đề xuất cập nhật tin đang có", "Proposes to update what stands"),
    "cancel": ("Đề xuất hủy tin đang có", "Proposes to cancel what stands"),
}

SOURCE_KINDS: Mapping[str, Pair] = {
    "http": ("Địa chỉ https được hỏi đều", "An https address that is polled"),
    "mqtt": ("Kênh MQTT của bộ điều khiển", "An MQTT topic of the controller"),
    "folder": ("Thư mục trên máy chủ", "A folder of the server"),
    "file": ("Tệp trên máy chủ", "A file of the server"),
}

CAP_WORDS: Mapping[str, Pair] = {
    "Actual": ("thật", "actual"),
    "Exercise": ("diễn tập", "exercise"),
    "System": ("nội bộ hệ thống", "system"),
    "Test": ("thử nghiệm", "test"),
    "Draft": ("bản nháp", "draft"),
    "Alert": ("cảnh báo mới", "new warning"),
    "Update": ("bản cập nhật", "update"),
    "Cancel": ("bản hủy", "cancel"),
    "Ack": ("xác nhận đã nhận", "acknowledgement"),
    "Error": ("báo lỗi", "error"),
    "Immediate": ("hành động ngay", "act at once"),
    "Expected": ("hành động sớm, trong một giờ", "act soon, within the hour"),
    "Future": ("sắp tới", "in the near future"),
    "Past": ("đã qua", "no longer needed"),
    "Extreme": ("đặc biệt nghiêm trọng", "extreme"),
    "Severe": ("nghiêm trọng", "severe"),
    "Moderate": ("vừa", "moderate"),
    "Minor": ("nhẹ", "minor"),
    "Observed": ("đã quan sát thấy", "observed"),
    "Likely": ("nhiều khả năng", "likely"),
    "Possible": ("có thể", "possible"),
    "Unlikely": ("ít khả năng", "unlikely"),
    "Unknown": ("không rõ", "unknown"),
}

PRONUNCIATIONS: Mapping[str, Pair] = {
    "acronym": ("Chữ viết tắt", "Acronym"),
    "abbreviation": ("Từ viết gọn", "Abbreviation"),
    "name": ("Tên riêng", "Name"),
    "foreign_name": ("Tên nước ngoài", "Foreign name"),
    "minority_name": ("Tên tiếng dân tộc thiểu số", "Minority-language name"),
}

AUDITED: Mapping[str, Pair] = {
    "alert.cancel": ("Hủy phát khẩn cấp", "Alert cancelled"),
    "alert.confirm": ("Duyệt phát khẩn cấp, chờ người thứ hai", "Alert confirmed, another needed"),
    "alert.draft": ("Soạn tin khẩn cấp", "Alert drafted"),
    "alert.end": ("Kết thúc phát khẩn cấp", "Alert ended"),
    "alert.finish": ("Tin khẩn cấp tự kết thúc", "Alert ended by itself"),
    "alert.lapse": ("Tin khẩn cấp quá giờ, không phát", "Alert lapsed unsent"),
    "alert.local": ("Báo động tại chỗ", "Local alert"),
    "alert.release": ("Duyệt phát khẩn cấp", "Alert released"),
    "alert.rule": ("Sửa quy tắc phát khẩn cấp", "Release rule changed"),
    "alert.rule_removed": ("Bỏ quy tắc phát khẩn cấp", "Release rule removed"),
    "alert.send": ("Gửi tin khẩn cấp", "Alert sent"),
    "alert.submit": ("Trình tin khẩn cấp", "Alert submitted"),
    "alert.template": ("Soạn mẫu khẩn cấp", "Alert template written"),
    "alert.template_approve": ("Duyệt mẫu khẩn cấp", "Alert template approved"),
    "alert.template_retire": ("Bỏ mẫu khẩn cấp", "Alert template retired"),
    "alert.undo": ("Dừng đếm ngược", "Countdown stopped"),
    "alert.withdraw": ("Rút tin khẩn cấp", "Alert withdrawn"),
    "area.close": ("Kết thúc địa bàn", "Area ended"),
    "area.contact": ("Sửa người liên hệ", "Contact changed"),
    "area.create": ("Thêm địa bàn", "Area added"),
    "area.edit": ("Sửa địa bàn", "Area changed"),
    "area.import": ("Nhập địa bàn từ CSV", "Areas imported"),
    "area.merge": ("Sáp nhập địa bàn", "Areas merged"),
    "area.move": ("Chuyển địa bàn", "Area moved"),
    "area.policy": ("Sửa quy định phát", "Broadcast policy changed"),
    "cap.certificate": ("Cấp chứng thư cho nguồn cảnh báo", "Certificate of a source issued"),
    "cap.dismiss": ("Bỏ qua cảnh báo bên ngoài", "Outside warning dismissed"),
    "cap.release": ("Nguồn cảnh báo tự phát", "Released by a source of warnings"),
    "cap.source": ("Đặt nguồn cảnh báo", "Source of warnings set"),
    "cap.source_approve": ("Duyệt nguồn tự phát", "Source allowed to release"),
    "cap.source_retire": ("Ngừng nguồn cảnh báo", "Source of warnings retired"),
    "cap.take_up": ("Tiếp nhận cảnh báo bên ngoài", "Outside warning taken up"),
    "area.reading": ("Sửa giọng và cách đọc", "Voice and reading changed"),
    "cluster.create": ("Thêm cụm loa", "Cluster added"),
    "cluster.edit": ("Sửa cụm loa", "Cluster changed"),
    "cluster.move": ("Chuyển cụm loa", "Cluster moved"),
    "device.claim": ("Cấp mã ghi danh", "Claim code issued"),
    "device.create": ("Thêm thiết bị", "Device added"),
    "device.edit": ("Sửa thiết bị", "Device changed"),
    "device.enrol": ("Thiết bị ghi danh", "Device enrolled"),
    "device.renew": ("Gia hạn chứng thư thiết bị", "Device certificate renewed"),
    "device.revoke": ("Thu hồi thiết bị", "Device revoked"),
    "drill.cancel": ("Hủy lịch diễn tập", "Drill cancelled"),
    "drill.change": ("Sửa lịch diễn tập", "Drill changed"),
    "drill.hold": ("Tổ chức diễn tập", "Drill held"),
    "drill.plan": ("Lên lịch diễn tập", "Drill planned"),
    "drill.score": ("Chấm điểm diễn tập", "Drill scored"),
    "incident.close": ("Đóng sự cố", "Incident settled"),
    "keys.revoke": ("Thu hồi khóa", "Key revoked"),
    "keys.rotate": ("Đổi khóa", "Key rotated"),
    "library.add": ("Thêm vào thư viện", "Added to the library"),
    "library.archive": ("Lưu trữ âm thanh", "Sound archived"),
    "library.edit": ("Sửa âm thanh", "Sound changed"),
    "output.create": ("Thêm ngõ ra", "Output added"),
    "output.edit": ("Sửa ngõ ra", "Output changed"),
    "person.create": ("Tạo tài khoản", "Account created"),
    "person.deactivate": ("Khóa tài khoản", "Account closed"),
    "person.edit": ("Sửa tài khoản", "Account changed"),
    "person.grant": ("Giao vai trò", "Role given"),
    "person.password": ("Đổi mật khẩu", "Password changed"),
    "person.password_reset": ("Cấp lại mật khẩu", "Password reset"),
    "person.revoke": ("Bớt vai trò", "Role taken back"),
    "programme.approve": ("Duyệt chương trình", "Programme approved"),
    "programme.archive": ("Lưu trữ chương trình", "Programme archived"),
    "programme.change": ("Sửa chương trình", "Programme changed"),
    "programme.create": ("Tạo chương trình", "Programme created"),
    "programme.return": ("Trả lại chương trình", "Programme returned"),
    "programme.submit": ("Trình duyệt chương trình", "Programme submitted"),
    "programme.version": ("Soạn phiên bản mới", "New version written"),
    "programme.withdraw": ("Rút lại chương trình", "Programme withdrawn"),
    "pronunciation.add": ("Thêm cách đọc", "Reading added"),
    "pronunciation.change": ("Sửa cách đọc", "Reading changed"),
    "pronunciation.dismiss": ("Bỏ qua từ chờ cách đọc", "Waiting word dismissed"),
    "pronunciation.import": ("Nhập từ điển từ CSV", "Dictionary imported"),
    "pronunciation.remove": ("Bỏ cách đọc", "Reading removed"),
    "schedule.change": ("Sửa lịch phát", "Schedule rule changed"),
    "schedule.create": ("Đặt lịch phát", "Schedule rule made"),
    "schedule.delete": ("Xóa lịch phát", "Schedule rule deleted"),
    "schedule.move": ("Dời hoặc hủy một lần phát", "Occurrence moved or cancelled"),
    "schedule.pause": ("Tạm dừng lịch phát", "Schedule rule paused"),
    "schedule.resume": ("Cho lịch phát chạy lại", "Schedule rule resumed"),
    "second_factor.begin": ("Bắt đầu thiết lập bảo mật hai lớp", "Second factor begun"),
    "second_factor.codes": ("Tạo mã dự phòng mới", "Recovery codes renewed"),
    "second_factor.on": ("Bật bảo mật hai lớp", "Second factor turned on"),
    "second_factor.recovery": ("Dùng mã dự phòng", "Recovery code used"),
    "second_factor.remove": ("Gỡ bảo mật hai lớp", "Second factor removed"),
    "second_factor.wrong": ("Nhập sai mã bảo mật hai lớp", "Wrong second-factor code"),
    "station.create": ("Thêm đài", "Station added"),
    "station.edit": ("Sửa đài", "Station changed"),
    "token.create": ("Tạo mã truy cập API", "API token made"),
    "token.revoke": ("Thu hồi mã truy cập API", "API token revoked"),
}

SPOKEN_RULES: Mapping[str, Pair] = {
    "acronym": ("chữ viết tắt", "acronym"),
    "address": ("địa chỉ mạng", "network address"),
    "bullet": ("dấu đầu dòng", "bullet"),
    "code": ("mã, đọc từng chữ", "code, by its characters"),
    "coordinate": ("tọa độ", "coordinate"),
    "date": ("ngày tháng", "date"),
    "day": ("ngày", "day"),
    "decimal": ("số thập phân", "decimal"),
    "digits": ("đọc từng chữ số", "digit by digit"),
    "document": ("số văn bản", "number of a document"),
    "fraction": ("phân số", "fraction"),
    "list": ("dãy số", "list of numbers"),
    "minus": ("số âm", "minus"),
    "mixed": ("chữ kèm số", "letters with numbers"),
    "money": ("số tiền", "money"),
    "month": ("tháng", "month"),
    "name": ("từ điển", "dictionary"),
    "number": ("số", "number"),
    "of": ("số trên tổng số", "so many of so many"),
    "ordinal": ("số thứ tự, cấp", "ordinal, level"),
    "pause": ("chỗ nghỉ", "pause"),
    "per": ("trên một đơn vị", "rate"),
    "percent": ("phần trăm", "per cent"),
    "phone": ("số điện thoại", "telephone number"),
    "picture": ("hình, không đọc", "picture, not read"),
    "plate": ("biển số xe", "number plate"),
    "plus": ("dấu cộng", "plus"),
    "range": ("khoảng từ … đến", "range"),
    "ratio": ("tỉ số", "ratio"),
    "road": ("tên đường", "road"),
    "roman": ("số La Mã, cấp", "Roman numeral, level"),
    "score": ("tỉ số trận đấu", "score"),
    "sign": ("ký hiệu", "sign"),
    "time": ("giờ", "time"),
    "unit": ("đơn vị đo", "unit"),
    "version": ("số phiên bản", "version"),
    "weekday": ("thứ trong tuần", "day of the week"),
    "year": ("năm", "year"),
}

SPOKEN_DOUBTS: Mapping[str, Pair] = {
    "unread": ("chưa biết đọc", "not read"),
    "no_date": ("không phải ngày tháng", "not a date"),
    "two_ways": ("có thể hiểu hai cách", "can be understood in two ways"),
}

REGIONS: Mapping[str, Pair] = {
    "north": ("Miền Bắc", "North"),
    "central": ("Miền Trung", "Central"),
    "south": ("Miền Nam", "South"),  # codespell:ignore nam
}

WORDS: Mapping[str, Mapping[str, Pair]] = {
    "broadcast": BROADCAST_STATES,
    "mark": MARKS,
    "reason": REASONS,
    "incident": INCIDENTS,
    "presence": PRESENCE,
    "device": DEVICE_STATES,
    "version": VERSION_STATES,
    "role": ROLES,
    "kind": KINDS,
    "class": CLASSES,
    "origin": ORIGINS,
    "area": AREA_KINDS,
    "cluster": CLUSTER_KINDS,
    "clock": CLOCKS,
    "receipt": RECEIPTS,
    "alert": ALERT_STATES,
    "alert_action": ALERT_ACTIONS,
    "alert_band": ALERT_BANDS,
    "reach": REACH,
    "reach_mark": REACH_MARKS,
    "factor": FACTORS,
    "template": TEMPLATE_STATES,
    "warning_group": WARNING_GROUPS,
    "warning_group_help": WARNING_GROUPS_HELP,
    "outcome": OUTCOMES,
    "signature": SIGNATURES,
    "proposal": PROPOSAL_STATES,
    "proposed": PROPOSED,
    "source_kind": SOURCE_KINDS,
    "cap": CAP_WORDS,
    "pronunciation": PRONUNCIATIONS,
    "audited": AUDITED,
    "spoken_rule": SPOKEN_RULES,
    "spoken_doubt": SPOKEN_DOUBTS,
    "region": REGIONS,
}
