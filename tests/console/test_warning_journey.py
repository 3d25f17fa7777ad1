"""A warning from outside as an officer meets it at night on a phone, in Debian's Chromium."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Page, expect

from tests.console.conftest import Console
from tests.console.night import Night, fall
from tests.console.outside import Outside, cancel, listen, warning
from tests.console.test_desk_journeys import sign_in_to_the_desk
from tests.console.test_journey import fits, listen_to_the_end, sign_in
from tests.controller.cap.messages import certificate


@pytest.fixture
def night(console: Console) -> Night:
    """A night in An Bình."""
    return fall(console)


@pytest.fixture
def outside(night: Night) -> Outside:
    """Its inbox."""
    return listen(night.console)


def test_from_the_badge_on_the_desk_to_words_that_were_heard(outside: Outside, phone: Page) -> None:
    sign_in_to_the_desk(phone, "binh")
    badge = phone.get_by_role("link", name="Cảnh báo từ bên ngoài chờ quyết định: 1")
    expect(badge).to_have_count(0)

    outside.take(warning())  # the open desk says so by itself
    expect(badge).to_be_visible(timeout=10_000)
    badge.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Cảnh báo từ bên ngoài")
    assert fits(phone)
    phone.get_by_role("link", name="Lũ về sông Cái").click()
    expect(phone.locator("#reach-map path")).to_have_count(1)
    expect(phone.locator("#reach-map .pin-meant")).to_have_count(2)
    expect(phone.locator("#reach-map .pin-waiting")).to_have_count(4)
    assert fits(phone)

    phone.get_by_role("button", name="Nhận xử lý: soạn tin và nghe").click()
    expect(phone.get_by_text("Đã soạn từ cảnh báo: hãy nghe")).to_be_visible(timeout=30_000)
    expect(phone.get_by_role("link", name="Lũ về sông Cái")).to_be_visible()
    listen_to_the_end(phone)
    expect(phone.get_by_role("button", name="PHÁT THẬT tới 2 cụm loa")).to_be_enabled()
    assert fits(phone)


def test_dismissing_asks_why_and_keeps_what_was_typed(outside: Outside, phone: Page) -> None:
    came = outside.take(warning())
    sign_in(phone, "an")
    phone.goto(f"/warnings/{came}")

    phone.get_by_text("Bỏ qua, không phát").click()
    reason = phone.get_by_label("Lý do, để ghi vào nhật ký")
    reason.fill("...")
    phone.get_by_role("button", name="Bỏ qua", exact=True).click()
    expect(phone.get_by_role("alert").filter(has_text="hãy ghi lý do")).to_be_visible()
    expect(reason).to_have_value("...")
    reason.fill("Nước đã rút")
    reason.press("Enter")

    expect(phone.get_by_text("Đã bỏ qua đề xuất: không phát gì")).to_be_visible()
    expect(phone.get_by_text(re.compile("an, .*: Nước đã rút"))).to_be_visible()


def test_a_cancel_of_the_source_is_one_press(outside: Outside, night: Night, phone: Page) -> None:
    outside.take(warning())
    sign_in(phone, "an")
    phone.goto("/warnings?group=waiting")
    phone.get_by_role("link", name="Lũ về sông Cái").click()
    phone.get_by_role("button", name="Nhận xử lý: soạn tin và nghe").click()
    expect(phone.get_by_text("Đã soạn từ cảnh báo: hãy nghe")).to_be_visible(timeout=30_000)
    came = outside.take(cancel())

    phone.goto(f"/warnings/{came}")
    phone.on("dialog", lambda dialog: dialog.accept())
    assert fits(phone)
    phone.get_by_role("button", name="Hủy tin đang có theo nguồn").click()

    expect(phone.get_by_text("Đã hủy tin theo nguồn cảnh báo")).to_be_visible()
    assert night.state(phone.url.rpartition("/")[2]) == "withdrawn"


def test_an_administrator_adds_a_source_with_a_file(phone: Page, tmp_path: Path) -> None:
    own = certificate("Trung tâm dự báo", ec.generate_private_key(ec.SECP256R1()))
    file = tmp_path / "kttv.pem"
    file.write_bytes(own.public_bytes(serialization.Encoding.PEM))
    sign_in(phone, "chief")
    phone.get_by_role("link", name="Cảnh báo ngoài").click()
    phone.get_by_role("link", name="Nguồn cảnh báo").click()
    assert fits(phone)
    phone.get_by_role("link", name="Thêm nguồn cảnh báo").click()
    assert fits(phone)

    phone.get_by_label("Mã nguồn, không đổi được").fill("kttv-tinh")
    phone.get_by_label("Địa chỉ của bảng tin").fill("https://cap.example.vn/feed.atom")
    phone.get_by_role("button", name="Thêm nguồn").click()
    expect(phone.get_by_role("alert").filter(has_text="cần ít nhất một chứng thư")).to_be_visible()
    phone.get_by_label("hoặc tải tệp PEM lên").set_input_files(file)
    phone.get_by_role("button", name="Thêm nguồn").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("kttv-tinh")
    expect(phone.get_by_text("CN=Trung tâm dự báo").first).to_be_visible()
    fingerprint = own.fingerprint(hashes.SHA256()).hex(":").upper()
    expect(phone.get_by_text(fingerprint)).to_be_visible()
    assert fits(phone)
