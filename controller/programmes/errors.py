"""What can be wrong with programmes and their rules, beyond the general errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from controller.errors import Conflict, ControllerError, Missing
from schedules.errors import ScheduleError


class ProgrammeMissing(Missing):
    """No such programme that this person can see; fact `id`."""

    vi = "Không tìm thấy chương trình {id}"
    en = "There is no programme {id}"


class VersionMissing(Missing):
    """No such version; facts `id` of the programme, `number`."""

    vi = "Chương trình {id} không có phiên bản {number}"
    en = "Programme {id} has no version {number}"


class RuleMissing(Missing):
    """No such schedule rule that this person can see; fact `id`."""

    vi = "Không tìm thấy lịch phát {id}"
    en = "There is no schedule rule {id}"


class OwnVersion(Conflict):
    """Who wrote a version does not approve it; fact `login`."""

    code = "own_version"
    vi = "Người soạn ({login}) không được tự duyệt; hãy nhờ người khác duyệt"
    en = "Who wrote it ({login}) cannot approve it; ask someone else"


class NotHeard(Conflict):
    """Who approves must have listened to what a machine speaks; fact `titles`."""

    code = "not_heard"
    vi = "Hãy nghe hết trước khi duyệt: {titles}"
    en = "Listen to the whole of it before approving: {titles}"


class ScheduleRefused(ControllerError):
    """The rule is none, or its moves are none; facts `vi` and `en` are whole sentences."""

    code = "schedule_refused"
    status = 422
    vi = "{vi}"
    en = "{en}"


class NothingToCome(ControllerError):
    """The rule has no occurrence in the future."""

    code = "nothing_to_come"
    status = 422
    vi = "Lịch này không còn lần phát nào sắp tới; hãy xem lại ngày bắt đầu và quy tắc lặp"
    en = "This rule has no occurrence to come; check its first day and how it repeats"


class OnlyInHardStop(ControllerError):
    """Every coming occurrence is in the hours without broadcasts; fact `hours`."""

    code = "only_in_hard_stop"
    status = 422
    vi = "Mọi lần phát đều rơi trọn vào giờ ngừng phát {hours}; hãy chọn giờ khác"
    en = "Every occurrence falls wholly into the hours without broadcasts {hours}; choose others"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the refusals of `schedules` into ours."""
    try:
        yield
    except ScheduleError as error:
        raise ScheduleRefused(vi=error.vi, en=error.en) from error
