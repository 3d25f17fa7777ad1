"""The sources of warnings on their pages: written down, changed, approved by another, retired."""

import io
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from controller.cap.models import CapSource
from tests.console.conftest import Console, signed_in
from tests.console.night import Night, fall
from tests.console.outside import Outside, listen, warning
from tests.console.test_accessible import Reader
from tests.console.test_desk_pages import HTMX, post
from tests.console.test_pages import plain
from tests.console.test_signing_in import token
from tests.controller.cap.messages import certificate, signed
from tests.controller.cast import AN_BINH, TAN_LAP

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = certificate("Trung tâm dự báo", KEY)
OTHER = certificate("Đài tỉnh", ec.generate_private_key(ec.SECP256R1()))
NEW = "/warnings/new-source"
FIELDS = {"id": "kttv-tinh", "area_id": AN_BINH, "kind": "http", "poll_s": "60"}
FIELDS |= {"place": "https://cap.example.vn/feed.atom", "name": "Đài khí tượng tỉnh"}


def pem(one: x509.Certificate) -> str:
    return one.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def night(console: Console) -> Night:
    """A night in An Bình."""
    return fall(console)


@pytest.fixture
def outside(night: Night) -> Outside:
    """Its inbox."""
    return listen(night.console)


def add(client: FlaskClient, **values: Any) -> TestResponse:
    """Send the form of a new source; files go with it."""
    form = {**FIELDS, "pinned": pem(SIGNER)} | values
    form["csrf_token"] = token(client, "/me")
    return client.post(NEW, data=form, headers=HTMX)


def source(console: Console, name: str = "kttv-tinh") -> CapSource:
    with console.sessions() as session:
        return session.get_one(CapSource, name)


def test_an_administrator_adds_a_source_that_must_sign(outside: Outside) -> None:
    client = signed_in(outside.console, "chief")

    answer = add(client, releases_upto="3", hosts="a.example.vn, b.example.vn")

    assert answer.headers["HX-Redirect"] == "/warnings/sources/kttv-tinh"
    made = source(outside.console)
    assert (made.is_open, made.releases_upto, made.hosts) == (
        False,
        3,
        ["a.example.vn", "b.example.vn"],
    )
    text = plain(client.get("/warnings/sources/kttv-tinh").text)
    assert "CN=Trung tâm dự báo" in text
    assert SIGNER.fingerprint(hashes.SHA256()).hex(":").upper() in text
    assert "còn hạn" in text
    assert "xin tự phát đến Cấp 3 · da cam, chưa được duyệt" in text
    assert "Đài khí tượng tỉnh , Xã An Bình" in plain(client.get("/warnings/sources").text)


def test_certificates_are_uploaded_too_and_both_are_kept(outside: Outside) -> None:
    client = signed_in(outside.console, "chief")

    add(client, pinned_files=(io.BytesIO(pem(OTHER).encode()), "tinh.pem"))

    text = client.get("/warnings/sources/kttv-tinh").text
    assert "CN=Trung tâm dự báo" in text
    assert "CN=Đài tỉnh" in text


@pytest.mark.parametrize(
    ("values", "vi", "en"),
    [
        ({"pinned": ""}, "cần ít nhất một chứng thư", "needs a certificate"),
        ({"pinned": "rác"}, "không phải chứng thư PEM", "is no PEM certificate"),
        ({"pinned": "-----BEGIN PRIVATE KEY-----"}, "đây là khóa bí mật", "is a private key"),
        ({"place": "http://a.vn/"}, "cần địa chỉ https://", "needs an https:// address"),
        ({"poll_s": "nhanh"}, "không phải số", "is no number"),
        ({"kind": "fax"}, "hãy chọn cách nhận tin", "choose how it comes"),
        ({"is_open": "1", "releases_upto": "2"}, "nguồn mở không bao giờ", "an open source never"),
    ],
)
def test_what_is_wrong_is_said_in_both_languages(
    outside: Outside, values: dict[str, str], vi: str, en: str
) -> None:
    client = signed_in(outside.console, "chief")

    first = add(client, **values)
    client.set_cookie("tt_language", "en")
    second = add(client, **values)

    assert (first.status_code, second.status_code) == (422, 422)
    assert vi in first.text
    assert en in second.text


@pytest.mark.parametrize(
    ("login", "refused"), [("an", 403), ("binh", 403), ("minh", 403), ("tech", 404)]
)
def test_only_administrators_write_sources_down(outside: Outside, login: str, refused: int) -> None:
    """Who sees no warnings, as the technician, is not told that there is a source."""
    client = signed_in(outside.console, login)

    assert client.get(NEW).status_code == 403
    assert add(client).status_code == 403
    assert post(client, "/warnings/sources/kttv", **FIELDS).status_code == refused
    assert post(client, "/warnings/sources/kttv/retire").status_code == refused
    assert "Sửa nguồn" not in client.get("/warnings/sources/kttv").text
    assert source(outside.console, "kttv").retired_at is None


def test_the_neighbours_administrator_touches_nothing_of_ours(outside: Outside) -> None:
    client = signed_in(outside.console, "lap")
    fields = FIELDS | {"pinned": pem(SIGNER)}

    assert add(client).status_code == 403
    for deed in ("", "/retire", "/approve"):
        answer = post(client, f"/warnings/sources/kttv{deed}", **fields)
        assert answer.status_code == 404, deed
    assert client.get("/warnings/sources/kttv").status_code == 404
    assert add(client, area_id=TAN_LAP).status_code == 204
    assert "kttv-tinh" not in signed_in(outside.console, "chief").get("/warnings/sources").text


def test_a_source_is_changed_and_its_release_must_be_approved_anew(
    night: Night, outside: Outside
) -> None:
    chief, binh = signed_in(outside.console, "chief"), signed_in(outside.console, "binh")
    add(chief, releases_upto="3")
    url = "/warnings/sources/kttv-tinh"
    shown = plain(binh.get(url).text)
    asked = source(outside.console).version

    wrong = post(binh, f"{url}/approve", version=str(asked), code="000000")
    right = post(binh, f"{url}/approve", version=str(asked), code=night.code("binh"))

    assert "phát ngay mẫu đã duyệt trước của loại và cấp ấy, không chờ ai" in shown
    assert (wrong.status_code, right.status_code) == (422, 204)
    assert "tự phát đến Cấp 3 · da cam; duyệt bởi binh" in plain(chief.get(url).text)
    fields = {key: value for key, value in FIELDS.items() if key not in {"id", "area_id", "kind"}}
    changed = post(chief, url, **fields, pinned=pem(OTHER), releases_upto="3")
    assert changed.status_code == 204
    assert "chưa được duyệt" in plain(chief.get(url).text)
    stale = post(binh, f"{url}/approve", version=str(asked), code=night.code("binh"))
    assert stale.status_code == 409
    assert "Nguồn này vừa được sửa; hãy xem lại" in stale.text


def test_who_asked_is_not_offered_to_approve(outside: Outside) -> None:
    client = signed_in(outside.console, "chief")
    add(client, releases_upto="3")

    assert "Duyệt cho nguồn tự phát" not in client.get("/warnings/sources/kttv-tinh").text
    answer = post(client, "/warnings/sources/kttv-tinh/approve", version="1", code="123456")
    assert answer.status_code == 403


def test_a_source_is_paused_and_retired_for_ever(outside: Outside) -> None:
    client = signed_in(outside.console, "chief")
    add(client)
    url = "/warnings/sources/kttv-tinh"
    fields = {"place": FIELDS["place"], "pinned": pem(SIGNER), "poll_s": "60"}

    post(client, url, **fields, is_off="1")
    assert "Tạm ngừng" in plain(client.get("/warnings/sources").text)
    assert post(client, f"{url}/retire").status_code == 204

    assert "kttv-tinh" not in client.get("/warnings/sources").text
    assert "Đã ngừng hẳn" in plain(client.get("/warnings/sources?retired=1").text)
    again = add(client)
    assert again.status_code == 409
    assert "đã ngừng dùng hẳn" in again.text
    assert post(client, url, **fields).status_code == 409


def test_a_page_sets_up_no_source_that_reads_the_servers_files(outside: Outside) -> None:
    client = signed_in(outside.console, "chief")

    answer = add(client, kind="folder", place="/etc")

    assert answer.status_code == 403
    assert "chỉ được đặt tại máy chủ" in answer.text


def test_the_health_of_a_source_is_told(outside: Outside) -> None:
    outside.source(
        "hong",
        name="Nguồn hỏng",
        kind="http",
        place="https://a.vn/",
        failures=3,
        trouble_vi="Hết giờ",
    )
    outside.source("tot", name="Nguồn tốt", asked_at=outside.console.clock())
    outside.take(warning(), "tot")
    client = signed_in(outside.console, "an")

    text = plain(client.get("/warnings/sources").text)

    assert "▲ Hết giờ ✖ Không hỏi được, 3 lần liền" in text
    assert "nghe lần cuối 16:58:31, Thứ Hai 02/11/2026 · tin mới nhất 16:58:31" in text
    assert "✔ Hoạt động" in text


def test_a_message_of_the_source_on_the_page_is_believed_by_its_pin(outside: Outside) -> None:
    client = signed_in(outside.console, "chief")
    add(client, kind="mqtt", place="")

    came = outside.take(signed(warning(identifier="S-1"), KEY, SIGNER), "kttv-tinh")

    text = plain(client.get(f"/warnings/{came}").text)
    assert "✔ chữ ký đúng: CN=Trung tâm dự báo" in text
    assert "tt/1/in/cap/kttv-tinh" in client.get("/warnings/sources/kttv-tinh").text


def test_pages_of_sources_can_be_read_without_seeing_them(outside: Outside) -> None:
    chief, binh = signed_in(outside.console, "chief"), signed_in(outside.console, "binh")
    add(chief, releases_upto="2")

    one = "/warnings/sources/kttv-tinh"
    for client, url in ((chief, NEW), (chief, "/warnings/sources"), (chief, one), (binh, one)):
        reader = Reader()
        reader.feed(client.get(url).text)
        assert reader.headings[0] == "h1", url
        assert reader.headings.count("h1") == 1, url
        nameless = [f for f in reader.fields if f.get("id") not in reader.labelled]
        assert (nameless, reader.nameless, reader.inline) == ([], [], []), url
        assert len(reader.ids) == len(set(reader.ids)), url
