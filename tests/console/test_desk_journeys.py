"""The emergency desk as a person uses it: on a phone in the night, in Debian's Chromium."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Position, expect

from controller.emergencies.models import Alert
from tests.console.conftest import Console
from tests.console.night import Night, fall
from tests.console.seed import PASSWORD
from tests.console.test_journey import fits, listen_to_the_end, sign_in, sign_out


@pytest.fixture
def night(console: Console) -> Night:
    """A night in An Bình."""
    return fall(console)


def sign_in_to_the_desk(page: Page, login: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Tên đăng nhập").fill(login)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Vào thẳng bàn khẩn cấp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Khẩn cấp")


def place(page: Page, x: float, y: float) -> None:
    """Tap the map at a share of its width and height."""
    page.locator("[data-shapes][data-ready] .map").click(position=_at(page, x, y))


def _at(page: Page, x: float, y: float) -> Position:
    box = page.locator("[data-shapes] .map").bounding_box()
    assert box
    return Position(x=box["width"] * x, y=box["height"] * y)


def test_three_taps_from_signing_in_to_how_many_have_heard_it(night: Night, phone: Page) -> None:
    sign_in_to_the_desk(phone, "binh")  # the first tap
    assert fits(phone)

    phone.get_by_role("link", name=re.compile("Lũ lên nhanh")).click()  # the second
    expect(phone.get_by_text("Sẽ kêu: 6 cụm loa")).to_be_visible()
    assert fits(phone)
    phone.get_by_label("Mã xác thực").fill(night.code("binh"))
    phone.get_by_role("button", name="PHÁT THẬT tới 6 cụm loa").click()  # the third

    expect(phone.get_by_role("button", name="DỪNG LẠI")).to_be_focused()
    expect(phone.locator("output.count")).to_have_text(re.compile(r"^(20|1\d)$"))
    assert fits(phone)
    night.console.clock.forward(timedelta(seconds=21))
    night.send()
    expect(phone.locator("#poll-progress")).to_contain_text("Nghe thấy ở 0 trên 6 cụm")
    night.tell(night.only_alert(), c_dike="sounding", c_mill="sounding", c_market="finished")
    expect(phone.locator("#poll-progress")).to_contain_text("Nghe thấy ở 3 trên 6 cụm")
    expect(phone.locator(".pin-sounding[role=img], .map .pin-sounding")).to_have_count(2)
    expect(phone.get_by_role("row", name=re.compile("Thôn 2"))).to_contain_text("2 / 2")
    assert fits(phone)

    night.console.clock.forward(timedelta(seconds=11))
    night.tell(night.only_alert(), c_hill="received")
    expect(phone.get_by_text("Chưa nghe thấy: hãy gọi")).to_be_visible(timeout=15_000)


def test_undo_while_it_counts_down_sends_nothing(night: Night, phone: Page) -> None:
    sign_in_to_the_desk(phone, "binh")
    phone.goto(f"/desk/fire/{night.template}?status=real")
    phone.get_by_label("Mã xác thực").fill(night.code("binh"))
    phone.get_by_role("button", name="PHÁT THẬT").click()

    phone.get_by_role("button", name="DỪNG LẠI").click()

    expect(phone.get_by_text("Đã dừng: chưa có gì được phát")).to_be_visible()
    night.console.clock.forward(timedelta(minutes=1))
    night.send()
    assert night.state(night.only_alert()) == "drafted"


def test_free_words_go_out_when_two_have_heard_and_confirmed_them(
    night: Night, phone: Page
) -> None:
    sign_in_to_the_desk(phone, "an")
    phone.get_by_role("link", name="Soạn tin bằng lời khác").click()
    phone.get_by_role("radio", name="● THẬT").check()
    phone.get_by_label("Loại", exact=True).select_option(label="Xả lũ hồ chứa")
    phone.get_by_role("radio", name=re.compile("Cấp 4")).check()
    phone.get_by_label("Lời đọc tiếng Việt").fill("Hồ xả lũ. Bà con Thôn 2 tránh xa bờ sông.")
    phone.get_by_role("checkbox", name="Thôn 2").first.check()
    expect(phone.locator("#poll-heard")).to_contain_text("2 cụm loa")
    assert fits(phone)
    phone.get_by_role("button", name="Đọc thử và lưu bản nháp").click()
    phone.get_by_role("button", name="Gửi người duyệt").click(timeout=30_000)
    expect(phone.get_by_text("Đã gửi người duyệt phát")).to_be_visible()
    sign_out(phone)

    for login in ("binh", "minh"):
        sign_in_to_the_desk(phone, login)
        phone.locator("#poll-desk").get_by_role("link", name=re.compile("Xả lũ")).click()
        release = phone.get_by_role("button", name="PHÁT THẬT tới 2 cụm loa")
        expect(release).to_be_disabled()
        listen_to_the_end(phone)
        expect(release).to_be_enabled()
        phone.get_by_label("Mã xác thực").fill(night.code(login))
        release.click()
        if login == "binh":
            expect(phone.get_by_text("cần thêm một người duyệt phát")).to_be_visible()
            sign_out(phone)
    expect(phone.get_by_role("button", name="DỪNG LẠI")).to_be_visible()
    night.console.clock.forward(timedelta(seconds=21))
    night.send()

    expect(phone.locator("#poll-progress")).to_contain_text("Nghe thấy ở 0 trên 2 cụm")


def test_cancel_takes_two_taps_and_says_all_clear(night: Night, phone: Page) -> None:
    alert_id = night.fired()
    sign_in_to_the_desk(phone, "an")
    phone.goto(f"/desk/alerts/{alert_id}")

    phone.get_by_text("Dừng phát").click()
    expect(phone.get_by_label("Đọc báo yên sau khi dừng")).to_be_checked()
    phone.get_by_role("button", name="HỦY THẬT").click()

    expect(phone.get_by_text("Đã gửi lệnh dừng tới mọi loa")).to_be_visible()
    expect(phone.locator("#poll-progress")).to_contain_text("Đã hủy")
    with night.console.sessions() as session:
        last = session.get_one(Alert, alert_id).revisions[-1]
        assert (last.action, last.speaks_all_clear) == ("cancel", True)


def test_an_update_is_new_words_that_need_their_own_release(night: Night, phone: Page) -> None:
    alert_id = night.fired()
    sign_in_to_the_desk(phone, "an")
    phone.goto(f"/desk/alerts/{alert_id}")

    phone.get_by_role("link", name="Sửa lời, cập nhật (THẬT)").click()
    expect(phone.get_by_text("Loại phát không đổi được")).to_be_visible()
    phone.get_by_label("Lời đọc tiếng Việt").fill("Nước còn lên. Bà con Thôn 2 rời nhà ngay.")
    phone.get_by_role("button", name="Đọc thử và lưu bản nháp").click()

    expect(phone.get_by_role("heading", name="Cập nhật: Đang soạn")).to_be_visible(timeout=30_000)
    expect(phone.locator("#poll-progress")).to_contain_text("trên 6 cụm")
    assert (night.state(alert_id), night.newest(alert_id)) == ("released", "drafted")


def test_a_drill_looks_like_nothing_else_and_needs_its_own_desk(night: Night, phone: Page) -> None:
    sign_in_to_the_desk(phone, "binh")

    phone.get_by_role("link", name="Sang bàn DIỄN TẬP").click()
    expect(phone.get_by_text("DIỄN TẬP, không phải thật")).to_be_visible()
    phone.get_by_role("link", name=re.compile("Lũ lên nhanh")).click()
    frame = phone.locator("main").evaluate("main => getComputedStyle(main).borderImageSource")
    assert "repeating-linear-gradient" in frame
    expect(phone.get_by_role("button", name="PHÁT THẬT")).to_have_count(0)
    phone.get_by_role("button", name="PHÁT DIỄN TẬP tới 6 cụm loa").click()
    expect(phone.locator("main.is-drill h1")).to_contain_text("Lũ, ngập lụt")
    night.send()

    expect(phone.locator("#poll-progress")).to_contain_text("Nghe thấy ở 0 trên 6 cụm")
    with night.console.sessions() as session:
        assert session.get_one(Alert, night.only_alert()).status == "drill"


@pytest.mark.usefixtures("night")
def test_a_circle_is_drawn_by_a_tap_and_says_at_once_who_lies_inside(phone: Page) -> None:
    sign_in_to_the_desk(phone, "an")
    phone.goto("/desk/compose")
    phone.get_by_role("button", name="Vòng tròn").click()
    phone.get_by_label("Bán kính, mét").fill("60000")

    place(phone, 0.5, 0.5)
    expect(phone.locator("#poll-heard")).to_contain_text("6 cụm loa")
    phone.get_by_label("Bán kính, mét").fill("10")

    expect(phone.locator("#poll-heard")).to_contain_text("Chưa cụm loa nào kêu")
    expect(phone.locator("[data-shape-told]")).to_have_text("Vòng tròn bán kính 10 mét.")
    phone.get_by_role("button", name="Xóa hình").click()
    expect(phone.locator("[name=shapes]")).to_have_value("[]")
    assert fits(phone)


@pytest.mark.usefixtures("night")
def test_a_polygon_is_drawn_corner_by_corner_undone_and_closed(phone: Page) -> None:
    sign_in_to_the_desk(phone, "an")
    phone.goto("/desk/compose")
    phone.get_by_role("button", name="Đa giác").click()
    told = phone.locator("[data-shape-told]")

    for x, y in ((0.2, 0.05), (0.97, 0.05), (0.97, 0.8)):
        place(phone, x, y)
    phone.get_by_role("button", name="Bỏ điểm cuối").click()
    expect(told).to_have_text("Đã có 2 góc: chạm tiếp, cần ít nhất ba.")
    place(phone, 0.97, 0.9)
    place(phone, 0.2, 0.9)
    phone.get_by_role("button", name="Khép vùng").click()

    expect(told).to_have_text("Vùng có 4 góc, đã khép.")
    expect(phone.locator("#poll-heard")).to_contain_text("6 cụm loa")
    place(phone, 0.5, 0.5)
    expect(told).to_have_text("Vùng có 4 góc, đã khép.")


@pytest.mark.usefixtures("night")
def test_a_shape_is_typed_where_no_finger_can_draw(phone: Page) -> None:
    sign_in_to_the_desk(phone, "an")
    phone.goto("/desk/compose")
    phone.get_by_text("Gõ tọa độ").click()
    typed = phone.get_by_label("Mỗi dòng một điểm")

    typed.press_sequentially("21.110, 105.915\n21.110, 105.930\n21.125, 105.930\n21.125, 105.915")
    expect(phone.locator("#poll-heard")).to_contain_text("2 cụm loa")
    expect(phone.locator("#poll-heard")).to_contain_text("Thôn 2")
    typed.fill("21.118, 105.921\nđê")

    expect(phone.locator("[data-shape-told]")).to_contain_text("1 dòng không phải tọa độ")


@pytest.mark.usefixtures("night")
def test_the_search_of_areas_needs_no_accents(phone: Page) -> None:
    sign_in_to_the_desk(phone, "an")
    phone.goto("/desk/compose")

    phone.locator("#find-areas").fill("thon 3")

    expect(phone.locator("#list-areas li:visible")).to_have_count(1)


@pytest.mark.usefixtures("night")
def test_an_officer_can_sign_in_as_ever_and_finds_the_red_entry_first(phone: Page) -> None:
    sign_in(phone, "an")

    first = phone.locator(".menu a").first
    expect(first).to_have_text("Khẩn cấp")
    expect(first).to_have_class("alarm-link")


SOUNDS = """
  window.sweeps = [];
  const glide = AudioParam.prototype.linearRampToValueAtTime;
  AudioParam.prototype.linearRampToValueAtTime = function (value, at) {
    window.sweeps.push(value);
    return glide.call(this, value, at);
  };
"""


@pytest.mark.usefixtures("night")
def test_a_siren_is_chosen_by_name_and_heard_before_it_is_used(phone: Page) -> None:
    phone.add_init_script(SOUNDS)
    sign_in_to_the_desk(phone, "an")
    phone.goto("/desk/templates/new")
    phone.get_by_text("Còi hú và nhắc lại").click()
    choice, listen = phone.get_by_label("Còi hú"), phone.get_by_role("button", name="Nghe thử còi")

    expect(choice).to_have_value("wail")
    choice.select_option(label="Gấp gáp: sóng thần")
    assert fits(phone)
    listen.press("Enter")
    expect(listen).to_have_attribute("aria-pressed", "true")
    assert phone.evaluate("window.sweeps.slice(0, 2)") == [1500, 500]
    choice.select_option(label="Hai tông: cháy")
    expect(listen).to_have_attribute("aria-pressed", "false")
    listen.click()
    expect(listen).to_have_attribute("aria-pressed", "true")
    expect(listen).to_have_attribute("aria-pressed", "false", timeout=15_000)  # it ends by itself

    phone.get_by_label("Tên mẫu").fill("Cháy lớn")
    phone.get_by_label("Loại", exact=True).select_option(label="Cháy")
    phone.get_by_role("radio", name=re.compile("Cấp 3")).check()
    phone.get_by_label("Lời đọc tiếng Việt").fill("Có cháy lớn ở chợ.")
    phone.get_by_role("button", name="Đọc thử và lưu mẫu").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Cháy lớn", timeout=30_000)
    phone.get_by_role("link", name="Sửa").click()
    expect(choice).to_have_value("two_tone")
