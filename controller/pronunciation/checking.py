"""What an entry may be: something written that can be found, and words that can be spoken.

An entry says how a name or an acronym sounds. It can stand neither for a figure or unit nor for
ordinary Vietnamese words: those are read as they are written, and nobody turns one into another.
"""

import re
import unicodedata
from dataclasses import dataclass

from controller.pronunciation.errors import EntryUnfit
from controller.pronunciation.models import EntryKind
from controller.speech import is_ordinary, normalise, same_signs

LONGEST_WRITTEN, LONGEST_SPOKEN, LONGEST_NOTE = 100, 300, 300
_UNFIT = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_AMID = "là "  # an entry stands amid a sentence, where nothing gets a capital letter
_NOT_SAID = re.compile(r"[^\w\s,.'’-]|[\d_]")


@dataclass(frozen=True, slots=True)
class FitEntry:
    """An entry that was looked at: on one line each, in Unicode's composed form."""

    written: str
    spoken: str
    kind: str = EntryKind.ACRONYM
    note: str = ""


def fit_entry(written: str, spoken: str, kind: str = EntryKind.ACRONYM, note: str = "") -> FitEntry:
    """Return an entry as it is kept, or raise EntryUnfit with the first thing that is wrong."""
    if kind not in set(EntryKind):
        raise EntryUnfit("kind", "Không có loại này", "There is no such kind")
    entry = FitEntry(
        same_signs(_line("written", "Cách viết", written, LONGEST_WRITTEN)),
        _line("spoken", "Cách đọc", spoken, LONGEST_SPOKEN),
        kind,
        _line("note", "Ghi chú", note, LONGEST_NOTE) if note.strip() else "",
    )
    _require_findable(entry.written)
    _require_speakable(entry.spoken)
    return entry


def _line(field: str, name: str, text: str, longest: int) -> str:
    tidy = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 0 < len(tidy) <= longest:
        raise EntryUnfit(
            field,
            f"{name} cần từ 1 đến {longest} ký tự",
            f"The field `{field}` needs 1 to {longest} characters",
        )
    if any(unicodedata.category(one) in _UNFIT for one in tidy):
        raise EntryUnfit(
            field,
            f"{name} có ký tự ẩn hoặc ký tự điều khiển; hãy gõ lại",
            f"The field `{field}` holds hidden or control characters; type it anew",
        )
    return tidy


def _require_findable(written: str) -> None:
    if not written[0].isalnum() or not any(map(str.isalpha, written)):
        raise EntryUnfit(
            "written",
            "Cách viết phải bắt đầu bằng chữ hoặc số, và có ít nhất một chữ cái",
            "What is written must begin with a letter or digit and have at least one letter",
        )
    if is_ordinary(written):
        raise EntryUnfit(
            "written",
            f"“{written}” là từ hay số thường, luôn đọc như viết; tên riêng hãy viết hoa",
            f"“{written}” is ordinary words or figures, read as written; give names capitals",
        )


def _require_speakable(spoken: str) -> None:
    if found := _NOT_SAID.search(spoken):
        raise EntryUnfit(
            "spoken",
            f"Cách đọc phải viết thành lời, không dùng “{found[0]}”{_hint(spoken)}",
            f"Write what is spoken in words, without “{found[0]}”{_hint(spoken)}",
        )
    read = normalise(_AMID + spoken)
    if read.warnings:
        raise EntryUnfit(
            "spoken",
            f"Cách đọc còn chữ chưa biết đọc: “{read.warnings[0].text}”",
            f"What is spoken holds something that is not read: “{read.warnings[0].text}”",
        )
    if read.text != _AMID + spoken or not any(map(str.isalpha, spoken)):
        raise EntryUnfit(
            "spoken",
            f"Cách đọc phải viết thành lời{_hint(spoken)}",
            f"Write what is spoken in words{_hint(spoken)}",
        )


def _hint(spoken: str) -> str:
    """Return the words for it, where the normaliser knows them."""
    read = normalise(_AMID + spoken)
    said = read.text.removeprefix(_AMID)
    is_better = said != spoken and not read.warnings and not _NOT_SAID.search(said)
    return f": {said}" if is_better else ""
