"""The second factor over the JSON API, with a password or a code where a token is not enough."""

from datetime import datetime

import pyotp
import pytest
from sqlalchemy import select

from controller.db import Sessions
from controller.people.models import Person
from controller.people.passwords import hash_password
from tests.controller.api.world import World

PASSWORD = "một buổi sáng ở An Bình"


@pytest.fixture
def totp(world: World, web_sessions: Sessions, now: datetime) -> pyotp.TOTP:
    """What the app of `an` knows once everything is on."""
    with web_sessions.begin() as session:
        an = session.scalars(select(Person).where(Person.login == "an")).one()
        an.password_hash = hash_password(PASSWORD)
    begun = world.call("an", "POST", "/me/second-factor", json={"password": PASSWORD})
    made = pyotp.TOTP(begun.get_json()["secret"])
    confirmed = world.call(
        "an", "POST", "/me/second-factor/confirm", json={"code": made.at(now, counter_offset=-1)}
    )
    assert (begun.status_code, confirmed.status_code) == (201, 200)
    assert len(confirmed.get_json()["recovery_codes"]) == 10
    return made


def test_a_token_alone_sets_nothing_up(world: World) -> None:
    answer = world.call("an", "POST", "/me/second-factor", json={"password": "sai"})

    assert answer.status_code == 422
    assert world.call("an", "GET", "/me/second-factor").get_json()["is_on"] is False


def test_its_state_is_told_without_anything_secret(world: World, totp: pyotp.TOTP) -> None:
    answer = world.call("an", "GET", "/me/second-factor").get_json()

    assert (answer["is_on"], answer["codes_left"]) == (True, 10)
    assert totp.secret not in str(answer)


def test_recovery_codes_are_renewed_and_it_is_removed_with_codes(
    world: World, totp: pyotp.TOTP, now: datetime
) -> None:
    renewed = world.call("an", "POST", "/me/second-factor/codes", json={"code": totp.at(now)})
    recovery = renewed.get_json()["recovery_codes"][0]
    wrong = world.call("an", "POST", "/me/second-factor/remove", json={"code": totp.at(now)})
    removed = world.call("an", "POST", "/me/second-factor/remove", json={"code": recovery})

    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "second_factor_wrong")
    assert removed.status_code == 204
    assert world.call("an", "GET", "/me").status_code == 401


def test_an_administrator_removes_it_and_the_persons_tokens_end(
    world: World, totp: pyotp.TOTP
) -> None:
    assert totp
    refused = world.call("lap", "DELETE", f"/people/{world.cast.an.person_id}/second-factor")
    removed = world.call("chief", "DELETE", f"/people/{world.cast.an.person_id}/second-factor")

    assert (refused.status_code, removed.status_code) == (403, 204)
    assert world.call("an", "GET", "/me").status_code == 401
