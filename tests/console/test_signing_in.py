"""Who may see pages at all, and what a session is worth (R47)."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.people.models import Person
from tests.console.conftest import Console, csrf, signed_in
from tests.console.seed import PASSWORD


def test_without_signing_in_every_page_leads_to_the_sign_in(console: Console) -> None:
    client = console.app.test_client()

    answer = client.get("/programmes?page=2")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fprogrammes%3Fpage%3D2"


def test_a_part_of_a_page_sends_the_browser_to_the_sign_in(console: Console) -> None:
    client = console.app.test_client()

    answer = client.get("/today/board", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_the_right_password_opens_today(console: Console) -> None:
    client = signed_in(console, "an")

    answer = client.get("/")

    assert answer.status_code == 200
    assert "Hôm nay" in answer.text


def test_a_wrong_password_is_told_in_the_form_and_keeps_what_was_typed(console: Console) -> None:
    client = console.app.test_client()
    form = {"login": "an", "password": "sai", "csrf_token": csrf(client)}

    answer = client.post("/sign-in", data=form, headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.text.strip() == "<p>▲ Sai tên đăng nhập hoặc mật khẩu</p>"


def test_guessing_is_slowed_down(console: Console) -> None:
    client = console.app.test_client()
    form = {"login": "an", "password": "sai", "csrf_token": csrf(client)}

    answers = [client.post("/sign-in", data=form).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]


@pytest.mark.parametrize("url", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(console: Console, url: str) -> None:
    client = console.app.test_client()
    form = {"login": "an", "password": PASSWORD, "csrf_token": csrf(client), "next": url}

    answer = client.post("/sign-in", data=form)

    assert answer.headers["Location"] == "/"


def test_a_form_without_its_token_changes_nothing(console: Console) -> None:
    client = signed_in(console, "an")

    answer = client.post("/programmes/new", data={"title": "Giả", "area_id": "vn-31-an-binh"})

    assert answer.status_code == 400
    assert "Giả" not in client.get("/programmes").text


def test_nobody_fills_the_disk_without_signing_in(console: Console) -> None:
    client = console.app.test_client()
    form = {"login": "an", "password": "x" * 2_000_000, "csrf_token": csrf(client)}

    answers = [client.post(url, data=form).status_code for url in ("/sign-in", "/library/upload")]

    assert answers == [413, 303]


def test_the_cookie_is_closed_to_scripts_and_bound_to_the_host_behind_tls(console: Console) -> None:
    client = console.app.test_client()
    form = {"login": "an", "password": PASSWORD, "csrf_token": csrf(client)}
    plain = client.post("/sign-in", data=form).headers.getlist("Set-Cookie")
    behind = {"X-Forwarded-Proto": "https", "Referer": "https://localhost/sign-in"}

    secure = client.post("/sign-in", data=form, headers=behind).headers.getlist("Set-Cookie")

    assert re.search(r"^tt=.*HttpOnly; Path=/; SameSite=Lax$", plain[0])
    assert re.search(r"^__Host-tt=.*Secure; HttpOnly; Path=/; SameSite=Lax$", secure[0])


def test_a_session_ends_after_two_idle_hours_but_lives_while_it_is_used(console: Console) -> None:
    client = signed_in(console, "an")
    for _ in range(3):
        console.clock.forward(timedelta(minutes=90))
        assert client.get("/").status_code == 200

    console.clock.forward(timedelta(hours=2, minutes=1))

    assert client.get("/").status_code == 303


def test_a_page_that_refreshes_itself_keeps_no_session_alive(console: Console) -> None:
    client = signed_in(console, "an")
    polled = {"HX-Request": "true", "HX-Trigger": "poll-board"}
    for _ in range(5):
        console.clock.forward(timedelta(minutes=30))
        last = client.get("/today/board", headers=polled)

    assert last.status_code == 401


def test_signing_out_ends_the_session_on_the_server(console: Console) -> None:
    client = signed_in(console, "an")
    cookie = client.get_cookie("tt")
    assert cookie is not None
    client.post("/sign-out", data={"csrf_token": token(client, "/")})
    client.set_cookie("tt", cookie.value)

    answer = client.get("/")

    assert answer.status_code == 303


def test_a_first_password_opens_nothing_but_the_page_that_changes_it(console: Console) -> None:
    with console.sessions.begin() as session:
        person = session.scalars(select(Person).where(Person.login == "an")).one()
        person.must_change_password = True
    client = signed_in(console, "an")
    assert client.get("/library").headers["Location"] == "/me/password"
    form = {"old": PASSWORD, "new": "một mật khẩu thật dài và lạ"}
    form["csrf_token"] = token(client, "/me/password")

    answer = client.post("/me/password", data=form)

    assert answer.headers["Location"] == "/"
    assert client.get("/library").status_code == 200


def test_the_language_stays_with_the_account(console: Console) -> None:
    client = signed_in(console, "an")

    client.post("/language", data={"language": "en", "csrf_token": token(client, "/")})

    assert '<html lang="en">' in client.get("/").text
    assert "On the loudspeakers" in signed_in(console, "an").get("/").text


def test_nothing_from_elsewhere_and_no_inline_script_is_allowed(console: Console) -> None:
    client = console.app.test_client()

    policy = client.get("/sign-in").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def token(client: FlaskClient, url: str) -> str:
    """Return the token of the forms of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(url).text)
    assert found
    return found[1]
