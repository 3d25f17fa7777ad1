"""The page of the dictionary: who may do what, what waits, and that it works on a phone."""

import io
import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import select
from werkzeug.test import TestResponse

from controller.people.models import AuditEntry
from controller.people.rights import machine_owner
from controller.pronunciation.models import PronunciationEntry, UnreadWord
from controller.pronunciation.noting import UnreadNotes
from controller.pronunciation.service import add_entry
from controller.pronunciation.unread import Found, note_unread
from tests.console.conftest import Console, signed_in
from tests.console.test_accessible import Reader
from tests.console.test_journey import fits, sign_in
from tests.console.test_pages import plain
from tests.console.test_signing_in import token
from tests.controller.cast import AN_BINH, PROVINCE, TAN_LAP, VILLAGE

HTMX = {"HX-Request": "true"}
OWNER = machine_owner("owner")
PAGE = "/pronunciations"


@pytest.fixture
def taught(console: Console) -> dict[str, int]:
    """Entries of the province and of An Bình, and a word that waits in each commune."""
    now = console.clock()
    said = ((PROVINCE, "KXQ", "khu tỉnh"), (PROVINCE, "ABQ", "a bê quy"),
            (AN_BINH, "KXQ", "khu xã"))  # fmt: skip
    with console.sessions.begin() as session:
        rows = [
            add_entry(session, actor=OWNER, area_id=area_id, written=written, spoken=spoken,
                      kind="name", now=now)
            for area_id, written, spoken in said
        ]  # fmt: skip
        for area_id, text in ((AN_BINH, "XYZ"), (VILLAGE, "TQT"), (TAN_LAP, "LKL")):
            note_unread(session, area_id, [Found(text, 3, f"Tin của {text}.")], now)
        words = {row.text: row.id for row in session.scalars(select(UnreadWord))}
        return {"province": rows[0].id, "own": rows[2].id, **words}


def send(client: FlaskClient, url: str, **form: object) -> TestResponse:
    return client.post(url, data={"csrf_token": token(client, "/"), **form}, headers=HTMX)


def texts_of(console: Console) -> dict[str, str]:
    with console.sessions() as session:
        rows = session.scalars(select(PronunciationEntry))
        return {f"{row.area_id} {row.written}": row.spoken for row in rows}


@pytest.mark.usefixtures("taught")
def test_the_page_tells_own_inherited_and_hidden_entries_apart(console: Console) -> None:
    page = plain(signed_in(console, "an").get(PAGE).text)

    assert "KXQ → khu xã Tên riêng" in page
    assert "KXQ → khu tỉnh Tên riêng Tỉnh Mẫu, đã có cách đọc gần hơn" in page
    assert "ABQ → a bê quy Tên riêng Kế thừa từ Tỉnh Mẫu" in page


@pytest.mark.usefixtures("taught")
def test_a_search_without_accents_finds_it(console: Console) -> None:
    client = signed_in(console, "an")

    page = plain(client.get(PAGE, query_string={"search": "khu xa"}).text)

    assert "khu xã" in page
    assert "a bê quy" not in page


def test_words_that_wait_are_one_tap_from_an_entry(
    console: Console, taught: dict[str, int]
) -> None:
    client = signed_in(console, "an")
    page = client.get(PAGE).text

    assert taught
    assert "TQT 3 lần · 16:58, Thứ Hai 02/11/2026 · Thôn 1 “Tin của TQT.”" in plain(page)
    assert "LKL" not in page
    assert f'href="/pronunciations?area_id={AN_BINH}&amp;written=XYZ"' in page
    filled = client.get(PAGE, query_string={"area_id": AN_BINH, "written": "XYZ"}).text
    assert re.search(r'name="written"[^>]*value="XYZ"', filled)
    assert re.search(r'name="spoken"[^>]*autofocus', filled)


@pytest.mark.usefixtures("taught")
def test_an_entry_is_added_covers_the_word_and_is_audited(console: Console) -> None:
    client = signed_in(console, "an")

    answer = send(client, PAGE, area_id=AN_BINH, written="XYZ", spoken="xã yên", kind="acronym")

    assert answer.headers["HX-Redirect"] == f"/pronunciations?area_id={AN_BINH}"
    assert texts_of(console)[f"{AN_BINH} XYZ"] == "xã yên"
    with console.sessions() as session:
        assert "XYZ" not in session.scalars(select(UnreadWord.text)).all()
        assert "pronunciation.add" in session.scalars(select(AuditEntry.action)).all()


def test_an_entry_is_changed_and_removed(console: Console, taught: dict[str, int]) -> None:
    client = signed_in(console, "binh")

    changed = send(client, f"{PAGE}/{taught['own']}", spoken="khu mới", kind="name", note="thử")
    assert changed.status_code == 204
    assert texts_of(console)[f"{AN_BINH} KXQ"] == "khu mới"

    removed = send(client, f"{PAGE}/{taught['own']}/remove", area_id=AN_BINH)
    assert removed.status_code == 204
    assert f"{AN_BINH} KXQ" not in texts_of(console)


def test_a_word_that_needs_no_entry_is_dismissed(console: Console, taught: dict[str, int]) -> None:
    client = signed_in(console, "an")

    send(client, f"{PAGE}/waiting/{taught['XYZ']}/dismiss", area_id=AN_BINH)

    assert "Tin của XYZ" not in client.get(PAGE).text


def test_a_refusal_says_what_to_do_beside_the_form(console: Console) -> None:
    client = signed_in(console, "an")

    answer = send(client, PAGE, area_id=AN_BINH, written="KXQ", spoken="khu 3")

    assert answer.status_code == 422
    assert plain(answer.text) == "▲ Cách đọc phải viết thành lời, không dùng “3”: khu ba"


@pytest.mark.parametrize(("login", "status"), [("tan", 403), ("tech", 403), ("chief", 403)])
def test_nobody_else_writes_in_an_binh(
    console: Console, taught: dict[str, int], login: str, status: int
) -> None:
    client, before = signed_in(console, login), texts_of(console)
    own, waits = taught["own"], taught["XYZ"]
    refused = status if login != "tan" else 404
    file = {"file": (io.BytesIO(b"written,spoken\nKXR,khu\n"), "a.csv")}

    answers = [
        send(client, PAGE, area_id=AN_BINH, written="KXR", spoken="khu"),
        send(client, f"{PAGE}/import", area_id=AN_BINH, **file),
        send(client, f"{PAGE}/listen", area_id=AN_BINH, written="KXR", spoken="khu"),
        send(client, f"{PAGE}/{own}", spoken="khu", kind="name"),
        send(client, f"{PAGE}/{own}/remove"),
        send(client, f"{PAGE}/waiting/{waits}/dismiss"),
    ]

    assert [one.status_code for one in answers] == [status] * 3 + [refused] * 3
    assert texts_of(console) == before


@pytest.mark.usefixtures("taught")
def test_a_neighbour_sees_nothing_of_it(console: Console) -> None:
    client = signed_in(console, "tan")

    assert client.get(PAGE, query_string={"area_id": AN_BINH}).status_code == 404
    assert client.get(f"{PAGE}.csv", query_string={"area_id": AN_BINH}).status_code == 404
    page = client.get(PAGE).text
    assert "An Bình" not in page
    assert "khu xã" not in page
    assert "XYZ" not in page
    assert "LKL" in page


def test_who_writes_no_entries_reads_them_and_gets_no_form(console: Console) -> None:
    client = signed_in(console, "tech")

    page = client.get(PAGE).text

    assert 'id="add"' not in page
    assert "data-listen" not in page
    assert PAGE not in client.get("/").text
    assert PAGE in signed_in(console, "an").get("/").text


def test_without_the_token_of_the_form_nothing_is_written(console: Console) -> None:
    client = signed_in(console, "an")

    answer = client.post(PAGE, data={"area_id": AN_BINH, "written": "KXR", "spoken": "khu"})

    assert answer.status_code == 400
    assert texts_of(console) == {}


@pytest.mark.usefixtures("taught")
def test_the_entries_of_an_area_go_out_and_come_in_as_csv(console: Console) -> None:
    client = signed_in(console, "an")

    out = client.get(f"{PAGE}.csv", query_string={"area_id": AN_BINH})
    file = (io.BytesIO(out.data.replace("khu xã".encode(), b"khu kia")), "a.csv")
    answer = send(client, f"{PAGE}/import", area_id=AN_BINH, file=file)

    assert out.headers["Content-Disposition"] == f"attachment; filename={AN_BINH}.csv"
    assert answer.status_code == 204
    assert texts_of(console)[f"{AN_BINH} KXQ"] == "khu kia"
    assert "Đã nhập: 0 mục mới, 1 mục sửa" in plain(client.get(PAGE).text)


def test_a_file_with_a_wrong_line_is_refused_as_a_whole(console: Console) -> None:
    client = signed_in(console, "an")
    file = (io.BytesIO(b"written,spoken\nKXQ,khu\nKXR,khu 3\n"), "a.csv")

    answer = send(client, f"{PAGE}/import", area_id=AN_BINH, file=file)

    assert answer.status_code == 422
    assert "Dòng 3: Cách đọc phải viết thành lời" in answer.text
    assert texts_of(console) == {}
    assert send(client, f"{PAGE}/import", area_id=AN_BINH).status_code == 422


def test_a_word_is_heard_as_it_would_be_read(console: Console) -> None:
    client = signed_in(console, "an")

    answer = send(client, f"{PAGE}/listen", area_id=AN_BINH, written="KXQ", spoken="khu xã")

    assert answer.mimetype == "audio/wav"
    assert answer.data.startswith(b"RIFF")
    refused = send(client, f"{PAGE}/listen", area_id=AN_BINH, written="KXQ", spoken="khu 3")
    assert refused.status_code == 422


def test_listening_is_limited(console: Console) -> None:
    client = signed_in(console, "an")
    asked = {"area_id": AN_BINH, "written": "KXQ", "spoken": "khu xã"}

    statuses = [send(client, f"{PAGE}/listen", **asked).status_code for _ in range(31)]

    assert statuses[:30] == [200] * 30
    assert statuses[30] == 429


def test_what_a_bulletin_on_trial_could_not_say_waits_here(console: Console) -> None:
    client = signed_in(console, "an")

    send(client, "/library/bulletin/listen", area_id=AN_BINH, text="Tin của KXQ. Mưa to.")
    notes: UnreadNotes = console.app.extensions["truyenthanh.unread"]
    notes.settle()

    assert "KXQ 1 lần" in plain(client.get(PAGE).text)


def test_a_preview_that_somebody_asked_for_counts_and_one_while_typing_does_not(
    console: Console,
) -> None:
    client = signed_in(console, "an")
    form = {"area_id": AN_BINH, "csrf_token": token(client, "/")}
    typing = HTMX | {"HX-Trigger": "preview"}

    client.post("/speech/preview", data=form | {"text": "Tin của KX"}, headers=typing)
    client.post("/speech/preview", data=form | {"text": "Tin của KXQ."}, headers=HTMX)
    notes: UnreadNotes = console.app.extensions["truyenthanh.unread"]
    notes.settle()

    with console.sessions() as session:
        assert session.scalars(select(UnreadWord.text)).all() == ["KXQ"]


@pytest.mark.parametrize(("login", "area_id"), [("tech", AN_BINH), ("an", PROVINCE)])
def test_nobody_fills_the_list_of_an_area_whose_texts_are_not_theirs(
    console: Console, login: str, area_id: str
) -> None:
    client = signed_in(console, login)
    form = {"area_id": area_id, "csrf_token": token(client, "/"), "text": "Tin của KXQ."}

    answer = client.post("/speech/preview", data=form, headers=HTMX)
    notes: UnreadNotes = console.app.extensions["truyenthanh.unread"]
    notes.settle()

    assert answer.status_code == 200
    with console.sessions() as session:
        assert session.scalars(select(UnreadWord.text)).all() == []


@pytest.mark.usefixtures("taught")
def test_the_page_can_be_read_without_seeing_it(console: Console) -> None:
    reader = Reader()

    reader.feed(signed_in(console, "an").get(PAGE).text)

    assert reader.headings.count("h1") == 1
    assert [f for f in reader.fields if f.get("id") not in reader.labelled] == []
    assert (reader.nameless, reader.inline) == ([], [])
    assert len(reader.ids) == len(set(reader.ids))


@pytest.mark.usefixtures("taught")
def test_on_a_phone_a_waiting_word_gets_its_reading(console: Console, phone: Page) -> None:
    sign_in(phone, "an")
    phone.get_by_role("link", name="Từ điển phát âm").click()
    assert fits(phone)

    phone.get_by_role("link", name="Thêm cách đọc XYZ").click()
    expect(phone.get_by_label("Viết là")).to_have_value("XYZ")
    expect(phone.get_by_label("Đọc là").first).to_be_focused()
    phone.keyboard.type("xã 3")
    phone.get_by_role("button", name="Nghe thử").first.click()
    expect(phone.get_by_text("không dùng “3”: xã ba")).to_be_visible()
    phone.get_by_label("Đọc là").first.fill("xã ba")
    phone.get_by_role("button", name="Nghe thử").first.click()
    expect(phone.locator("#listen")).to_be_visible()
    assert fits(phone)
    phone.get_by_role("button", name="Lưu cách đọc").click()

    expect(phone.get_by_text("Đã thêm cách đọc của “XYZ”")).to_be_visible()
    expect(phone.get_by_text("Tin của XYZ")).to_have_count(0)
    assert texts_of(console)[f"{AN_BINH} XYZ"] == "xã ba"
