"""The nearest layer: entries that belong to one bulletin's text only and are kept with it.

They lie on the dictionaries of every area and count nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence

from controller.pronunciation.checking import fit_entry
from controller.pronunciation.errors import EntryUnfit
from controller.speech import Dictionary, Entry

MOST = 50
Kept = list[dict[str, str]]
"""As a column holds them: `written` and `spoken` of each."""


def own_entries(pairs: Iterable[tuple[str, str]]) -> tuple[Entry, ...]:
    """Return (written, spoken) pairs as entries; raises EntryUnfit, also for two of one writing."""
    entries: list[Entry] = []
    for pair in pairs:
        fit = fit_entry(*pair)
        if any(fit.written == other.written for other in entries):
            raise EntryUnfit(
                "written",
                f"“{fit.written}” có hai cách đọc trong cùng bản tin",
                f"“{fit.written}” is read in two ways within one bulletin",
            )
        entries.append(Entry(fit.written, fit.spoken))
    if len(entries) > MOST:
        raise EntryUnfit(
            "written",
            f"Một bản tin có nhiều nhất {MOST} cách đọc riêng",
            f"A bulletin has at most {MOST} readings of its own",
        )
    return tuple(entries)


def pairs_in(text: str) -> list[tuple[str, str]]:
    """Return the pairs of a form, `KXQ = khu xã` one a line; raises EntryUnfit for other lines."""
    pairs = []
    for line in filter(str.strip, text.splitlines()):
        written, sign, spoken = line.partition("=")
        if not sign:
            raise EntryUnfit(
                "pronunciations",
                f"Cần dạng “cách viết = cách đọc”: {line.strip()[:60]}",
                f"Needs “written = spoken”: {line.strip()[:60]}",
            )
        pairs.append((written, spoken))
    return pairs


def lines_of(kept: Sequence[Mapping[str, str]]) -> str:
    """Return kept entries as the lines of a form."""
    return "\n".join(f"{one['written']} = {one['spoken']}" for one in kept)


def kept(entries: Iterable[Entry]) -> Kept:
    """Return entries as a column holds them."""
    return [{"written": entry.written, "spoken": entry.spoken} for entry in entries]


def layer(rows: Sequence[Mapping[str, str]]) -> tuple[Dictionary, ...]:
    """Return the kept entries of a bulletin as the last of its dictionaries; none, no layer."""
    entries = tuple(Entry(one["written"], one["spoken"]) for one in rows)
    return (Dictionary(entries),) if entries else ()
