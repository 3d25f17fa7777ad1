"""What people really do, in Debian's Chromium on a screen as small as a phone."""

import io
import math
import re
import wave
from datetime import timedelta

from playwright.sync_api import FilePayload, Page, expect

from controller.plans.service import Database, publish_requested
from tests.console.conftest import Console
from tests.console.seed import PASSWORD

TEXT = "Kính thưa bà con. Sáng mai, trạm y tế xã tiêm phòng cho trẻ em dưới một tuổi."


def sign_in(page: Page, login: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Tên đăng nhập").fill(login)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hôm nay")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")


def listen_to_the_end(page: Page) -> None:
    """Skip to the last moments of the sound and let it end."""
    player = page.locator("audio[data-hearing]")
    player.evaluate(
        """async (sound) => {
            if (!sound.duration) await new Promise((go) => (sound.onloadedmetadata = go));
            sound.currentTime = Math.max(0, sound.duration - 0.3);
            await sound.play();
        }"""
    )
    expect(page.get_by_text("Bạn đã nghe hết")).to_be_visible(timeout=15_000)


def fits(page: Page) -> bool:
    """Return whether nothing sticks out of the screen to the right."""
    width = page.evaluate("document.documentElement.scrollWidth")
    return bool(width <= 360)


def test_an_operator_plans_a_bulletin_on_a_phone_and_sees_it_planned(
    console: Console, phone: Page
) -> None:
    sign_in(phone, "an")
    assert fits(phone)

    # writes a bulletin, listens, keeps it
    phone.get_by_role("link", name="Thư viện").click()
    phone.get_by_role("link", name="Soạn bản tin").click()
    phone.get_by_label("Tên bản tin").fill("Tiêm phòng trẻ em")
    phone.get_by_label("Nội dung để đọc").fill(TEXT + " ABCX họp lúc 7h30.")
    expect(phone.get_by_text("Chưa biết đọc: ABCX")).to_be_visible()
    phone.get_by_label("Nội dung để đọc").fill(TEXT)
    expect(phone.locator(".spoken-lines > li")).to_have_count(2)
    expect(phone.get_by_text("Chưa biết đọc: ABCX")).to_have_count(0)
    with phone.expect_response(re.compile("/speech/sentence")) as sentence:
        phone.get_by_role("link", name="Nghe câu 2").click()
    assert sentence.value.header_value("content-type") == "audio/wav"
    phone.get_by_role("button", name="Nghe thử").click()
    expect(phone.locator("#listen")).to_be_visible()
    assert phone.locator("#listen").evaluate("player => player.src.startsWith('blob:')")
    assert fits(phone)
    phone.get_by_role("button", name="Lưu vào thư viện").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Tiêm phòng trẻ em", timeout=30_000)
    expect(phone.get_by_text(TEXT)).to_be_visible()
    expect(phone.locator("#wave > div")).to_be_attached()

    # makes a programme of it and submits it
    phone.get_by_role("link", name="Đưa vào chương trình mới").click()
    phone.get_by_label("Tên chương trình").fill("Thông báo y tế")
    phone.get_by_role("button", name="+ Âm thanh").click()
    expect(phone.get_by_label("Phát âm thanh")).to_have_count(2)
    phone.get_by_label("Phát âm thanh").nth(1).select_option(label="Nhạc hiệu đài xã")
    phone.get_by_role("button", name="Lên trước").nth(1).click()
    phone.get_by_role("button", name="Tạo chương trình").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thông báo y tế")
    expect(phone.locator("main ol").first.locator("> li").first).to_contain_text("Nhạc hiệu")
    phone.get_by_role("button", name="Trình duyệt", exact=True).click()
    expect(phone.locator(".head .state")).to_have_text("Chờ duyệt")
    sign_out(phone)

    # the approver finds it on Today, listens and approves
    sign_in(phone, "binh")
    phone.get_by_role("link", name="Thông báo y tế").click()
    expect(phone.get_by_role("button", name="Duyệt")).to_be_disabled()
    listen_to_the_end(phone)
    assert fits(phone)
    phone.get_by_role("button", name="Duyệt").click()
    expect(phone.locator(".head .state")).to_have_text("Đã duyệt")
    sign_out(phone)

    # the operator schedules it, and sees the next ten and a collision before saving
    sign_in(phone, "an")
    phone.get_by_role("link", name="Chương trình").click()
    phone.get_by_role("link", name="Thông báo y tế").click()
    phone.get_by_role("link", name="Đặt lịch phát").click()
    preview = phone.locator("#poll-preview")
    expect(preview).to_contain_text("Trùng giờ")
    expect(preview).to_contain_text("“Thời sự xã An Bình” 17:00")
    phone.get_by_label("Giờ phát").fill("18:30")
    expect(preview).to_contain_text("Không trùng giờ")
    expect(preview.locator("ol > li")).to_have_count(10)
    expect(preview.locator("ol > li").first).to_contain_text("18:30, Thứ Hai 02/11/2026")
    assert fits(phone)
    phone.get_by_role("button", name="Lưu lịch phát").click()
    expect(phone.get_by_text("Đã đặt lịch phát")).to_be_visible()
    expect(phone.get_by_text("Thứ hai đến thứ sáu, 18:30").first).to_be_visible()

    # the worker publishes; an hour later Today shows it as what comes next
    database = Database(console.sessions, console.sessions)
    publish_requested(database, console.keyring, console.config, console.clock())
    console.clock.forward(timedelta(hours=1))
    phone.get_by_role("link", name="Hôm nay").first.click()
    expect(phone.locator(".now-next")).to_contain_text(
        "Tiếp theo: 18:30, Thứ Hai 02/11/2026 Thông báo y tế"
    )
    assert fits(phone)


def test_signing_in_takes_no_mouse(phone: Page) -> None:
    phone.goto("/")
    expect(phone.get_by_label("Tên đăng nhập")).to_be_focused()

    phone.keyboard.type("an")
    phone.keyboard.press("Tab")
    phone.keyboard.type(PASSWORD)
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")

    expect(phone.get_by_role("heading", level=1)).to_contain_text("Hôm nay")
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("link", name="Đến nội dung chính")).to_be_focused()


def test_a_mistake_is_told_beside_the_form_and_nothing_typed_is_lost(phone: Page) -> None:
    sign_in(phone, "an")
    phone.goto("/programmes/new")
    phone.get_by_label("Tên chương trình").fill("Có tiếp sóng")
    phone.get_by_role("button", name="+ Tiếp sóng").click()
    phone.get_by_label("Tiếp sóng từ địa chỉ").fill("https://vov.example/live")
    phone.get_by_label("Trong bao nhiêu phút").fill("mười")

    phone.get_by_role("button", name="Tạo chương trình").click()

    expect(phone.get_by_role("alert")).to_contain_text("cần số phút tiếp sóng")
    expect(phone.get_by_label("Tên chương trình")).to_have_value("Có tiếp sóng")


def test_today_refreshes_itself(console: Console, phone: Page) -> None:
    sign_in(phone, "an")
    phone.get_by_text("Đã qua").click()

    console.clock.forward(timedelta(minutes=3))

    expect(phone.locator("#board-title")).to_contain_text("17:01", timeout=15_000)
    expect(phone.locator(".output details li")).to_be_visible()


def test_an_upload_is_worked_on_and_ends_in_the_library(phone: Page) -> None:
    sign_in(phone, "an")
    phone.goto("/library/upload")
    file = FilePayload(name="lời chào.wav", mimeType="audio/wav", buffer=hum(seconds=3))
    phone.get_by_label("Tệp âm thanh").set_input_files(file)
    phone.get_by_label("Tên", exact=True).fill("Lời chào")

    phone.get_by_role("button", name="Thêm vào thư viện").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Lời chào", timeout=30_000)
    expect(phone.get_by_text("lời chào.wav")).to_be_visible()


def test_what_is_no_sound_is_refused_with_a_sentence(phone: Page) -> None:
    sign_in(phone, "an")
    phone.goto("/library/upload")
    file = FilePayload(name="thu.wav", mimeType="audio/wav", buffer=b"RIFF nothing")
    phone.get_by_label("Tệp âm thanh").set_input_files(file)
    phone.get_by_label("Tên", exact=True).fill("Không phải âm thanh")

    phone.get_by_role("button", name="Thêm vào thư viện").click()

    refused = re.compile("không phải âm thanh|bị hỏng")
    expect(phone.locator("#progress")).to_contain_text(refused, timeout=15_000)


def test_a_recording_of_the_microphone_is_a_file_like_any_other(phone: Page) -> None:
    sign_in(phone, "an")
    phone.goto("/library/upload")
    phone.get_by_role("button", name="Thu âm bằng micro").click()
    expect(phone.locator("[data-time]")).to_have_text("0:02", timeout=15_000)
    phone.get_by_role("button", name="Dừng thu").click()
    expect(phone.locator(".recorder audio")).to_be_visible(timeout=15_000)
    phone.get_by_label("Tên", exact=True).fill("Lời nhắn của xã")

    phone.get_by_role("button", name="Thêm vào thư viện").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Lời nhắn của xã", timeout=30_000)


def hum(seconds: int) -> bytes:
    """Return a WAV of a hum."""
    samples = b"".join(
        int(9000 * math.sin(2 * math.pi * 220 * n / 16_000)).to_bytes(2, "little", signed=True)
        for n in range(seconds * 16_000)
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(samples)
    return file.getvalue()


def test_english_is_one_press_away(phone: Page) -> None:
    phone.goto("/sign-in")

    phone.get_by_role("button", name="English").click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert phone.locator("html").get_attribute("lang") == "en"


def test_an_administrator_chooses_how_an_area_is_read_on_its_page(phone: Page) -> None:
    sign_in(phone, "chief")
    phone.goto("/areas/vn-31-an-binh")

    phone.get_by_text("Sửa giọng và cách đọc").click()
    phone.get_by_label("Đọc theo miền").select_option(label="Miền Nam")
    phone.get_by_label("Tốc độ").fill("130")
    assert fits(phone)
    phone.get_by_role("button", name="Lưu giọng và cách đọc").click()

    expect(phone.get_by_text("Đã lưu giọng và cách đọc")).to_be_visible()
    expect(phone.get_by_text("130 từ một phút")).to_be_visible()
    expect(phone.get_by_text("một trăm lẻ năm hộ")).to_be_visible()
    assert fits(phone)
