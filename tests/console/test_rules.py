"""Editing a schedule rule on its page loses nothing that the form has no field for."""

import html
import re
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from controller.programmes.models import ScheduleRule
from controller.programmes.schedule import facts_of
from tests.console.conftest import Console, signed_in
from tests.console.test_pages import plain
from tests.console.test_signing_in import token

URL = "/schedule/r-afternoon"
OVER_THE_API: dict[str, Any] = {
    "exdates": ["2026-11-06", "2026-11-09T17:00:00"],
    "rdates": ["2026-11-08T09:15:00"],
    "valid_from": date(2026, 11, 3),
}


@pytest.mark.parametrize(
    "set_over_the_api",
    [
        OVER_THE_API,
        {"zone": "Asia/Tokyo"},
        {"rrule": "FREQ=WEEKLY;BYDAY=SU", "lunar": "days=1,15"},
        {"rrule": "FREQ=MONTHLY;BYDAY=5MO"},
        {"duration_ms": 1_234_567},
        {"target_areas": [], "target_clusters": ["c-market"]},
    ],
    ids="+".join,
)
def test_what_was_set_over_the_api_stays_when_the_page_is_saved(
    console: Console, set_over_the_api: dict[str, Any]
) -> None:
    client = signed_in(console, "an")
    before = set_up(console, **set_over_the_api)

    answer = client.post(URL, data=filled(client) | {"start": "17:45"})

    assert answer.status_code == 303
    assert stored(console) == before | {"dtstart": before["dtstart"].replace("17:00", "17:45")}


def test_the_page_tells_in_words_what_saving_keeps(console: Console) -> None:
    client = signed_in(console, "an")
    set_up(console, **OVER_THE_API)

    text = plain(client.get(URL).text)

    assert "Không phát vào Thứ Sáu, 06/11/2026; 17:00, Thứ Hai 09/11/2026" in text
    assert "Phát thêm vào 09:15, Chủ Nhật 08/11/2026" in text
    assert "Không phát trước Thứ Ba, 03/11/2026" in text


def test_the_preview_of_a_change_knows_what_stays(console: Console) -> None:
    client = signed_in(console, "an")
    set_up(console, **OVER_THE_API)

    text = plain(client.post("/schedule/preview", data=filled(client)).text)

    assert "09:15, Chủ Nhật 08/11/2026" in text
    assert "06/11/2026" not in text
    assert "09/11/2026" not in text


def test_who_may_not_change_a_rule_is_offered_no_form(console: Console) -> None:
    text = plain(signed_in(console, "tech").get(URL).text)

    assert "Mười lần phát sắp tới 17:00, Thứ Hai 02/11/2026" in text
    assert not re.search("Lưu lịch phát|Tạm dừng|Xóa lịch|Dời hoặc hủy", text)


def set_up(console: Console, **facts: Any) -> dict[str, Any]:
    """Change the stored rule as the API could, and return what it says."""
    with console.sessions.begin() as session:
        row = session.get_one(ScheduleRule, "r-afternoon")
        for name, value in facts.items():
            setattr(row, name, value)
    return stored(console)


def stored(console: Console) -> dict[str, Any]:
    with console.sessions() as session:
        return facts_of(session.get_one(ScheduleRule, "r-afternoon"))


def filled(client: FlaskClient) -> dict[str, Any]:
    """Return the form of the rule as a browser would send it back unchanged."""
    page = client.get(URL).text
    form = page[page.index('id="rule"') :]
    values: dict[str, Any] = {"csrf_token": token(client, "/")}
    for tag in re.findall(r"<input[^>]*>", form):
        facts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_sent = facts["type"] != "checkbox" or re.search(r"\schecked\b", tag)
        if is_sent and facts["name"] != "csrf_token":
            values.setdefault(facts["name"], []).append(html.unescape(facts["value"]))
    for name, options in re.findall(r'(?s)<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form):
        found = re.findall(r'<option value="([^"]*)"([^>]*)>', options)
        chosen = [value for value, rest in found if "selected" in rest]
        values[name] = chosen or [found[0][0]]
    return values
