"""The pages of the emergency desk: who sees which, and that a drill says it is one."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert, select
from werkzeug.test import TestResponse

from controller.areas.models import Area
from controller.emergencies.drills import plan_drill
from controller.emergencies.models import AlertRevision, AlertTemplate, ReleaseRule
from controller.stations.models import Cluster
from tests.console.conftest import Console, signed_in
from tests.console.night import FLOOD, Night, fall
from tests.console.test_accessible import Reader
from tests.console.test_pages import plain
from tests.console.test_signing_in import token
from tests.controller.cast import AN_BINH

HTMX = {"HX-Request": "true"}


@pytest.fixture
def night(console: Console) -> Night:
    """A night in An Bình."""
    return fall(console)


def pages(night: Night, alert_id: str) -> list[str]:
    """Return the addresses of all whole pages of the desk, with one alert."""
    one, template = f"/desk/alerts/{alert_id}", f"/desk/templates/{night.template}"
    fire = f"/desk/fire/{night.template}?status="
    return [
        "/desk", "/desk?status=drill", "/desk/wall", "/desk/alerts", "/desk/templates", template,
        "/desk/rules", "/desk/drills", one, f"{one}/why", f"{one}/proof", f"{fire}real",
        f"{fire}drill", f"{template}/edit", "/desk/templates/new", "/desk/compose", f"{one}/change",
    ]  # fmt: skip


def parts(alert_id: str) -> list[str]:
    """Return what pages fetch by themselves."""
    one = f"/desk/alerts/{alert_id}"
    return [
        "/desk/state", "/desk/wall/state", "/desk/banner", "/desk/ground.json",
        f"{one}/progress?phase=released.1.released",
        f"{one}/villages", f"{one}/points.json", f"{one}/silent.csv",
    ]  # fmt: skip


@pytest.mark.parametrize("login", ["an", "binh", "minh"])
def test_every_page_of_the_desk_opens_for_who_works_there(night: Night, login: str) -> None:
    alert_id = night.fired()
    client = signed_in(night.console, login)

    urls = [*pages(night, alert_id), *parts(alert_id)]
    assert [url for url in urls if client.get(url).status_code != 200] == []


@pytest.mark.parametrize("login", ["tech", "chief"])
def test_who_fires_nothing_sees_what_is_going_on_but_no_tile(night: Night, login: str) -> None:
    alert_id = night.fired()
    client = signed_in(night.console, login)

    desk = client.get("/desk").text
    assert alert_id in desk
    assert "/desk/fire/" not in desk
    assert client.get(f"/desk/fire/{night.template}?status=real").status_code == 403
    assert client.get("/desk/compose").status_code == 403
    assert "Dừng phát" not in client.get(f"/desk/alerts/{alert_id}").text
    assert 'class="alarm-link"' not in client.get("/").text


def test_the_neighbour_sees_nothing_of_it(night: Night) -> None:
    alert_id = night.fired()
    client = signed_in(night.console, "tan")

    hidden = pages(night, alert_id)[5:6] + [
        url for url in [*pages(night, alert_id), *parts(alert_id)] if alert_id in url
    ]
    assert [url for url in hidden if client.get(url).status_code != 404] == []
    assert "An Bình" not in client.get("/desk").text
    assert "An Bình" not in client.get("/").text
    assert "c-dike" not in client.get("/desk/ground.json").text


def test_pages_can_be_read_without_seeing_them(night: Night) -> None:
    night.tell(alert_id := night.fired(), code="no_output", c_dike="failed", c_hill="sounding")
    draft = night.draft(areas=("vn-31-an-binh-2",), level=5)
    client = signed_in(night.console, "binh")

    for url in [*pages(night, alert_id), f"/desk/alerts/{draft}"]:
        reader = Reader()
        reader.feed(client.get(url).text)
        assert reader.headings[0] == "h1", url
        assert reader.headings.count("h1") == 1, url
        assert {"main", "nav", "header", "footer"} <= reader.landmarks, url
        nameless = [f for f in reader.fields if f.get("id") not in reader.labelled]
        assert (nameless, reader.nameless, reader.inline) == ([], [], []), url
        assert len(reader.ids) == len(set(reader.ids)), url


def test_a_drill_says_so_on_every_page_and_on_every_button_that_sends(night: Night) -> None:
    alert_id = night.fired(status="drill")
    client = signed_in(night.console, "binh")

    one = f"/desk/alerts/{alert_id}"
    urls = (
        one,
        f"{one}/why",
        f"{one}/proof",
        f"{one}/change",
        "/desk?status=drill",
        "/desk/drills",
    )
    for url in (*urls, f"/desk/fire/{night.template}?status=drill"):
        page = client.get(url).text
        assert "is-drill" in re.findall(r'<main[^>]* class="([^"]*)"', page)[0], url
        assert "DIỄN TẬP, không phải thật" in page, url
        assert "PHÁT THẬT" not in page, url
        sending = re.findall(r'<button[^>]*class="(?:release|undo)[^>]*>([^<]+)<', page)
        assert [words for words in sending if "DIỄN TẬP" not in words] == [], url


def test_a_form_cannot_turn_a_drill_into_a_real_alert(night: Night) -> None:
    alert_id = night.fired(status="drill")
    client = signed_in(night.console, "binh")
    form = {"status": "real", "hazard": "flood", "level": "3", "text_vi": FLOOD, "minutes": "30"}

    answer = post(client, f"/desk/alerts/{alert_id}/change", **form)

    assert answer.status_code == 409
    assert "Không thể đổi loại phát" in answer.text


def test_the_confirmation_says_who_will_hear_what_and_who_must_agree(night: Night) -> None:
    client = signed_in(night.console, "binh")

    text = plain(client.get(f"/desk/fire/{night.template}?status=real").text)

    assert "PHÁT THẬT" in text
    assert "Sẽ kêu: 6 cụm loa ở 4 nơi: Xã An Bình" in text
    assert "Thông báo khẩn cấp. Xã An Bình thông báo, phát hành lúc" in text
    assert FLOOD in text
    assert "Cần một người duyệt phát, mỗi người với mã xác thực" in text
    assert "Sau khi duyệt còn 20 giây để dừng lại." in text
    assert "● PHÁT THẬT tới 6 cụm loa" in text


def test_another_place_than_the_one_confirmed_is_refused(night: Night) -> None:
    client = signed_in(night.console, "binh")
    form = {"status": "real", "seen": "vn-31-an-binh:6", "code": night.code("binh")}

    answer = post(client, f"/desk/fire/{night.template}", areas="vn-31-an-binh-2", **form)

    assert answer.status_code == 409
    assert "Nơi phát đã khác lúc bạn xem" in answer.text


def test_a_wrong_code_releases_nothing_and_leaves_no_draft(night: Night) -> None:
    client = signed_in(night.console, "binh")
    form = {"status": "real", "seen": "vn-31-an-binh:6", "code": "000000"}

    answer = post(client, f"/desk/fire/{night.template}", **form)

    assert answer.status_code == 422
    assert "Mã không đúng" in answer.text
    assert "Chờ phát" not in client.get("/desk").text


def test_free_words_are_not_released_before_they_were_heard(night: Night) -> None:
    alert_id = night.draft()
    client = signed_in(night.console, "binh")

    shown = client.get(f"/desk/alerts/{alert_id}").text
    answer = post(client, f"/desk/alerts/{alert_id}/revisions/1/release", code=night.code("binh"))

    assert re.search(r"<button[^>]*data-locked disabled>", shown)
    assert answer.status_code == 409
    assert "Hãy nghe hết bản đọc" in answer.text


def test_progress_is_told_only_when_it_has_changed(night: Night) -> None:
    alert_id = night.fired()
    client = signed_in(night.console, "binh")
    url = re.findall(r'hx-get="([^"]+/progress[^"]*)"', client.get(f"/desk/alerts/{alert_id}").text)
    address = url[0].replace("&amp;", "&")
    assert client.get(address).status_code == 204

    night.console.clock.forward(timedelta(seconds=10))
    night.tell(alert_id, c_dike="sounding")
    later = client.get(address)
    while later.status_code == 204:  # what is kept is fresh for half a second
        later = client.get(address)

    assert "Nghe thấy ở 1 trên 6 cụm" in plain(later.text)
    assert "Không liên lạc được 5" in plain(later.text)


def test_whom_to_call_stands_with_a_number_to_tap_and_is_exported(night: Night) -> None:
    alert_id = night.fired()
    night.tell(alert_id, code="no_output", c_dike="failed", c_hill="sounding")
    with night.console.sessions.begin() as session:
        village = session.get_one(Area, "vn-31-an-binh-2")
        village.head_name, village.head_phone = "Ông Tư", "0912 345 678"
    client = signed_in(night.console, "an")

    text = client.get(f"/desk/alerts/{alert_id}/villages").text
    export = client.get(f"/desk/alerts/{alert_id}/silent.csv").text

    assert 'href="tel:0912345678">☎ Ông Tư 0912 345 678<' in text
    assert "Lỗi: ngõ ra âm thanh không chạy" in plain(text)
    assert "Đê Thôn 2" in export
    assert "Nhà văn hóa Thôn 3" not in export


def test_the_banner_stands_on_every_page_while_an_alert_is_in_force(night: Night) -> None:
    client = signed_in(night.console, "tech")
    assert 'class="alarm ' not in client.get("/library").text

    alert_id = night.fired()
    banner = client.get("/library").text
    post(signed_in(night.console, "binh"), f"/desk/alerts/{alert_id}/stop", action="cancel")

    assert "● PHÁT THẬT · Lũ, ngập lụt · Cấp 3" in plain(banner)
    assert 'class="alarm ' not in client.get("/library").text


def test_why_is_answered_for_each_cluster(night: Night) -> None:
    alert_id = night.fired(areas=("vn-31-an-binh-2",))
    night.tell(alert_id, code="no_output", c_dike="failed", c_mill="sounding")
    client = signed_in(night.console, "an")

    text = plain(client.get(f"/desk/alerts/{alert_id}/why").text)

    here = "Cụm thuộc địa bàn được chọn"
    assert f"Trạm bơm Thôn 2 Thôn 2 : đã kêu {here}; đang phát" in text
    assert f"Đê Thôn 2 Thôn 2 : chưa kêu {here}; không phát được; ngõ ra" in text


def test_why_is_answered_in_pages_for_a_province_and_found_by_name(night: Night) -> None:
    """However many clusters there are, a page of fifty costs the same few statements."""
    alert_id = night.fired()
    client = signed_in(night.console, "an")
    url = f"/desk/alerts/{alert_id}/why"
    client.get(url)
    few, few_statements = counted(client, url)

    with night.console.sessions.begin() as session:
        output_id = session.get_one(Cluster, "c-dike").output_id
        rows = [
            {"id": f"c-{n}", "output_id": output_id, "area_id": AN_BINH, "name": f"Cụm số {n}"}
            for n in range(2000)
        ]
        session.execute(insert(Cluster), rows)
    many, many_statements = counted(client, url)

    assert (few.count('class="grow"'), many.count('class="grow"')) == (6, 50)
    assert 5 < few_statements == many_statements
    assert "1 / 41" in many
    assert 'class="grow"' in client.get(f"{url}?page=41").text
    assert "Trạm bơm Thôn 2" in client.get(f"{url}?search=Tr%E1%BA%A1m").text
    assert "Không có cụm loa nào ở đây." in client.get(f"{url}?search=kh%C3%B4ng+c%C3%B3").text


def counted(client: FlaskClient, url: str) -> tuple[str, int]:
    """Return a page, and how many statements it took."""
    statements: list[str] = []

    def note(*told: Any) -> None:
        statements.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        return client.get(url).text, len(statements)
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("status", "kept"), [("real", "two_tone"), ("drill", None)])
def test_only_a_real_alert_names_a_siren(night: Night, status: str, kept: str | None) -> None:
    client = signed_in(night.console, "an")
    form = {
        "status": status,
        "hazard": "fire",
        "level": "3",
        "text_vi": "Có cháy.",
        "minutes": "15",
    }

    post(client, "/desk/compose", **form, siren="two_tone")
    with night.console.sessions() as session:
        (revision,) = session.scalars(select(AlertRevision))
    page = client.get(f"/desk/alerts/{revision.alert_id}/change").text

    assert revision.content.get("siren") == kept
    assert ('id="f-siren"' in page) == (status == "real")
    assert "trước lời đọc là tiếng chuông" in page


def test_a_siren_that_the_pack_no_longer_has_stays_in_sight(night: Night) -> None:
    alert_id = night.draft(siren="gong")

    page = signed_in(night.console, "an").get(f"/desk/alerts/{alert_id}/change").text

    assert re.search(r'value="gong"[^>]*selected>gong: không còn trong gói', page)


def test_the_proof_names_people_hashes_instants_and_receipts(night: Night) -> None:
    alert_id = night.fired()
    night.tell(alert_id, c_dike="finished")
    client = signed_in(night.console, "an")

    text = plain(client.get(f"/desk/alerts/{alert_id}/proof").text)

    assert "Duyệt phát: Binh (binh), mã xác thực" in text
    assert len(re.findall(r"[0-9a-f]{64}", text)) >= 5
    assert "Đê Thôn 2 Thôn 2 · d-anbinh1 Đã kêu xong" in text


def test_a_template_is_approved_only_by_somebody_else_who_heard_it(night: Night) -> None:
    an, minh = signed_in(night.console, "an"), signed_in(night.console, "minh")
    form = {"title": "Cháy chợ", "hazard": "fire", "level": "2", "text_vi": "Chợ cháy, tránh xa."}
    post(an, "/desk/templates/new", area_id=AN_BINH, minutes="15", **form)
    with night.console.sessions() as session:
        made = session.scalars(select(AlertTemplate).where(AlertTemplate.title == "Cháy chợ")).one()
        sha256 = made.audio["vi"]["sha256"]
    url = f"/desk/templates/{made.id}"

    assert "Duyệt mẫu" not in an.get(url).text
    assert post(minh, f"{url}/approve", version="1").status_code == 409
    assert "Bạn đã nghe hết" in post(minh, f"{url}/heard", sha256=sha256).text
    assert post(minh, f"{url}/approve", version="1", preauthorise="1").status_code == 204
    assert "Cháy chợ" in an.get("/desk").text


def test_rules_are_for_administrators(night: Night) -> None:
    form = {"area_id": AN_BINH, "hazard": "fire", "level_from": "1", "level_to": "2"}
    form |= {"people": "1", "countdown_s": "15", "needs_second_factor": "1"}

    refused = post(signed_in(night.console, "binh"), "/desk/rules", **form)
    kept = post(signed_in(night.console, "chief"), "/desk/rules", **form)

    assert (refused.status_code, kept.status_code) == (403, 204)
    text = plain(signed_in(night.console, "an").get("/desk/rules").text)
    assert "Cháy, cấp 1 đến 2 1 người, có mã xác thực, đếm ngược 15 giây" in text
    with night.console.sessions() as session:
        assert len(session.scalars(select(ReleaseRule)).all()) == 2


def test_a_drill_of_the_calendar_is_held_and_scored_by_village(night: Night) -> None:
    an = night.who("an")
    with night.console.sessions.begin() as session:
        now = night.console.clock()
        made = plan_drill(
            session,
            actor=an,
            area_id=AN_BINH,
            title="Diễn tập lũ",
            planned_at=now + timedelta(hours=1),
            now=now,
            template_id=night.template,
        )
    client = signed_in(night.console, "binh")
    form = {"status": "drill", "seen": "vn-31-an-binh:6", "drill_id": made.id}
    post(client, f"/desk/fire/{night.template}", **form)
    night.send()
    alert_id = night.only_alert()
    night.tell(alert_id, c_dike="finished", c_mill="finished", c_school="finished")
    night.console.clock.forward(timedelta(seconds=20))
    post(client, f"/desk/alerts/{alert_id}/stop", action="end")

    answer = post(client, f"/desk/drills/{made.id}/score")

    assert answer.status_code == 204
    text = plain(client.get(f"/desk/drills/{made.id}").text)
    assert "Thôn 2 ✔ 100 2 0 0" in text
    assert "Thôn 1 ▲ 50 1 0 1" in text
    assert "Thôn 3 ✖ 0 0 0 1" in text


def test_the_wall_shows_it_large_without_anything_to_press(night: Night) -> None:
    night.tell(night.fired(), c_dike="sounding")

    text = signed_in(night.console, "an").get("/desk/wall/state").text

    assert "Nghe thấy ở 1 trên 6 cụm" in text
    assert "<button" not in text


@pytest.mark.parametrize(
    ("login", "url", "status"),
    [
        ("tech", "revisions/1/release", 403),
        ("an", "revisions/1/release", 403),
        ("tan", "revisions/1/release", 404),
        ("tech", "revisions/1/submit", 403),
        ("tech", "stop", 403),
        ("tan", "stop", 404),
        ("tech", "undo", 403),
        ("chief", "withdraw", 403),
    ],
)
def test_who_may_not_decide_is_told_so(night: Night, login: str, url: str, status: int) -> None:
    alert_id = night.draft()

    answer = post(signed_in(night.console, login), f"/desk/alerts/{alert_id}/{url}")

    assert answer.status_code == status
    assert answer.text.startswith("<p>▲ ")


def test_who_releases_or_composes_sees_how_the_words_are_read(night: Night) -> None:
    alert_id = night.draft(texts={"vi": "ABCX báo: nước cao 3,25m."})
    client = signed_in(night.console, "binh")
    form = {"csrf_token": token(client, "/"), "area_id": AN_BINH}

    waiting = plain(client.get(f"/desk/alerts/{alert_id}").text)
    typed = form | {"text_vi": "Nước cao 3,25m.", "text": "another language"}
    composed = plain(client.post("/speech/preview", data=typed).text)
    pages = [client.get(url).text for url in ("/desk/compose", "/desk/templates/new")]

    assert "▲ Chưa biết đọc: ABCX Thêm cách đọc" in waiting
    assert "ba phẩy hai mươi lăm mét (đơn vị đo)" in waiting
    assert "ba phẩy hai mươi lăm mét (đơn vị đo)" in composed
    assert "another" not in composed
    assert ["Xem cách đọc" in page for page in pages] == [True, True]


def test_a_shape_that_is_none_is_refused(night: Night) -> None:
    client = signed_in(night.console, "an")

    answer = post(client, "/desk/heard", shapes='[{"shape": "circle"}]')

    assert answer.status_code == 422


def post(client: FlaskClient, url: str, **form: str) -> TestResponse:
    """Send a form as a script of ours does."""
    return client.post(url, data={**form, "csrf_token": token(client, "/me")}, headers=HTMX)
