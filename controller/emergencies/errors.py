"""What can be wrong with alerts, beyond the general errors."""

from controller.errors import Conflict, ControllerError, Forbidden, Missing


class AlertMissing(Missing):
    """No such alert that this person can see; fact `id`."""

    vi = "Không tìm thấy lệnh phát khẩn cấp {id}"
    en = "There is no alert {id}"


class RevisionMissing(Missing):
    """No such text of an alert; facts `id` of the alert, `number`."""

    vi = "Lệnh phát khẩn cấp {id} không có bản {number}"
    en = "Alert {id} has no revision {number}"


class ClusterMissing(Missing):
    """There is no such cluster of an alert, or the actor cannot see it; fact `id`."""

    vi = "Không có cụm loa {id} trong vùng của tin mà bạn xem được"
    en = "There is no cluster {id} of the alert that you can see"


class TemplateMissing(Missing):
    """No such template that this person can see; fact `id`."""

    vi = "Không tìm thấy mẫu khẩn cấp {id}"
    en = "There is no alert template {id}"


class DrillMissing(Missing):
    """No such drill that this person can see; fact `id`."""

    vi = "Không tìm thấy buổi diễn tập {id}"
    en = "There is no drill {id}"


class RuleMissing(Missing):
    """No such release rule that this person can see; fact `id`."""

    vi = "Không tìm thấy quy tắc phát {id}"
    en = "There is no release rule {id}"


class NobodyHears(ControllerError):
    """No cluster stands where the alert is for."""

    code = "nobody_hears"
    status = 422
    vi = "Không có cụm loa nào nghe được tin này; hãy chọn lại địa bàn hoặc vùng trên bản đồ"
    en = "No cluster would sound this; choose other areas or another shape"


class NotHeard(Conflict):
    """Who releases must have listened to what will be spoken; fact `languages`."""

    code = "not_heard"
    vi = "Hãy nghe hết bản đọc ({languages}) trước khi phát"
    en = "Listen to the whole announcement ({languages}) before releasing it"


class StatusFixed(Conflict):
    """Real, exercise or drill is chosen once; facts `was`, `asked`."""

    code = "status_fixed"
    vi = (
        "Không thể đổi loại phát (thật, thực hành, diễn tập): {was} thành {asked}; hãy soạn tin mới"
    )
    en = "Real, exercise or drill cannot be changed ({was} to {asked}); draft a new alert"


class SameHand(Conflict):
    """The second person's account was made or changed by the first within a day; `login`."""

    code = "same_hand"
    vi = (
        "Tài khoản này vừa được {login} tạo hoặc sửa trong 24 giờ qua; hãy nhờ một người khác duyệt"
    )
    en = "This account was made or changed by {login} within 24 hours; ask another person"


class ConfirmedAlready(Conflict):
    """One person counts once; fact `login`."""

    code = "confirmed_already"
    vi = "{login} đã duyệt bản này rồi; cần thêm một người khác"
    en = "{login} has confirmed this text already; another person is needed"


class OnlyPeople(Forbidden):
    """A terminal or the system itself is nobody who can be held to account for an alert."""

    code = "only_people"
    vi = "Chỉ người có tài khoản riêng mới được phát khẩn cấp"
    en = "Only a person with an own account may release an alert"


class OwnTemplate(Conflict):
    """Who wrote a template does not approve it; fact `login`."""

    code = "own_template"
    vi = "Người soạn mẫu ({login}) không được tự duyệt; hãy nhờ người khác"
    en = "Who wrote the template ({login}) cannot approve it; ask someone else"


class LanguageUnspoken(ControllerError):
    """There is no voice for a language; fact `language`."""

    code = "language_unspoken"
    status = 422
    vi = "Chưa có giọng đọc cho ngôn ngữ {language}; hãy chọn bản ghi âm trong thư viện"
    en = "There is no voice for {language}; choose a recording of the library"


class NoReadyTemplate(Conflict):
    """Nothing is pre-authorised for this; facts `hazard_vi`, `hazard_en`, `level`."""

    code = "no_template"
    vi = "Chưa có mẫu duyệt trước cho {hazard_vi} cấp {level}"
    en = "There is no pre-authorised template for {hazard_en}, level {level}"


class AlreadySounds(Conflict):
    """An alert of the same hazard is out there, and only a person replaces it; fact `id`."""

    code = "already_sounds"
    vi = "Đang có tin {id} cùng loại ở đó; chỉ cán bộ được thay"
    en = "Alert {id} of the same hazard is out there; only an officer replaces it"


class StoppedLately(Conflict):
    """People stopped or changed what this source released within a day; fact `id`."""

    code = "stopped_lately"
    vi = "Cán bộ đã dừng hoặc sửa tin {id} của nguồn này trong 24 giờ qua"
    en = "Alert {id} of this source was stopped or changed by people within 24 hours"


class NeedsPeople(Conflict):
    """The rules of the place ask for two people, and a source counts as one; `why_vi`, `why_en`."""

    code = "needs_people"
    vi = "Nơi này cần hai người duyệt: {why_vi}"
    en = "Two people are needed there: {why_en}"
