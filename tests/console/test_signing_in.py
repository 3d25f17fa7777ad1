"""Who may see pages at all."""

import re

from flask.testing import FlaskClient

from tests.console.conftest import PASSWORD, Console


def csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert found
    return found[1]


def test_without_signing_in_every_page_leads_to_the_sign_in(console: Console) -> None:
    client = console.app.test_client()

    answer = client.get("/programmes?page=2")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fprogrammes%3Fpage%3D2"


def test_the_right_password_opens_today(console: Console) -> None:
    client = console.app.test_client()
    form = {"login": "an", "password": PASSWORD, "csrf_token": csrf(client)}

    answer = client.post("/sign-in", data=form, follow_redirects=True)

    assert answer.status_code == 200
    assert "Hôm nay" in answer.text
