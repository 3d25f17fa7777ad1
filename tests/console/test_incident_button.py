"""The button of an incident: on Today and on the station's page, for those who may."""

import pytest
from sqlalchemy import select

from controller.health.models import Incident
from tests.console.conftest import Console, signed_in
from tests.console.test_signing_in import token

PLACES = ("/", "/today/board", "/stations/s-an-binh", "/stations/s-an-binh/state")
FORM = 'action="/incidents/1/close"'
CAST = {"an": True, "tech": True, "chief": True, "binh": False}


@pytest.mark.parametrize("place", PLACES)
def test_the_button_stands_where_the_incident_is_shown_for_those_who_may(
    console: Console, place: str
) -> None:
    shown = {login: FORM in signed_in(console, login).get(place).text for login in CAST}

    assert shown == CAST


@pytest.mark.parametrize(("station", "back"), [("", "/"), ("s-an-binh", "/stations/s-an-binh")])
def test_one_press_settles_it_and_leads_back(console: Console, station: str, back: str) -> None:
    client = signed_in(console, "an")
    form = {"csrf_token": token(client, "/"), "station": station}

    answer = client.post("/incidents/1/close", data=form, headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == back
    assert "Đã xử lý xong sự cố" in client.get(back).text
    assert not any(FORM in client.get(place).text for place in PLACES)
    with console.sessions() as session:
        assert session.scalars(select(Incident)).one().facts["closed_by"] == "an"


@pytest.mark.parametrize(("login", "status"), [("tan", 404), ("lap", 404), ("binh", 403)])
def test_who_may_not_settle_it_is_told_so(console: Console, login: str, status: int) -> None:
    client = signed_in(console, login)

    answer = client.post("/incidents/1/close", data={"csrf_token": token(client, "/")})

    assert answer.status_code == status
    with console.sessions() as session:
        assert session.scalars(select(Incident.closed_at)).one() is None


def test_a_press_without_the_form_settles_nothing(console: Console) -> None:
    client = signed_in(console, "an")

    assert client.post("/incidents/1/close").status_code == 400


def test_a_refused_rule_stands_on_today_with_its_programme(console: Console) -> None:
    with console.sessions.begin() as session:
        incident = session.scalars(select(Incident)).one()
        incident.kind, incident.device_id, incident.subject = "rule_refused", None, "r-afternoon"
        incident.facts = {"programme": "p-news", "why": "no such day"}
    text = signed_in(console, "an").get("/").text

    assert 'href="/schedule/r-afternoon"' in text
    assert FORM in text
    assert "Lịch phát không còn hợp lệ" not in signed_in(console, "tan").get("/").text
