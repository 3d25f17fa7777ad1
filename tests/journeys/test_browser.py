"""An operator with a phone, an approver with another, and the loudspeaker that they make speak.

All parts are real: Chromium, controller, broker, one agent through PyAudio; a witness hears it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from controller.demo import scene
from controller.demo.stage import Stage
from controller.demo.witness import Witness

TITLE = "Bản tin phòng chống dịch"
TEXT = (
    "Kính thưa bà con xã An Bình. Chiều nay trạm y tế xã phun thuốc diệt muỗi tại các thôn. "
    "Đề nghị bà con đậy kín bể nước, dọn sạch vườn nhà, và cho trẻ em ngủ màn cả ban ngày. "
    "Ai bị sốt cao xin đến ngay trạm y tế. Xin trân trọng cảm ơn bà con đã lắng nghe."
)
NEW_PASSWORD = "một câu ngắn dễ nhớ của tôi"
LEAD = timedelta(seconds=15)
SLOWLY = 30_000  # ms, for a busy machine
UNTIL_THE_MINUTE = 95_000  # ms: it is at most 75 s away


def test_an_operator_plans_a_bulletin_on_a_phone_and_sees_it_play(
    tmp_path: Path, chromium: Browser
) -> None:
    with Stage(tmp_path, devices=1) as stage:
        commune = scene.found_commune(stage.app)
        stage.start_agents(commune.devices[:1])
        stage.wait_until_connected()
        url = f"http://{stage.config.http_host}:{stage.config.http_port}"
        with (
            Witness(stage.sound, tmp_path / "heard.raw") as witness,
            a_phone(chromium, url) as operator,
            a_phone(chromium, url) as approver,
        ):
            sign_in_first(operator, "lan", commune.passwords["lan"])
            write_bulletin(operator)
            submit_programme(operator)

            sign_in_first(approver, "hung", commune.passwords["hung"])
            approve(approver)

            start = schedule_soon(operator, stage)
            see_it_play(operator)
            see_its_receipts(operator, start.astimezone(stage.zone).date())

            onset = witness.onset_after(start - timedelta(seconds=1), 0)
            assert onset is not None
            assert onset - start < timedelta(seconds=5)  # how good it is, the bench says


@contextmanager
def a_phone(chromium: Browser, url: str) -> Iterator[Page]:
    """A browser of its own, as small as a phone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=url)
    try:
        page = context.new_page()
        page.set_default_timeout(SLOWLY)
        yield page
    finally:
        context.close()


def sign_in_first(page: Page, login: str, one_time_password: str) -> None:
    page.goto("/")
    page.get_by_label("Tên đăng nhập").fill(login)
    page.get_by_label("Mật khẩu").fill(one_time_password)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_label("Mật khẩu hiện tại").fill(one_time_password)
    page.get_by_label("Mật khẩu mới").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Đổi mật khẩu").click()
    page.get_by_role("link", name="Hôm nay").click()
    expect(title(page)).to_contain_text("Hôm nay", timeout=SLOWLY)
    expect(page.locator("html")).to_have_attribute("lang", "vi")


def write_bulletin(page: Page) -> None:
    page.get_by_role("link", name="Thư viện").click()
    page.get_by_role("link", name="Soạn bản tin").click()
    page.get_by_label("Tên bản tin").fill(TITLE)
    page.get_by_label("Nội dung để đọc").fill(TEXT)
    page.get_by_role("button", name="Lưu vào thư viện").click()
    expect(title(page)).to_have_text(TITLE, timeout=SLOWLY)


def submit_programme(page: Page) -> None:
    page.get_by_role("link", name="Đưa vào chương trình mới").click()
    page.get_by_label("Tên chương trình").fill(TITLE)
    page.get_by_role("button", name="Tạo chương trình").click()
    page.get_by_role("button", name="Trình duyệt", exact=True).click()
    expect(page.locator(".head .state")).to_have_text("Chờ duyệt", timeout=SLOWLY)


def approve(page: Page) -> None:
    """Listen to all that the machine says, only faster than the loudspeaker, then approve."""
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("button", name="Duyệt")).to_be_disabled()
    page.locator("audio[data-hearing]").evaluate(
        "async (sound) => { sound.playbackRate = 4; await sound.play(); }"
    )
    expect(page.get_by_text("Bạn đã nghe hết")).to_be_visible(timeout=2 * SLOWLY)
    page.get_by_role("button", name="Duyệt").click()
    expect(page.locator(".head .state")).to_have_text("Đã duyệt", timeout=SLOWLY)


def schedule_soon(page: Page, stage: Stage) -> datetime:
    """Schedule it once, on the whole minute after next 15 seconds; return that instant."""
    page.reload()
    page.get_by_role("link", name="Đặt lịch phát").click()
    page.get_by_label("Lặp lại").select_option(label="Một lần")
    start = (scene.now() + LEAD + timedelta(minutes=1)).replace(second=0, microsecond=0)
    local = start.astimezone(stage.zone)
    page.get_by_label("Từ ngày").fill(f"{local:%Y-%m-%d}")
    page.get_by_label("Giờ phát").fill(f"{local:%H:%M}")
    preview = page.locator("#poll-preview")
    expect(preview).to_contain_text(f"{local:%H:%M}", timeout=SLOWLY)
    expect(preview).to_contain_text("Sẽ phát trên 1 ngõ ra")
    page.get_by_role("button", name="Lưu lịch phát").click()
    expect(title(page)).to_have_text(TITLE, timeout=SLOWLY)
    expect(page.get_by_text(f"Một lần, {local:%H:%M}").first).to_be_visible()
    return start


def see_it_play(page: Page) -> None:
    """Look at Today, which refreshes itself, from before the minute until it has played."""
    page.get_by_role("link", name="Hôm nay").first.click()
    lane = page.locator(".output").filter(has_text="Cụm loa Thôn Đông")
    expect(lane.locator(".now-next")).to_contain_text(TITLE, timeout=SLOWLY)
    playing = re.compile(rf"Bây giờ:.*{TITLE}\s+▶ Đang phát", re.DOTALL)
    expect(lane.locator(".now-next")).to_contain_text(playing, timeout=UNTIL_THE_MINUTE)
    past = lane.locator("details li").filter(has_text=TITLE)
    expect(past).to_contain_text("✔ Đã phát", timeout=2 * SLOWLY)


def see_its_receipts(page: Page, day: date) -> None:
    """Look into the logbook of the day it played: by now midnight may have passed."""
    page.get_by_role("link", name="Nhật ký phát").click()
    page.get_by_label("Ngày", exact=True).fill(day.isoformat())
    page.get_by_role("button", name="Lọc").click()
    page.get_by_role("link", name=TITLE).click()
    expect(page.locator(".head .state")).to_have_text("✔ Đã phát")
    receipts = page.locator("section").filter(has_text="Biên nhận do thiết bị ký")
    expect(receipts.locator("li")).to_contain_text(["Bắt đầu phát", "Phát xong"])


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)
