"""What a screen reader and tired eyes need: names, headings, language, and enough contrast."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from controller.emergencies.hazards import LEVELS
from tests.console.conftest import Console, signed_in
from tests.console.test_pages import ADMINISTRATORS, EVERYONE

STYLE = Path(__file__).parents[2] / "controller" / "web" / "static" / "style.css"
WHOLE = [
    url
    for url in EVERYONE
    if ".csv?" not in url and not url.endswith((".csv", ".json", "/state", "/board", "kind=relay"))
]
ON = {
    "ink": ("ground", "paper", "warn-ground", "idle-ground"),
    "quiet": ("ground", "paper", "idle-ground"),
    "brand": ("ground", "paper"),
    "on-brand": ("brand",),
    "good": ("good-ground", "paper"),
    "warn": ("warn-ground", "paper"),
    "bad": ("bad-ground", "paper"),
    "info": ("info-ground", "paper"),
    "dark-ink": ("level-1", "level-2", "level-3", "light-ink"),
    "light-ink": ("level-4", "level-5", "alarm", "dark-ink"),
}


class Reader(HTMLParser):
    """Collects what the tests ask of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self.landmarks: set[str] = set()
        self.language: str | None = None
        self.nameless: list[str] = []
        self._button = ""
        self._in_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        match tag:
            case "html":
                self.language = given.get("lang")
            case "h1" | "h2" | "h3":
                self.headings.append(tag)
            case "label":
                self.labelled.add(given.get("for") or "")
            case "input" | "select" | "textarea" if given.get("type") != "hidden":
                self.fields.append(given)
            case "main" | "nav" | "header" | "footer":
                self.landmarks.add(tag)
            case "style":
                self.inline.append("style")
            case "script" if "src" not in given:
                self.inline.append("script")
            case "button":
                self._in_button, self._button = True, given.get("aria-label") or ""

    def handle_data(self, data: str) -> None:
        if self._in_button:
            self._button += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._in_button = False
            self.nameless += [] if self._button.strip() else ["button"]


@pytest.mark.parametrize("url", [*WHOLE, *ADMINISTRATORS])
def test_a_page_can_be_read_without_seeing_it(console: Console, url: str) -> None:
    reader = Reader()

    reader.feed(signed_in(console, "chief").get(url).text)

    assert reader.language == "vi"
    assert reader.headings.count("h1") == 1
    assert reader.headings[0] == "h1"
    assert {"main", "nav", "header", "footer"} <= reader.landmarks
    assert [f for f in reader.fields if f.get("id") not in reader.labelled] == []
    assert reader.nameless == []
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.inline == []


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(theme: int) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text (1.4.3), 3 to 1 for the focus (1.4.11)."""
    blocks = re.findall(r":root \{([^}]+)\}", STYLE.read_text("utf-8"))
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[theme]))

    weak = [
        (ink, ground, round(contrast(colours[ink], colours[ground]), 1))
        for ink, grounds in ON.items()
        for ground in grounds
        if contrast(colours[ink], colours[ground]) < 4.5
    ]

    assert weak == []
    assert contrast(colours["focus"], colours["paper"]) >= 3


def test_the_levels_have_the_colours_of_the_decision() -> None:
    """Decision 18/2021/QD-TTg, as `emergencies.hazards` has them."""
    style = STYLE.read_text("utf-8")

    for number, level in LEVELS.items():
        assert re.findall(rf"--level-{number}: (#[0-9a-f]{{6}})", style) == [level.colour] * 2


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
