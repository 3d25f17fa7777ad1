"""Vietnamese first, English complete: no text of a page lacks its English, none is left over."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_file

from controller.web.i18n import CATALOG, read_catalog
from controller.web.words import WORDS

ROOT = Path(__file__).parents[2] / "controller"
ACCENTED = re.compile(r"[À-ỹ]")
NAMES = re.compile(r"%\((\w+)\)s")


def texts() -> set[str]:
    found: set[str] = set()
    for suffix, method in ((".html", "jinja2.ext:babel_extract"), (".py", "python")):
        for path in ROOT.rglob(f"*{suffix}"):
            options = {"encoding": "utf-8"} if suffix == ".html" else {}
            for _, text, _, _ in extract_from_file(
                method, path, keywords={"_": None}, options=options
            ):
                found.add(str(text))
    return found


def test_every_text_has_its_english_and_none_is_left_over() -> None:
    catalog = read_catalog()

    assert texts() - catalog.keys() == set()
    assert catalog.keys() - texts() == set()


def test_no_text_stands_there_twice() -> None:
    ids = re.findall(r'^msgid "(.+)"$', CATALOG.read_text("utf-8"), re.MULTILINE)

    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_english_keeps_the_names_of_what_is_filled_in() -> None:
    wrong = [vi for vi, en in read_catalog().items() if NAMES.findall(vi) != NAMES.findall(en)]

    assert wrong == []


def test_every_text_is_translated() -> None:
    same = {vi for vi, en in read_catalog().items() if vi == en or not en}

    assert same == {"Truyền Thanh"}


def test_every_code_has_words_in_both_languages() -> None:
    empty = [
        (table, code)
        for table, codes in WORDS.items()
        for code, (vi, en) in codes.items()
        if not (vi and en)
    ]

    assert empty == []


def test_every_deed_that_is_audited_has_words() -> None:
    call = re.compile(r'(?:record|_note|note_change|_changed|_audit)\([^()]*?"([a-z]+\.[a-z_]+)"')
    found = {deed for path in ROOT.rglob("*.py") for deed in call.findall(path.read_text("utf-8"))}

    assert len(found) > 30
    assert found - WORDS["audited"].keys() == set()


def test_no_template_says_a_vietnamese_word_outside_the_catalog() -> None:
    wrong = []
    for path in ROOT.rglob("*.html"):
        text = re.sub(r'_\("[^"]*"|lang="vi">Tiếng Việt<', "", path.read_text("utf-8"))
        wrong += [f"{path.name}: {line}" for line in text.splitlines() if ACCENTED.search(line)]

    assert wrong == []
