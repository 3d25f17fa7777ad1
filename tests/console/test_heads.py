"""Whom to call when a village is silent, on the page of its area."""

from tests.console.conftest import Console, signed_in
from tests.console.test_signing_in import token

VILLAGE = "/areas/vn-31-an-binh-1"


def test_an_operator_finds_the_village_and_writes_down_its_head(console: Console) -> None:
    client = signed_in(console, "an")
    assert 'href="/areas"' in client.get("/").text
    form = {"head_name": "Nguyễn Văn Thôn", "head_phone": "0912 345 678"}

    answer = client.post(f"{VILLAGE}/head", data=form | {"csrf_token": token(client, VILLAGE)})

    assert answer.headers["Location"] == VILLAGE
    assert 'href="tel:0912345678">☎ 0912 345 678</a>' in client.get(VILLAGE).text


def test_a_technician_reads_it_and_has_nothing_to_change_it(console: Console) -> None:
    client = signed_in(console, "tech")

    answer = client.post(f"{VILLAGE}/head", data={"csrf_token": token(client, VILLAGE)})

    assert "head_phone" not in client.get(VILLAGE).text
    assert answer.status_code == 403


def test_what_is_no_phone_number_is_told_beside_the_form(console: Console) -> None:
    client = signed_in(console, "an")
    form = {"head_phone": "gọi sau", "csrf_token": token(client, VILLAGE)}

    answer = client.post(f"{VILLAGE}/head", data=form, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "không phải số điện thoại" in answer.text
