"""The second factor in the browser: set up on a phone, shown once, removed with a code."""

import re

import pyotp
from flask.testing import FlaskClient
from playwright.sync_api import Page

from tests.console.conftest import Console, signed_in
from tests.console.seed import PASSWORD
from tests.console.test_signing_in import token

HTMX = {"HX-Request": "true"}


def post(client: FlaskClient, url: str, **form: str) -> str:
    """Send a form of the account's page, and return what the script would show."""
    form["csrf_token"] = token(client, "/me")
    return client.post(url, data=form, headers=HTMX).text


def begun(client: FlaskClient) -> pyotp.TOTP:
    """Begin to set up, and return what the authenticator app knows then."""
    shown = post(client, "/me/second-factor", password=PASSWORD)
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', shown)
    assert found
    return pyotp.TOTP(found[1].replace(" ", ""))


def test_setting_up_asks_for_the_password(console: Console) -> None:
    client = signed_in(console, "an")

    shown = post(client, "/me/second-factor", password="sai")

    assert shown.strip() == "<p>▲ password: không đúng</p>"


def test_guessing_the_password_there_is_slowed_down_too(console: Console) -> None:
    client = signed_in(console, "an")

    shown = [post(client, "/me/second-factor", password="sai") for _ in range(6)]

    assert "hãy đợi" in shown[-1]


def test_recovery_codes_are_shown_once_and_the_account_says_it_is_on(console: Console) -> None:
    client = signed_in(console, "an")
    totp = begun(client)

    shown = post(client, "/me/second-factor/confirm", code=totp.at(console.clock()))

    assert len(re.findall(r"^(?:.*>)?[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", shown, re.MULTILINE)) == 10
    assert "còn 10 mã dự phòng" in client.get("/me").text


def test_a_wrong_first_code_turns_nothing_on(console: Console) -> None:
    client = signed_in(console, "an")
    begun(client)

    shown = post(client, "/me/second-factor/confirm", code="12345")

    assert "Mã không đúng" in shown
    assert "Chưa bật" in client.get("/me").text


def test_removing_keeps_this_session_and_ends_the_others(console: Console) -> None:
    client, other = signed_in(console, "an"), signed_in(console, "an")
    totp = begun(client)
    shown = post(client, "/me/second-factor/confirm", code=totp.at(console.clock()))
    recovery = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", shown)[0]

    post(client, "/me/second-factor/remove", code=recovery)

    assert "Chưa bật" in client.get("/me").text
    assert other.get("/me").status_code == 303


def test_an_administrator_removes_that_of_somebody_who_lost_it(console: Console) -> None:
    client, chief = signed_in(console, "an"), signed_in(console, "chief")
    totp = begun(client)
    post(client, "/me/second-factor/confirm", code=totp.at(console.clock()))
    form = re.search(r'action="(/people/\d+/second-factor/remove)"', chief.get("/people").text)
    assert form

    answer = chief.post(form[1], data={"csrf_token": token(chief, "/people")})

    assert answer.headers["Location"] == "/people"
    assert "second-factor/remove" not in chief.get("/people").text
    assert client.get("/me").status_code == 303


def test_on_a_phone_it_is_set_up_in_one_go(phone: Page, console: Console) -> None:
    phone.goto("/sign-in")
    phone.get_by_label("Tên đăng nhập").fill("an")
    phone.get_by_label("Mật khẩu").fill(PASSWORD)
    phone.get_by_role("button", name="Đăng nhập").click()
    phone.wait_for_url("**/")
    phone.goto("/me")

    phone.get_by_label("Mật khẩu của bạn").fill(PASSWORD)
    phone.get_by_role("button", name="Thiết lập").click()
    secret = phone.locator("#second-factor code").inner_text().replace(" ", "")
    square = phone.locator(".qr svg").bounding_box()
    phone.get_by_label("Mã 6 số").fill("000")
    phone.get_by_role("button", name="Bật bảo mật hai lớp").click()
    phone.get_by_text("Mã không đúng").wait_for()
    phone.get_by_label("Mã 6 số").fill(pyotp.TOTP(secret).at(console.clock()))
    phone.get_by_role("button", name="Bật bảo mật hai lớp").click()
    phone.get_by_text("Đây là các mã dự phòng").wait_for()
    codes = phone.locator("#second-factor code").inner_text().split()
    phone.get_by_role("link", name="Đã chép xong").click()

    phone.get_by_text("còn 10 mã dự phòng").wait_for()
    assert len(codes) == 10
    assert square is not None
    assert 180 <= square["width"] <= 320
