"""What can be wrong with a dictionary entry, beyond the general errors."""

from controller.errors import Conflict, Invalid, Missing


class EntryMissing(Missing):
    """No such entry that this person can see; fact `id`."""

    vi = "Không tìm thấy mục từ điển {id}"
    en = "There is no dictionary entry {id}"


class UnreadMissing(Missing):
    """No such word that waits for an entry in the areas of this person; fact `id`."""

    vi = "Không có từ chờ cách đọc {id}"
    en = "There is no word {id} that waits for an entry"


class AlreadyWritten(Conflict):
    """The area has an entry for this writing; facts `written`, `area`."""

    vi = "{area} đã có cách đọc của “{written}”"
    en = "{area} already says how “{written}” is read"


class EntryUnfit(Invalid):
    """An entry that cannot be; facts `field`, `why_vi`, `why_en`, each why a whole sentence."""

    vi = "{why_vi}"
    en = "{why_en}"

    def __init__(self, field: str, why_vi: str, why_en: str) -> None:
        super().__init__(field=field, why_vi=why_vi, why_en=why_en)


class ImportUnfit(Invalid):
    """A CSV file that is not taken, none of it; facts `why_vi`, `why_en` name the lines."""

    vi = "Không nhập dòng nào. {why_vi}"
    en = "Nothing was imported. {why_en}"
