"""A dictionary as CSV, out and in: all lines of a file are taken, or none and each wrong one told.

`written,spoken,kind,note` with that heading, UTF-8, commas, semicolons or tabs between.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.areas.service import find_area
from controller.people import audit
from controller.people.rights import Actor, require
from controller.pronunciation.checking import FitEntry, fit_entry
from controller.pronunciation.errors import EntryUnfit, ImportUnfit
from controller.pronunciation.models import EntryKind, PronunciationEntry
from controller.pronunciation.service import write
from controller.pronunciation.unread import forget_read
from controller.spreadsheet import harmless, plain
from controller.web.words import PRONUNCIATIONS

HEADING = ("written", "spoken", "kind", "note")
MOST_LINES, MOST_BYTES, MOST_TOLD = 2000, 900_000, 10
_KINDS = {name.casefold(): code for code, names in PRONUNCIATIONS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries an import added, changed, and found there already."""

    added: int
    changed: int
    same: int


def as_csv(entries: Iterable[PronunciationEntry]) -> str:
    """Return entries as CSV; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEADING)
    for one in entries:
        table.writerow(map(harmless, (one.written, one.spoken, one.kind, one.note)))
    return "\ufeff" + text.getvalue()


def import_entries(
    session: Session, *, actor: Actor, area_id: str, file: bytes, now: datetime
) -> Imported:
    """Add the entries of a CSV file to an area; one that is there already is read the new way.

    Raises ImportUnfit, naming the lines, and then nothing of the file is taken.
    """
    area = find_area(session, area_id)
    require(actor, "pronunciation.edit", area)
    fits = entries_in(file)
    own = select(PronunciationEntry).where(PronunciationEntry.area_id == area.id)
    known = {row.written: row for row in session.scalars(own)}
    added = [fit for fit in fits if fit.written not in known]
    changed = [fit for fit in fits if fit.written in known and _is_other(known[fit.written], fit)]
    for fit in (*added, *changed):
        row = known.get(fit.written) or PronunciationEntry(area_id=area.id, written=fit.written)
        write(session, row, fit, actor.login, now)
    forget_read(session, area, [fit.written for fit in fits])
    facts = {
        "added": [[fit.written, fit.spoken] for fit in added],
        "changed": [[fit.written, fit.spoken] for fit in changed],
    }
    audit.record(session, now, actor.login, "pronunciation.import", "area", area.id, area.id, facts)
    return Imported(len(added), len(changed), len(fits) - len(added) - len(changed))


def entries_in(file: bytes) -> list[FitEntry]:
    """Return the entries of a CSV file, or raise ImportUnfit with every line that is wrong."""
    found: dict[str, FitEntry] = {}
    wrong: list[tuple[int, str, str]] = []
    for number, cells in _rows(file):
        try:
            fit = fit_entry(cells["written"], cells["spoken"], _kind(cells), cells["note"])
        except EntryUnfit as error:
            wrong.append((number, error.sentence("vi"), error.sentence("en")))
            continue
        if fit.written in found:
            said = (f"“{fit.written}” có hai lần", f"“{fit.written}” is there twice")
            wrong.append((number, *said))
        found[fit.written] = fit
    if wrong:
        raise _unfit(wrong)
    if not found:
        raise ImportUnfit(why_vi="Tệp không có mục nào", why_en="The file has no entry")
    return list(found.values())


def _rows(file: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines below the heading with their numbers, the heading being line 1."""
    if len(file) > MOST_BYTES:
        raise ImportUnfit(why_vi="Tệp quá lớn", why_en="The file is too large")
    try:
        text = file.decode("utf-8-sig")
        lines = text.splitlines()
        first = lines[0] if lines else ""
        delimiter = next((sign for sign in "\t;" if sign in first), ",")
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        names = [name.strip().lower() for name in table.fieldnames or ()]
        if not {"written", "spoken"} <= set(names) <= set(HEADING):
            raise ImportUnfit(
                why_vi=f"Dòng 1 phải là: {','.join(HEADING)}",
                why_en=f"Line 1 must be: {','.join(HEADING)}",
            )
        table.fieldnames = names
        for count, row in enumerate(table):
            if count >= MOST_LINES:
                raise ImportUnfit(
                    why_vi=f"Tệp có hơn {MOST_LINES} dòng",
                    why_en=f"The file has over {MOST_LINES} lines",
                )
            if None in row:
                sentence = ("Có quá nhiều cột", "There are too many columns")
                raise _unfit([(table.line_num, *sentence)])
            yield table.line_num, {name: _plain(row.get(name)) for name in HEADING}
    except UnicodeDecodeError as error:
        raise ImportUnfit(
            why_vi="Tệp không phải UTF-8: khi lưu hãy chọn “CSV UTF-8”",
            why_en="The file is not UTF-8: save it as “CSV UTF-8”",
        ) from error
    except csv.Error as error:
        raise ImportUnfit(why_vi="Tệp không phải CSV", why_en="The file is no CSV") from error


def _unfit(wrong: list[tuple[int, str, str]]) -> ImportUnfit:
    told, more = wrong[:MOST_TOLD], len(wrong) - MOST_TOLD
    vi = [f"Dòng {number}: {sentence}." for number, sentence, _ in told]
    en = [f"Line {number}: {sentence}." for number, _, sentence in told]
    if more > 0:
        vi.append(f"Và {more} dòng sai nữa.")
        en.append(f"And {more} more lines are wrong.")
    return ImportUnfit(why_vi=" ".join(vi), why_en=" ".join(en))


def _kind(cells: dict[str, str]) -> str:
    """Return the kind by its code or by what people call it; none is an acronym."""
    name = cells["kind"]
    return _KINDS.get(name.casefold(), name) if name else EntryKind.ACRONYM


def _is_other(row: PronunciationEntry, fit: FitEntry) -> bool:
    return (row.spoken, row.kind, row.note) != (fit.spoken, fit.kind, fit.note)


def _plain(cell: str | None) -> str:
    return plain((cell or "").strip())
