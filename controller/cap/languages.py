"""Which words of a warning are spoken where: by the languages of an area, in their order."""

from collections.abc import Iterable

from controller.cap.message import Info


def in_languages(infos: Iterable[Info], wanted: Iterable[str]) -> dict[str, tuple[Info, ...]]:
    """Return the infos to speak under the wanted languages (RFC 5646) that the warning has.

    A language that is there as it is asked for goes before one of the same family (`vi` and
    `vi-VN`). When none is there, all infos of the warning's own first language come, under its
    name: words that somebody may understand are better than silence.
    """
    told: dict[str, list[Info]] = {}
    for info in infos:
        told.setdefault(info.language, []).append(info)
    found = {
        language: tuple(told[best])
        for language in wanted
        if (best := _best(language, told)) is not None
    }
    if found or not told:
        return found
    first = next(iter(told))
    return {first: tuple(told[first])}


def _best(language: str, told: Iterable[str]) -> str | None:
    folded = {one.casefold(): one for one in reversed(list(told))}
    family = language.casefold().partition("-")[0]
    alike = (one for low, one in reversed(folded.items()) if low.partition("-")[0] == family)
    return folded.get(language.casefold()) or next(alike, None)
