"""The inbox of warnings from outside: who sees what, why each stands where it is, who decides."""

import re
import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.cap.models import CapProposal
from controller.emergencies.models import Alert
from controller.people.models import AuditEntry
from tests.console.conftest import Console, signed_in
from tests.console.night import Night, fall
from tests.console.outside import Outside, cancel, elsewhere, listen, warning
from tests.console.test_accessible import Reader
from tests.console.test_desk_pages import post
from tests.console.test_pages import plain
from tests.controller.cast import PROVINCE, TAN_LAP


@pytest.fixture
def night(console: Console) -> Night:
    """A night in An Bình."""
    return fall(console)


@pytest.fixture
def outside(night: Night) -> Outside:
    """Its inbox."""
    return listen(night.console)


def everything(outside: Outside) -> dict[str, int]:
    """Take one message of each group in."""
    return {
        "waiting": outside.take(warning()),
        "elsewhere": outside.take(elsewhere()),
        "ignored": outside.take(warning(identifier="T-1", status="Test")),
        "refused": outside.take(b"<alert"),
    }


def addresses(warning_id: int) -> list[str]:
    one = f"/warnings/{warning_id}"
    return [one, f"{one}/points.json", f"{one}/original"]


@pytest.mark.parametrize("login", ["an", "binh", "minh", "chief"])
def test_officers_and_administrators_open_every_page(outside: Outside, login: str) -> None:
    came = everything(outside)
    client = signed_in(outside.console, login)

    urls = ["/warnings", "/warnings/sources", "/warnings/sources/kttv"]
    urls += [url for one in came.values() for url in addresses(one)]
    assert [url for url in urls if client.get(url).status_code != 200] == []


def test_a_technician_is_told_that_this_is_not_theirs(outside: Outside) -> None:
    came = outside.take(warning())
    client = signed_in(outside.console, "tech")

    assert client.get("/warnings").status_code == 403
    assert client.get("/warnings/sources").status_code == 403
    assert client.get("/warnings/sources/kttv").status_code == 403
    assert {client.get(url).status_code for url in addresses(came)} == {404}
    assert "/warnings" not in client.get("/").text
    assert "Lũ về sông Cái" not in client.get("/desk").text


@pytest.mark.parametrize("login", ["tan", "lap"])
def test_the_neighbour_sees_nothing_of_it(outside: Outside, login: str) -> None:
    came = outside.take(warning())
    proposal = outside.proposal()
    client = signed_in(outside.console, login)

    urls = [*addresses(came), "/warnings/sources/kttv"]
    assert {client.get(url).status_code for url in urls} == {404}
    for page in ("/warnings", "/warnings/sources", "/desk", "/warnings?source=kttv"):
        text = client.get(page).text
        assert "Lũ về sông Cái" not in text
        assert "Đài khí tượng" not in text
        assert "chờ quyết định: " not in text
    for deed in ("take-up", "dismiss"):
        answer = post(client, f"/warnings/proposals/{proposal}/{deed}", reason="không phải")
        assert answer.status_code == 404, deed
    assert outside.state(proposal) == "open"


@pytest.mark.parametrize("area", [PROVINCE, TAN_LAP])
def test_what_came_for_another_area_is_not_the_communes_business(
    outside: Outside, area: str
) -> None:
    outside.source("tinh", area_id=area, name="Nguồn khác")
    came = outside.take(warning(), "tinh")
    client = signed_in(outside.console, "an")

    assert {client.get(url).status_code for url in addresses(came)} == {404}
    assert "Nguồn khác" not in client.get("/warnings").text


def test_each_message_stands_in_its_group_with_its_why(outside: Outside) -> None:
    everything(outside)
    client = signed_in(outside.console, "an")

    text = plain(client.get("/warnings").text)
    assert "◷ Chờ quyết định (1) ✔ Cho địa bàn này ○ Không" in text
    assert "Có hiệu lực đến 20:00, Thứ Hai 02/11/2026" in text
    assert "Không cụm loa nào của địa bàn nằm trong vùng cảnh báo" in text
    assert "Trạng thái Test: không phải cảnh báo thật" in text
    assert "Không phải XML đúng cú pháp" in text
    assert "dubao@example.vn · Đài khí tượng · 16:55, Thứ Hai 02/11/2026 – đến 20:00" in text
    assert "Cấp 4 · đỏ" in text
    assert "○ không có chữ ký" in text
    for group, says in {
        "waiting": "Lũ về sông Cái",
        "elsewhere": "○ Không cho địa bàn này",
        "ignored": "Trạng thái Test",
        "refused": "Tin không đọc được",
    }.items():
        page = client.get(f"/warnings?group={group}").text
        assert says in page, group
        assert page.count("/warnings/") - page.count("/warnings/sources") == 1, group


def test_a_long_inbox_is_paged(outside: Outside) -> None:
    for number in range(53):
        outside.take(warning(identifier=f"T-{number}", status="Test"))
    client = signed_in(outside.console, "an")

    first, second = client.get("/warnings").text, client.get("/warnings?page=2").text

    assert (first.count("Trạng thái Test"), second.count("Trạng thái Test")) == (50, 3)
    assert "Trang sau" in first


def test_one_warning_says_where_it_would_sound_and_why(outside: Outside) -> None:
    code = "<geocode><valueName>VN-XYZ</valueName><value>9</value></geocode>"
    came = outside.take(warning().replace(b"</area>", code.encode() + b"</area>"))
    client = signed_in(outside.console, "an")

    text = plain(client.get(f"/warnings/{came}").text)

    assert "Được chấp nhận: Có hiệu lực đến 20:00" in text
    assert "Không biết loại mã VN-XYZ: không khớp nơi nào" in text
    assert "Cụm loa sẽ kêu (2)" in text
    assert "Đê Thôn 2 , Thôn 2 nằm trong hình vẽ của cảnh báo" in text
    assert "Chợ An Bình" not in text
    assert "Nước lên nhanh" in text
    assert "nghiêm trọng" in text
    assert "Chưa có gì được phát" in text


def test_a_named_area_is_told_by_its_code(outside: Outside) -> None:
    code = "<geocode><valueName>truyenthanh:area</valueName><value>{}</value></geocode>"
    infos = warning().replace(b"</area>", code.format("vn-31-an-binh-3").encode() + b"</area>")
    came = outside.take(infos)
    client = signed_in(outside.console, "an")

    text = plain(client.get(f"/warnings/{came}").text)

    assert "Cụm loa sẽ kêu (3)" in text
    assert "thuộc Thôn 3 được nêu tên (truyenthanh:area vn-31-an-binh-3)" in text


def test_the_map_holds_our_clusters_and_the_shapes(outside: Outside) -> None:
    came = outside.take(warning())
    client = signed_in(outside.console, "an")

    told = client.get(f"/warnings/{came}/points.json").get_json()

    meant = {one["name"] for one in told["points"] if one["state"] == "meant"}
    assert meant == {"Đê Thôn 2", "Trạm bơm Thôn 2"}
    assert len(told["points"]) == 6
    assert told["shapes"][0]["shape"] == "polygon"


def test_a_test_is_shown_as_one_and_nothing_of_it_sounds(outside: Outside) -> None:
    came = outside.take(warning(identifier="T-1", status="Test"))
    client = signed_in(outside.console, "an")

    text = plain(client.get(f"/warnings/{came}").text)
    told = client.get(f"/warnings/{came}/points.json").get_json()

    assert "▨ KHÔNG PHẢI CẢNH BÁO THẬT: thử nghiệm" in text
    assert "Cụm loa trong vùng, không kêu vì tin này (2)" in text
    assert "Cụm loa sẽ kêu" not in text
    assert {one["says"] for one in told["points"]} == {"trong vùng, không kêu", "không kêu"}


def test_the_original_is_the_bytes_themselves_and_never_a_page(outside: Outside) -> None:
    hostile = warning() + b"<!-- <script>alert(1)</script> -->"
    came = outside.take(hostile)

    answer = signed_in(outside.console, "an").get(f"/warnings/{came}/original")

    assert answer.data == hostile
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=warning-{came}.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_words_of_strangers_are_text_and_no_link(outside: Outside) -> None:
    words = "<headline>&lt;b&gt;Lũ&lt;/b&gt;</headline><web>javascript:alert(1)</web>"
    hostile = warning(identifier="VN-9").decode()
    hostile = re.sub("<headline>.*?</description>", words, hostile)
    came = outside.take(hostile.encode())
    client = signed_in(outside.console, "an")

    for url in ("/warnings", f"/warnings/{came}"):
        page = client.get(url).text
        assert "<b>Lũ" not in page
        assert 'href="javascript' not in page


def test_the_desk_says_how_many_wait_and_a_desk_for_drills_does_not(outside: Outside) -> None:
    client = signed_in(outside.console, "binh")
    assert "chờ quyết định" not in client.get("/desk").text

    outside.take(warning())

    for url in ("/desk", "/desk/state"):
        assert "Cảnh báo từ bên ngoài chờ quyết định: 1" in plain(client.get(url).text)
    assert "chờ quyết định" not in client.get("/desk?status=drill").text
    outside.console.clock.forward(timedelta(hours=4))
    assert "chờ quyết định" not in client.get("/desk").text


def test_taking_up_goes_on_at_the_desk_with_the_reasons(outside: Outside) -> None:
    came = outside.take(warning())
    client = signed_in(outside.console, "an")

    answer = post(client, f"/warnings/proposals/{outside.proposal()}/take-up")

    with outside.console.sessions() as session:
        alert = session.scalars(select(Alert)).one()
    assert answer.headers["HX-Redirect"] == f"/desk/alerts/{alert.id}"
    assert (alert.state, alert.created_by, alert.hazard) == ("drafted", "an", "flood")
    text = plain(client.get(f"/desk/alerts/{alert.id}").text)
    assert "Theo cảnh báo từ bên ngoài Lũ về sông Cái" in text
    assert "Có hiệu lực đến 20:00" in text
    assert "Sẽ kêu: 2 cụm loa" in text
    assert "Lũ về sông Cái. Nước lên nhanh." in text
    taken = plain(client.get(f"/warnings/{came}").text)
    assert "Đề xuất phát: Đã nhận xử lý an," in taken
    assert "Nhận xử lý: soạn tin" not in taken


def test_the_words_behind_an_alert_are_not_shown_to_a_technician(outside: Outside) -> None:
    outside.take(warning())
    post(signed_in(outside.console, "an"), f"/warnings/proposals/{outside.proposal()}/take-up")
    with outside.console.sessions() as session:
        alert = session.scalars(select(Alert.id)).one()

    text = signed_in(outside.console, "tech").get(f"/desk/alerts/{alert}").text

    assert "Theo cảnh báo từ bên ngoài" not in text


def test_dismissing_needs_a_reason_which_is_kept(outside: Outside) -> None:
    came = outside.take(warning())
    proposal = outside.proposal()
    client = signed_in(outside.console, "an")
    url = f"/warnings/proposals/{proposal}/dismiss"

    refused = post(client, url, reason=" . ")
    kept = post(client, url, reason="Sông đã rút,  đã gọi trạm thủy văn")

    assert (refused.status_code, kept.status_code) == (422, 204)
    assert "hãy ghi lý do" in refused.text
    assert outside.state(proposal) == "dismissed"
    text = plain(client.get(f"/warnings/{came}").text)
    assert "Sông đã rút, đã gọi trạm thủy văn" in text
    with outside.console.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "cap.dismiss")).one()
    assert entry.facts["why"] == "Sông đã rút, đã gọi trạm thủy văn"


@pytest.mark.parametrize("login", ["tech", "chief"])
def test_who_drafts_no_alert_decides_nothing(outside: Outside, login: str) -> None:
    came = outside.take(warning())
    proposal = outside.proposal()
    client = signed_in(outside.console, login)

    for deed in ("take-up", "dismiss"):
        answer = post(client, f"/warnings/proposals/{proposal}/{deed}", reason="không cần")
        assert answer.status_code in {403, 404}, deed
        assert answer.text.startswith("<p>▲ ")
    assert "Nhận xử lý: soạn tin" not in client.get(f"/warnings/{came}").text
    assert outside.state(proposal) == "open"


def test_who_comes_second_is_told_who_was_first(outside: Outside) -> None:
    outside.take(warning())
    proposal = outside.proposal()
    first, second = (signed_in(outside.console, login) for login in ("an", "binh"))
    post(first, f"/warnings/proposals/{proposal}/dismiss", reason="Đã gọi điện")

    for deed in ("take-up", "dismiss"):
        answer = post(second, f"/warnings/proposals/{proposal}/{deed}", reason="Không phát")
        assert answer.status_code == 409
        assert answer.text.strip() == "<p>▲ Đề xuất này đã được xử lý (an)</p>"


def test_two_who_press_together_make_one_alert(outside: Outside) -> None:
    outside.take(warning())
    url = f"/warnings/proposals/{outside.proposal()}/take-up"
    clients = [signed_in(outside.console, login) for login in ("an", "binh", "minh")]
    ready, answers = threading.Barrier(len(clients)), list[int]()

    def press(client: FlaskClient) -> None:
        ready.wait()
        answers.append(post(client, url).status_code)

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [204, 409, 409]
    with outside.console.sessions() as session:
        assert len(session.scalars(select(Alert)).all()) == 1


def test_a_cancel_that_is_proposed_takes_the_alert_back(night: Night, outside: Outside) -> None:
    outside.take(warning())
    an = signed_in(outside.console, "an")
    post(an, f"/warnings/proposals/{outside.proposal()}/take-up")
    alert_id = night.only_alert()

    came = outside.take(cancel())
    page = plain(an.get(f"/warnings/{came}").text)
    answer = post(an, f"/warnings/proposals/{outside.proposal(came)}/take-up")

    assert "Đề xuất hủy tin đang có: Chờ quyết định" in page
    assert answer.status_code == 204
    assert night.state(alert_id) == "withdrawn"


def test_pages_can_be_read_without_seeing_them(outside: Outside) -> None:
    came = everything(outside)
    client = signed_in(outside.console, "an")

    for url in ["/warnings", "/warnings?group=waiting", *(f"/warnings/{i}" for i in came.values())]:
        reader = Reader()
        reader.feed(client.get(url).text)
        assert reader.headings[0] == "h1", url
        assert reader.headings.count("h1") == 1, url
        nameless = [f for f in reader.fields if f.get("id") not in reader.labelled]
        assert (nameless, reader.nameless, reader.inline) == ([], [], []), url
        assert len(reader.ids) == len(set(reader.ids)), url


def test_a_proposal_that_does_not_exist_is_said_so(outside: Outside) -> None:
    answer = post(signed_in(outside.console, "an"), "/warnings/proposals/77/dismiss", reason="Sai")

    assert answer.status_code == 404
    assert "Không có đề xuất 77" in answer.text
    with outside.console.sessions() as session:
        assert session.scalars(select(CapProposal)).all() == []
