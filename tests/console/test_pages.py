"""Every page for every role: what opens, what is refused, and that neighbours stay unseen (R47)."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from controller.library.models import LibraryItem
from controller.people.models import AuditEntry
from controller.records.models import Broadcast
from controller.stations.models import Claim, Device, DeviceState
from tests.console.conftest import Console, signed_in
from tests.console.test_signing_in import token

EVERYONE = (
    "/", "/?day=2026-11-02", "/today/board", "/programmes", "/programmes/p-news", "/schedule",
    "/schedule/templates", "/schedule/r-afternoon", "/library", "/library/1", "/stations",
    "/stations/map", "/stations/map.json", "/stations/s-an-binh", "/stations/s-an-binh/state",
    "/logbook", "/logbook.csv", "/logbook/1", "/areas", "/areas/vn-31-an-binh",
    "/areas/vn-31-an-binh/reading", "/me",
    "/me/password", "/help", "/programmes/new", "/programmes/item?kind=relay", "/schedule/new",
    "/library/upload", "/library/bulletin", "/stations/new", "/desk", "/desk/wall", "/desk/alerts",
    "/desk/templates", "/desk/rules", "/desk/drills", "/pronunciations",
    "/pronunciations.csv?area_id=vn-31-an-binh",
)  # fmt: skip
LISTS = ("/", "/programmes", "/schedule", "/library", "/stations", "/logbook", "/desk/alerts",
    "/desk/templates", "/desk/drills", "/people", "/audit")  # fmt: skip
ADMINISTRATORS = ("/people", "/audit")
NEIGHBOURS = ("/programmes/p-news", "/schedule/r-afternoon", "/library/1", "/stations/s-an-binh",
    "/logbook/1", "/areas/vn-31-an-binh", "/areas/vn-31-an-binh/reading",
    "/speech/sentence?area_id=vn-31-an-binh&said=Xin")  # fmt: skip


@pytest.mark.parametrize("login", ["an", "binh", "tech", "chief"])
def test_pages_open_for_everyone_of_the_commune(console: Console, login: str) -> None:
    client = signed_in(console, login)

    failed = [url for url in EVERYONE if client.get(url).status_code != 200]

    assert failed == []


@pytest.mark.parametrize("number", ["2", "0", "x", "9" * 30])
def test_every_page_of_a_list_opens(console: Console, number: str) -> None:
    client = signed_in(console, "chief")

    failed = [url for url in LISTS if client.get(f"{url}?page={number}").status_code != 200]

    assert failed == []


@pytest.mark.parametrize(("login", "status"), [("an", 403), ("tech", 403), ("chief", 200)])
def test_accounts_and_the_audit_log_are_for_administrators(
    console: Console, login: str, status: int
) -> None:
    client = signed_in(console, login)

    assert [client.get(url).status_code for url in ADMINISTRATORS] == [status] * 2


@pytest.mark.parametrize("login", ["tan", "lap"])
def test_what_belongs_to_the_neighbour_is_not_there(console: Console, login: str) -> None:
    client = signed_in(console, login)

    assert [client.get(url).status_code for url in NEIGHBOURS] == [404] * len(NEIGHBOURS)


def test_lists_and_exports_hold_nothing_of_the_neighbour(console: Console) -> None:
    client = signed_in(console, "tan")
    urls = ("/", "/programmes", "/schedule", "/library", "/stations", "/stations/map", "/logbook",
        "/logbook.csv", "/areas", "/programmes/new", "/schedule/new")  # fmt: skip

    found = [url for url in urls if "An Bình" in client.get(url).text]

    assert found == []


@pytest.mark.parametrize(
    ("login", "url", "status"),
    [
        ("tech", "/programmes/p-draft/versions/1/decide", 403),
        ("an", "/programmes/p-draft/versions/1/decide", 403),
        ("tan", "/programmes/p-draft/versions/1/decide", 404),
        ("an", "/programmes/p-draft/versions/1/heard", 403),
        ("tan", "/programmes/p-draft/versions/1/heard", 404),
        ("an", "/devices/d-anbinh1/revoke", 403),
        ("lap", "/devices/d-anbinh1/claim", 404),
        ("an", "/areas/vn-31-an-binh/policy", 403),
        ("an", "/areas/vn-31-an-binh/reading", 403),
        ("lap", "/areas/vn-31-an-binh/reading", 403),
        ("tan", "/speech/preview?area_id=vn-31-an-binh", 404),
        ("tech", "/people/1/reset", 403),
        ("lap", "/people/1/reset", 403),
        ("tech", "/library/1/archive", 403),
        ("tan", "/schedule/r-afternoon/pause", 404),
    ],
)
def test_who_may_not_change_it_is_told_so(
    console: Console, login: str, url: str, status: int
) -> None:
    client = signed_in(console, login)
    form = {"csrf_token": token(client, "/"), "decision": "approve"}

    answer = client.post(url, data=form, headers={"HX-Request": "true"})

    assert answer.status_code == status
    assert answer.text.startswith("<p>▲ ")


def test_today_says_what_is_next_what_was_and_what_is_wrong(console: Console) -> None:
    client = signed_in(console, "an")

    text = plain(client.get("/").text)

    assert "Bây giờ: không phát" in text
    assert "Tiếp theo: 17:00, Thứ Hai 02/11/2026 Thời sự xã An Bình" in text
    assert "Phát một phần chỉ phát được một phần" in text
    assert "Cần xử lý (1) Thiết bị báo lỗi – lỗi ampli" in text


def test_a_slot_without_a_receipt_is_never_shown_as_played(console: Console) -> None:
    console.clock.forward(timedelta(minutes=20))
    client = signed_in(console, "an")

    text = plain(client.get("/").text)

    assert "17:00–17:05 Thời sự xã An Bình ? Chưa có biên nhận" in text
    assert "Đã phát" not in text.replace("Đã phát được", "")


def test_a_time_within_a_minute_is_told_to_the_second(console: Console) -> None:
    with console.sessions.begin() as session:
        line = session.scalars(select(Broadcast)).one()
        line.planned_start_at += timedelta(seconds=7)
        line.planned_end_at -= timedelta(milliseconds=4)

    assert "16:30:07–16:35 " in plain(signed_in(console, "an").get("/logbook").text)


def test_what_played_before_midnight_is_one_step_back_in_the_logbook(console: Console) -> None:
    console.clock.forward(timedelta(days=1))
    client = signed_in(console, "an")
    page = client.get("/logbook").text
    back = re.search(r'href="([^"]+)">← Ngày trước', page)

    assert back is not None
    assert "Thời sự xã An Bình" not in plain(page)
    assert "Thời sự xã An Bình" in plain(client.get(unescape(back[1])).text)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "hôm qua"])
def test_a_day_beyond_all_days_is_refused(console: Console, day: str) -> None:
    answer = signed_in(console, "an").get("/logbook", query_string={"day": day})

    assert answer.status_code == 422


def test_the_approver_is_asked_to_decide(console: Console) -> None:
    assert "Lịch tiêm phòng trẻ em" in signed_in(console, "binh").get("/").text
    assert "Lịch tiêm phòng trẻ em" not in signed_in(console, "an").get("/").text


def test_a_title_is_text_and_never_markup_or_a_formula(console: Console) -> None:
    with console.sessions.begin() as session:
        line = session.scalars(select(Broadcast)).one()
        line.title = '=HYPERLINK("x")<script>'
    client = signed_in(console, "an")

    assert "<script>" not in re.sub(r"<script defer[^>]*>", "", client.get("/logbook").text)
    assert "'=HYPERLINK" in client.get("/logbook.csv").text


def test_a_claim_code_is_shown_once_and_audited(console: Console) -> None:
    client = signed_in(console, "tech")

    form = {"csrf_token": token(client, "/")}
    answer = client.post("/devices/d-anbinh1/claim", data=form, headers={"HX-Request": "true"})

    code = re.search(r'class="secret">([^<]+)<', answer.text)
    assert code is not None
    assert code[1] not in client.get("/stations/s-an-binh").text
    with console.sessions() as session:
        assert session.scalars(select(Claim.device_id)).all() == ["d-anbinh1"]
        assert "device.claim" in session.scalars(select(AuditEntry.action)).all()


def test_revoking_a_device_puts_it_out(console: Console) -> None:
    client = signed_in(console, "tech")

    client.post("/devices/d-anbinh1/revoke", data={"csrf_token": token(client, "/")})

    with console.sessions() as session:
        assert session.get_one(Device, "d-anbinh1").state == DeviceState.REVOKED
    assert "Đã thu hồi" in client.get("/stations/s-an-binh").text


def test_the_policy_of_an_area_is_set_and_inherited(console: Console) -> None:
    client = signed_in(console, "chief")
    form = {"csrf_token": token(client, "/"), "hard_stop_from": "21:30", "hard_stop_until": "05:00"}

    client.post("/areas/vn-31-an-binh/policy", data=form)

    assert "21:30–05:00" in client.get("/areas/vn-31-an-binh-1").text


def test_what_a_machine_speaks_is_heard_before_it_is_approved(console: Console) -> None:
    with console.sessions.begin() as session:
        item = session.scalars(select(LibraryItem).where(LibraryItem.kind == "bulletin")).one()
        item.voice, item.text, sha256 = "vi", "Mời bà con đi họp.", item.sha256
    client, url = signed_in(console, "binh"), "/programmes/p-draft"
    form = {"csrf_token": token(client, "/"), "sha256": sha256, "decision": "approve"}
    htmx = {"HX-Request": "true"}
    before = client.get(url).text

    refused = client.post(f"{url}/versions/1/decide", data=form, headers=htmx)
    heard = client.post(f"{url}/versions/1/heard", data=form, headers=htmx)
    again = client.post(f"{url}/versions/1/heard", data=form)  # as a browser without scripts
    approved = client.post(f"{url}/versions/1/decide", data=form, headers=htmx)

    assert "data-locked disabled>✔ Duyệt" in before
    assert "Tôi đã nghe hết" in before
    assert refused.status_code == 409
    assert "Hãy nghe hết trước khi duyệt: “Bản tin nông vụ”" in refused.text
    assert "data-is-heard" in heard.text
    assert again.status_code == 303
    assert approved.status_code == 204


@pytest.mark.parametrize("number", ["nhanh", "nan", "inf"])
def test_what_is_no_number_is_refused_and_not_read_as_one(console: Console, number: str) -> None:
    client = signed_in(console, "chief")
    form = {"csrf_token": token(client, "/"), "speed": number}

    answer = client.post("/areas/vn-31-an-binh/reading", data=form)

    assert answer.status_code == 422
    assert "không phải số" in answer.text


def test_the_voice_and_words_of_an_area_are_set_and_inherited(console: Console) -> None:
    client = signed_in(console, "chief")
    form = {"csrf_token": token(client, "/"), "region": "south", "speed": "130", "thousand": ""}

    refused = client.post("/areas/vn-31-an-binh/reading", data=form | {"voice": "piper-x"})
    client.post("/areas/vn-31-an-binh/reading", data=form | {"voice": "vi"})

    page = plain(client.get("/areas/vn-31-an-binh-1/reading").text)
    assert refused.status_code == 422
    assert "130 từ một phút" in page
    assert "Miền Nam: ngàn, lẻ, mùng" in page
    assert "một trăm lẻ năm hộ" in page


def test_a_text_is_shown_as_it_will_be_spoken_also_without_scripts(console: Console) -> None:
    client = signed_in(console, "an")
    form = {"csrf_token": token(client, "/"), "area_id": "vn-31-an-binh"}

    answer = client.post("/speech/preview", data=form | {"text": "ABCX báo: 3,25m. Hết."})

    page = plain(answer.text)
    assert "▲ Chưa biết đọc: ABCX Thêm cách đọc" in page
    assert "Viết ▲ ABCX (chưa biết đọc) báo: 3,25m ." in page
    assert "Đọc ▲ ABCX báo: ba phẩy hai mươi lăm mét (đơn vị đo) ." in page
    assert "Đọc như viết Hết." in page
    assert "<h1>Cách đọc</h1>" in answer.text


def test_a_bulletin_may_have_readings_of_its_own(console: Console) -> None:
    client = signed_in(console, "an")
    form = {"csrf_token": token(client, "/"), "area_id": "vn-31-an-binh", "text": "Họp tại KXQ."}

    read = client.post("/speech/preview", data=form | {"pronunciations": "KXQ = khu xóm quê"})
    wrong = client.post("/speech/preview", data=form | {"pronunciations": "KXQ khu"})

    assert "Đọc Họp tại khu xóm quê (chữ viết tắt) ." in plain(read.text)
    assert wrong.status_code == 422


def test_the_words_of_a_bulletin_are_corrected_without_typing_them_again(console: Console) -> None:
    with console.sessions.begin() as session:
        item = session.scalars(select(LibraryItem).where(LibraryItem.kind == "bulletin")).one()
        item.voice, item.text = "vi", "Họp tại KXQ."
        item.pronunciations = [{"written": "KXQ", "spoken": "khu xóm quê"}]
        number = item.id
    client = signed_in(console, "an")

    page = client.get(f"/library/bulletin?item={number}").text
    neighbours = signed_in(console, "tan").get(f"/library/bulletin?item={number}")

    assert f'href="/library/bulletin?item={number}"' in client.get(f"/library/{number}").text
    assert 'value="Bản tin nông vụ"' in page
    assert ">Họp tại KXQ.</textarea>" in page
    assert ">KXQ = khu xóm quê</textarea>" in page
    assert neighbours.status_code == 404


def test_one_sentence_of_a_preview_is_spoken_alone_and_only_one(console: Console) -> None:
    client = signed_in(console, "an")
    query = {"area_id": "vn-31-an-binh"}

    spoken = client.get("/speech/sentence", query_string=query | {"said": "Xin chào bà con."})
    too_long = client.get("/speech/sentence", query_string=query | {"said": "xin " * 101})
    silent = client.get("/speech/sentence", query_string=query | {"said": "..."})

    assert (spoken.status_code, spoken.mimetype, spoken.data[:4]) == (200, "audio/wav", b"RIFF")
    assert (too_long.status_code, silent.status_code) == (422, 422)


def test_an_administrator_creates_an_account_whose_password_is_told_once(console: Console) -> None:
    client = signed_in(console, "chief")
    form = {"login": "hoa.nguyen", "full_name": "Nguyễn Thị Hoa", "role": "operator"}
    form |= {"area_id": "vn-31-an-binh", "csrf_token": token(client, "/people")}

    answer = client.post("/people", data=form, headers={"HX-Request": "true"})

    assert re.search(r'class="secret">\w{4}(-\w{4}){3}<', answer.text)
    assert "Nguyễn Thị Hoa" in client.get("/people").text


def plain(html: str) -> str:
    """Return the words of a page, as a reader hears them."""
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL).split())
