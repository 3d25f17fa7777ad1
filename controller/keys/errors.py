"""What can be wrong with the folder of keys."""

from controller.errors import ControllerError


class KeysMissing(ControllerError):
    """There are no keys in the folder; fact `folder`."""

    code = "keys_missing"
    status = 503
    vi = "Chưa có khóa trong {folder}: hãy chạy `truyenthanh keys init`"
    en = "There are no keys in {folder}: run `truyenthanh keys init`"


class KeysExposed(ControllerError):
    """Others than the owner can read the keys; facts `folder`, `names`."""

    code = "keys_exposed"
    status = 503
    vi = "Người khác đọc được khóa trong {folder}: {names}. Hãy chạy `chmod -R go= {folder}`"
    en = "Others can read the keys in {folder}: {names}. Run `chmod -R go= {folder}`"


class LeaveMissing(ControllerError):
    """No issuing key of this controller may say this; fact `leave`."""

    code = "leave_missing"
    status = 409
    vi = "Bộ điều khiển này không có khóa cho {leave}"
    en = "This controller has no key that may say {leave}"


class KeyClosed(ControllerError):
    """This process may not read or write a file of keys; fact `name`."""

    code = "key_closed"
    status = 503
    vi = "Tiến trình này không được mở {name}: việc đó thuộc phần nền (worker) hoặc chủ của tệp"
    en = "This process may not open {name}: that is for the worker, or whoever owns the file"
