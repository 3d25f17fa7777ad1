"""What can be wrong with a dictionary entry, beyond the general errors."""

from controller.errors import Conflict, Missing


class EntryMissing(Missing):
    """No such entry that this person can see; fact `id`."""

    vi = "Không tìm thấy mục từ điển {id}"
    en = "There is no dictionary entry {id}"


class AlreadyWritten(Conflict):
    """The area has an entry for this writing; facts `written`, `area`."""

    vi = "{area} đã có cách đọc của “{written}”"
    en = "{area} already says how “{written}” is read"
