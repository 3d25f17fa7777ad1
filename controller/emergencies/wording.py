"""How an alert is worded for the ear: what it is, who says it, when it was issued, the text.

Every replay states its time of issue (Decree 66/2021/ND-CP), and a drill says that it is one first
and last. Nobody edits these words, so nobody turns a drill into something else.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from controller.emergencies.announcer import Announcer
from controller.emergencies.content import Content
from controller.emergencies.hazards import HAZARDS
from wire.alert import AlertStatus

ZONE = "Asia/Ho_Chi_Minh"
FIRST: Mapping[AlertStatus, Mapping[str, str]] = MappingProxyType(
    {
        AlertStatus.REAL: {"vi": "Thông báo khẩn cấp.", "en": "Emergency announcement."},
        AlertStatus.EXERCISE: {
            "vi": "Đây là bài thực hành, không phải tình huống thật.",
            "en": "This is an exercise, not a real emergency.",
        },
        AlertStatus.DRILL: {
            "vi": "Đây là buổi diễn tập, không phải tình huống thật.",
            "en": "This is a drill, not a real emergency.",
        },
    }
)
_SAYS = {"vi": "{name} thông báo, phát hành lúc {at}.", "en": "Issued by {name} at {at}."}
_CLEAR = {
    "vi": "Báo yên. {name} thông báo: tin về {hazard}, phát hành lúc {at}, đã kết thúc.",
    "en": "All clear. {name} announces that the alert about {hazard}, issued at {at}, is over.",
}


def spoken_texts(
    content: Content,
    issued_at: datetime,
    announcer: Announcer,
    zone: str = ZONE,
    heard: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Return what is read out in each language, in words, in the order of `content.texts`.

    Where people have `heard` words for a text before (a template's), these are said and no others.
    A language without words of ours (a recording goes with it) is preceded by the Vietnamese ones.
    """
    said = {}
    for language, text in content.texts.items():
        body = heard.get(language) or announcer.theirs(text, language)
        says = _says(content, language, issued_at, announcer, zone)
        said[language] = _around(content, language, f"{says} {body}")
    return said


def all_clear_texts(
    content: Content, issued_at: datetime, announcer: Announcer, zone: str = ZONE
) -> dict[str, str]:
    """Return what a cancel or end may speak, in each language that has words of ours."""
    return {
        language: _around(content, language, _clear(content, language, issued_at, announcer, zone))
        for language in content.texts
        if language in _CLEAR
    }


def said_time(at: datetime, language: str, zone: str = ZONE) -> str:
    """Return an instant as it is written out: `8 giờ 05 phút, ngày 2 tháng 11 năm 2026`."""
    local = at.astimezone(ZoneInfo(zone))
    if language == "en":
        return f"{local:%H:%M} on {local.day}/{local.month}/{local.year}"
    return (
        f"{local.hour} giờ {local.minute:02d} phút, "
        f"ngày {local.day} tháng {local.month} năm {local.year}"
    )


def _around(content: Content, language: str, words: str) -> str:
    first = FIRST[content.status].get(language, FIRST[content.status]["vi"])
    if content.status is AlertStatus.REAL:
        return f"{first} {words}"
    return f"{first} {words} {first}"


def _says(
    content: Content, language: str, issued_at: datetime, announcer: Announcer, zone: str
) -> str:
    ours = language if language in _SAYS else "vi"
    return _SAYS[ours].format(
        name=announcer.theirs(content.issuer.name, ours),
        at=_at(issued_at, ours, announcer, zone),
    )


def _clear(
    content: Content, language: str, issued_at: datetime, announcer: Announcer, zone: str
) -> str:
    names = HAZARDS[content.hazard]
    hazard = names.en if language == "en" else names.vi
    return _CLEAR[language].format(
        name=announcer.theirs(content.issuer.name, language),
        hazard=hazard.lower(),
        at=_at(issued_at, language, announcer, zone),
    )


def _at(issued_at: datetime, language: str, announcer: Announcer, zone: str) -> str:
    """Return the time of issue in words, as it stands within a sentence."""
    said = announcer.ours(said_time(issued_at, language, zone), language)
    return said[:1].lower() + said[1:]
